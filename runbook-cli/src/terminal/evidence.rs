//! What a person may look at before they approve: the outputs that were kept as evidence, and those
//! of what proves that the destroy is safe. Must not know what they decide.

use std::path::Path;

use runbook_core::base::SafeText;
use runbook_core::run::{AttemptId, Card};
use runbook_core::runbook::{Proof, Runbook, Step};

use super::full_output;
use super::layout::{WIDTH, field, wrap};
use super::progress::Progress;
use super::theme::{FAINT, GOOD, STRONG, paint};

/// How many of the last lines of one output are shown.
const LINES_SHOWN: usize = 40;

/// Where outputs are, and how all of one is seen.
pub(crate) struct Kept<'a> {
    /// The directory; none where outputs are not kept.
    pub(crate) outputs: Option<&'a Path>,
    /// The run.
    pub(crate) run: &'a str,
}

/// Draws it, in the order of the runbook.
pub(crate) fn draw(card: &Card, runbook: &Runbook, progress: &Progress, kept: &Kept<'_>) -> String {
    let proving =
        runbook.step(&card.step).map(|step| step.card.proof.as_slice()).unwrap_or_default();
    let mut screen = String::new();
    for step in &runbook.steps {
        let proves = proving.iter().any(|proof| matches!(proof, Proof::Step(id) if *id == step.id));
        if let Some(role) = role(step, proves) {
            screen += &one(step, &role, progress, kept);
        }
    }
    if screen.is_empty() {
        screen += "\n No output was kept as evidence.\n";
    } else {
        let all = format!("all of it: runbook logs {}", kept.run);
        screen += &format!("\n {}\n", paint(FAINT, all));
    }
    if !card.proof.is_empty() {
        screen += &format!("\n {}\n", paint(STRONG, "Proof"));
    }
    for proof in &card.proof {
        screen += &field(&format!("  {}", paint(GOOD, "✓")), 4, SafeText::line(proof).as_str());
    }
    screen
}

/// Why a step is shown; none when it is not.
fn role(step: &Step, proves: bool) -> Option<String> {
    match (&step.keep, proves) {
        (Some(word), true) => Some(format!("kept as {word}, and proof")),
        (Some(word), false) => Some(format!("kept as {word}")),
        (None, true) => Some("proof".to_owned()),
        (None, false) => None,
    }
}

fn one(step: &Step, role: &str, progress: &Progress, kept: &Kept<'_>) -> String {
    let state = progress.steps.get(&step.id);
    let Some((status, why)) = state.and_then(|state| state.ended.as_ref()) else {
        return String::new();
    };
    let mut screen = format!("\n {}  {}\n", paint(STRONG, &step.id), SafeText::line(role));
    let why = why.as_ref().map_or_else(String::new, |why| format!(": {}", SafeText::line(why)));
    for line in wrap(&format!("{}{why}", status.word()), WIDTH - 4) {
        screen += &format!("   {line}\n");
    }
    let hosts = state.into_iter().flat_map(|state| state.hosts.values());
    let attempts: Vec<AttemptId> = hosts.filter_map(|host| host.attempt.clone()).collect();
    if attempts.is_empty() {
        return screen;
    }
    screen + &full_output::ends(kept.outputs, &attempts, LINES_SHOWN)
}

#[cfg(test)]
mod tests {
    use runbook_core::base::{Source, StepId};
    use runbook_core::document::RunbookDocument;
    use runbook_core::journal::Outputs;
    use runbook_core::run::{Event, Part, StepStatus};

    use super::super::samples::{self, exited, host, intended, plain, record};
    use super::*;

    const TEXT: &str = r#"
format = 1
title = "Swap"
[[step]]
id = "logs"
on = "local"
read = "journalctl"
keep = "before"
[[step]]
id = "dump"
on = "local"
change = "pg_dump"
no_undo = "a file"
verify = { read = "true" }
[[step]]
id = "later"
on = "local"
needs = ["dump"]
read = "true"
keep = "after"
[[step]]
id = "swap"
on = "local"
needs = ["logs", "dump"]
destroy = "mv"
affects = "all"
no_undo = "none"
proof = ["dump", { read = "test -s x", title = "fresh" }]
"#;

    fn runbook() -> Runbook {
        let parsed = RunbookDocument::parse(Source::new("swap.toml", TEXT));
        Runbook::validate(&parsed, "swap").0.unwrap()
    }

    fn attempt(step: &StepId) -> AttemptId {
        AttemptId { step: step.clone(), ..samples::attempt("app1", Part::Main) }
    }

    fn done(progress: &mut Progress, step: &str) -> AttemptId {
        let step: StepId = step.parse().unwrap();
        let facts = [
            Event::Selected { step: step.clone(), hosts: vec![host("app1")] },
            intended(attempt(&step), "x"),
            exited(attempt(&step), 0),
            Event::StepEnded { step: step.clone(), status: StepStatus::Done, why: None },
        ];
        facts.into_iter().for_each(|fact| progress.observe(&record(1, fact)));
        attempt(&step)
    }

    #[test]
    fn what_was_kept_and_what_proves_is_shown_made_safe_and_short() {
        let home = tempfile::tempdir().unwrap();
        let outputs = Outputs::in_directory(home.path());
        let mut progress = Progress::default();
        let logs = done(&mut progress, "logs");
        let long: String = (1..=50).map(|number| format!("line {number}\u{1b}[2J\n")).collect();
        outputs.begin(&logs, "out").write(long.as_bytes());
        outputs.begin(&done(&mut progress, "dump"), "out").write(b"1.9 GB\n");
        let card = samples::card(&["app1"]);
        let kept = Kept { outputs: Some(home.path()), run: "kx3w9p" };
        let screen = plain(&draw(&card, &runbook(), &progress, &kept));
        assert!(!screen.contains('\u{1b}') && !screen.contains("line 10\n"), "{screen}");
        let middle = (12..=49).map(|number| format!("line {number}[2J\n"));
        let short = middle.fold(screen, |screen, line| screen.replace(&line, ""));
        insta::assert_snapshot!(short);
    }

    #[test]
    fn where_nothing_was_kept_that_is_said() {
        let mut card = samples::card(&["app1"]);
        card.proof.clear();
        let (plan, kept) = (samples::plan(), Kept { outputs: None, run: "kx3w9p" });
        let screen = draw(&card, &plan.runbook, &Progress::default(), &kept);
        assert_eq!(screen, "\n No output was kept as evidence.\n");
    }
}
