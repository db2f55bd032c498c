//! Directories where something may be kept: which would be taken, and why a better one is refused.
//! The same questions are asked here as are when it is taken, but nothing is made. Pure.

use super::facts::Facts;

/// What the engine writes to a place before it takes it.
const NEEDED_KIB: u64 = 64;

/// A place as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// Whether it is a directory, is not there, or is something else.
    state: &'a str,
    mode: &'a str,
    owner: &'a str,
    writable: bool,
    free_kib: Option<u64>,
    /// The sort of its file system.
    kind: &'a str,
    /// Where it is.
    pub(super) path: &'a str,
}

impl<'a> Place<'a> {
    /// The places of this key, in order.
    pub(super) fn all(facts: &'a Facts, key: &str) -> Vec<Self> {
        facts.all("place").filter_map(|words| Self::parse(words, key)).collect()
    }

    fn parse(words: &'a str, wanted: &str) -> Option<Self> {
        let mut words = words.splitn(8, ' ');
        let mut next = || words.next();
        if next()? != wanted {
            return None;
        }
        let (state, mode, owner) = (next()?, next()?, next()?);
        let (writable, free_kib, kind, path) = (next()? == "yes", next()?, next()?, next()?);
        Some(Self { state, mode, owner, writable, free_kib: free_kib.parse().ok(), kind, path })
    }

    /// Why it is refused for this user; none when it can be taken. Where everybody may write it must
    /// be provably ours.
    pub(super) fn refusal(&self, uid: &str) -> Option<String> {
        let shared = ["/var/tmp/", "/dev/shm/"].iter().any(|above| self.path.starts_with(above));
        let there = self.state == "there";
        let why = match self.state {
            "other" => "is no directory".to_owned(),
            _ if there && self.owner != uid => "belongs to somebody else".to_owned(),
            _ if there && shared && !self.is_private() => "is open to others".to_owned(),
            _ if !self.writable && there => "cannot be written".to_owned(),
            _ if !self.writable => "cannot be made".to_owned(),
            _ => match self.free_kib {
                Some(free) if free < NEEDED_KIB => format!("has {free} KiB left"),
                _ => return None,
            },
        };
        Some(why)
    }

    /// Whether only its owner may enter it; one that is not there would be made so.
    pub(super) fn is_private(&self) -> bool {
        self.state != "there" || self.mode.starts_with("drwx------")
    }

    /// Whether a reboot empties it.
    pub(super) fn is_in_memory(&self) -> bool {
        self.kind == "tmpfs"
    }

    /// Its path, and whether it would be made.
    pub(super) fn shown(&self) -> String {
        let made = if self.state == "there" { "" } else { " (made when it is needed)" };
        format!("{}{made}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(words: &str) -> Option<String> {
        let facts = Facts::parse(&format!("place job {words}\n"));
        Place::all(&facts, "job").first().expect("it is a place").refusal("1000")
    }

    #[test]
    fn a_place_is_refused_for_what_the_engine_refuses_it_for() {
        let state = "/h/.local/state/runbook";
        assert_eq!(refusal(&format!("there drwx------ 1000 yes 900 ext2/ext3 {state}")), None);
        assert_eq!(refusal(&format!("absent - - yes 900 ext2/ext3 {state}")), None);
        // at home it is made private, so that this is no reason
        assert_eq!(refusal(&format!("there drwxr-xr-x 1000 yes 900 ext2/ext3 {state}")), None);
        for (words, why) in [
            (format!("other - - yes 900 xfs {state}"), "is no directory"),
            (format!("absent - - no 900 xfs {state}"), "cannot be made"),
            (format!("there drwx------ 1000 no 900 xfs {state}"), "cannot be written"),
            (format!("there drwx------ 1000 yes 12 xfs {state}"), "has 12 KiB left"),
            (
                "there drwx------ 0 yes 900 xfs /var/tmp/runbook-1000".into(),
                "belongs to somebody else",
            ),
            ("there drwxr-xr-x 1000 yes 9 tmpfs /dev/shm/runbook-1000".into(), "is open to others"),
        ] {
            assert_eq!(refusal(&words).as_deref(), Some(why), "{words}");
        }
    }

    #[test]
    fn a_path_may_have_blanks_and_a_line_that_is_cut_is_none() {
        let facts = Facts::parse("place job absent - - yes 9 xfs /a b/c\nplace job there drwx\n");
        let places = Place::all(&facts, "job");
        assert_eq!(places.len(), 1);
        assert_eq!(places[0].shown(), "/a b/c (made when it is needed)");
        assert!(Place::all(&facts, "state").is_empty());
    }
}
