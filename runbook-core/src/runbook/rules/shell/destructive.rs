//! Text that looks like the loss of something.

use std::sync::LazyLock;

use regex::Regex;

/// Each alternative is one habit of losing something; the list is that of the format's page.
static DESTRUCTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\brm\s+(?:-\S+\s+)*-(?:[a-zA-Z]*[rR][a-zA-Z]*f|[a-zA-Z]*f[a-zA-Z]*[rR]|[rR]\s+-f|f\s+-[rR])[a-zA-Z]*",
        r"|\b(?i:drop)\s+(?i:table|database|schema|index|view|column|user|role|owned|tablespace)\b",
        r"|\b(?i:truncate)\s+(?i:table)\b|\b(?i:delete)\s+(?i:from)\b",
        r"|\bprune\b|\bmkfs(?:\.\w+)?\b|\bdropdb\b|(?:^|\s)--force\b|\bdown\s+(?:-\S+\s+)*(?:-v|--volumes)\b",
        r"|\bwipefs\b|\bshred\b|\bvolume\s+rm\b|\bdd\s+(?:\S+\s+)*of=/dev/\w+",
    ))
    .expect("a fixed pattern")
});

/// One word of each habit: a script without any of them need not be looked at closely.
static FIRST_GLANCE: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"\b(?i:rm|drop|truncate|delete|prune|mkfs|dropdb|down|wipefs|shred|volume|dd)\b";
    Regex::new(&format!("{words}|--force")).expect("a fixed pattern")
});

/// Whether any part of a script could look like the loss of something.
pub(super) fn may_destroy(script: &str) -> bool {
    FIRST_GLANCE.is_match(script)
}

/// What of `text` looks like the loss of something. What is removed under `$runbook_tmp` is the
/// script's own.
pub(in crate::runbook) fn destructive_text(text: &str) -> Option<String> {
    let found = DESTRUCTIVE.find(text)?;
    let own = found.as_str().starts_with("rm") && text.contains("runbook_tmp");
    (!own).then(|| found.as_str().trim().to_owned())
}
