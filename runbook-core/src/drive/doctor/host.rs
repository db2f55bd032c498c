//! What the facts of a host mean for the runs that go there. Pure.

use super::facts::Facts;
use super::finding::Finding;
use super::logind;
use super::place::Place;

/// The findings, in the order in which a run would stumble.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    vec![shell(facts), session(facts), jobs(facts), logind::finding(facts), flock(facts)]
}

/// That `/bin/sh` answers is known by now.
fn shell(facts: &Facts) -> Finding {
    let sh = facts.first("sh").unwrap_or("/bin/sh");
    Finding::fine("shell", sh.rsplit('/').next().unwrap_or(sh))
}

fn session(facts: &Facts) -> Finding {
    match facts.first("session") {
        Some(program) => Finding::fine("changes", format!("with {program}")),
        None => Finding::fix(
            "changes",
            "none of `setsid`, `perl` and `python3` is there: nothing can be changed",
            "install util-linux, or one of the others",
        ),
    }
}

fn flock(facts: &Facts) -> Finding {
    match facts.first("flock") {
        Some(_) => Finding::fine("flock", "is there"),
        None => Finding::note(
            "flock",
            "there is no `flock`: a runbook with a `lock` is refused here",
            "install util-linux",
        ),
    }
}

/// Where a job would be kept.
fn jobs(facts: &Facts) -> Finding {
    let about = "jobs";
    let (uid, _) = facts.user();
    let mut refused = Vec::new();
    for place in Place::all(facts, "job") {
        match place.refusal(uid) {
            Some(why) => refused.push(format!("{} {why}", place.path)),
            None => return taken(about, &place, &refused),
        }
    }
    let why = if refused.is_empty() { "it names no place".to_owned() } else { refused.join("; ") };
    let way = "free some space, or make one of them writable for this user";
    Finding::fix(about, format!("can be kept nowhere: {why}"), way)
}

fn taken(about: &'static str, place: &Place<'_>, refused: &[String]) -> Finding {
    let mut what = format!("kept in {}", place.shown());
    if !refused.is_empty() {
        what += &format!("; {}", refused.join("; "));
    }
    if place.is_in_memory() {
        what += "; it is in memory: what became of a job is not known after a reboot";
    }
    match refused.is_empty() && !place.is_in_memory() {
        true => Finding::fine(about, what),
        false => Finding::note(about, what, "make the first of them writable for this user"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    const GOOD: &str = "user 1000 deploy\nsh /usr/bin/dash\nsession setsid\nflock yes\n\
        place job there drwx------ 1000 yes 900 ext2/ext3 /h/.local/state/runbook\n\
        place job absent - - yes 900 ext2/ext3 /var/tmp/runbook-1000\n";

    fn told(facts: &str) -> String {
        let line = |finding: Finding| {
            let way = finding.way_out.map_or_else(String::new, |way| format!(" -> {way}"));
            format!("{:?} {}: {}{way}\n", finding.level, finding.about, finding.what)
        };
        findings(&Facts::parse(facts)).into_iter().map(line).collect()
    }

    #[test]
    fn a_host_that_has_everything() {
        insta::assert_snapshot!(told(GOOD), @r"
        Fine shell: dash
        Fine changes: with setsid
        Fine jobs: kept in /h/.local/state/runbook
        Fine sessions: a job outlives the session that started it
        Fine flock: is there
        ");
    }

    #[test]
    fn a_host_that_has_little() {
        let poor = "user 1000 deploy\n\
            place job absent - - no 0 ext2/ext3 /h/.local/state/runbook\n\
            place job there drwxr-xr-x 0 yes 900 ext2/ext3 /var/tmp/runbook-1000\n\
            place job absent - - yes 900 tmpfs /dev/shm/runbook-1000\n";
        insta::assert_snapshot!(told(poor), @r"
        Fine shell: sh
        Fix changes: none of `setsid`, `perl` and `python3` is there: nothing can be changed -> install util-linux, or one of the others
        Note jobs: kept in /dev/shm/runbook-1000 (made when it is needed); /h/.local/state/runbook cannot be made; /var/tmp/runbook-1000 belongs to somebody else; it is in memory: what became of a job is not known after a reboot -> make the first of them writable for this user
        Fine sessions: a job outlives the session that started it
        Note flock: there is no `flock`: a runbook with a `lock` is refused here -> install util-linux
        ");
    }

    #[test]
    fn a_host_that_says_nothing_keeps_no_job() {
        let findings = findings(&Facts::parse("welcome\n\u{1b}[2J\n"));
        assert_eq!(findings.iter().filter(|finding| finding.level == Level::Fix).count(), 2);
    }
}
