//! What the facts of this machine mean for the runs that are started from it. Pure.

use super::facts::Facts;
use super::finding::Finding;
use super::place::Place;

/// How wide a screen is drawn.
const COLUMNS: u16 = 80;

/// The findings, in the order in which a run would stumble.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![ssh(facts)];
    findings.extend(exchange(facts));
    findings.extend([agent(facts), state(facts), memory(facts)]);
    findings
}

fn ssh(facts: &Facts) -> Finding {
    match facts.first("ssh").and_then(|version| version.split([',', ' ']).next()) {
        Some(version) => Finding::fine("ssh", version),
        None => Finding::fix(
            "ssh",
            "there is no `ssh`: only this machine can be reached",
            "install the client of OpenSSH",
        ),
    }
}

/// The versions whose own choice is a key exchange that is slow to compute.
fn exchange(facts: &Facts) -> Option<Finding> {
    let version = version(facts.first("ssh")?)?;
    let first = facts.first("exchange")?;
    if !((9, 0)..=(9, 8)).contains(&version) || !first.starts_with("sntrup761") {
        return None;
    }
    let what = "each connection begins with sntrup761, which costs about 0.2 s of this machine's \
                processor and protects what is recorded today from later quantum computers";
    let way = "a newer OpenSSH computes it faster; `ControlMaster auto` shares a connection; where \
               that protection is not needed, `KexAlgorithms curve25519-sha256` in your ssh_config";
    Some(Finding::note("key exchange", what, way))
}

/// `OpenSSH_9.2p1 Debian-2` is 9.2.
fn version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.strip_prefix("OpenSSH_")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn agent(facts: &Facts) -> Finding {
    let about = "agent";
    match facts.first("agent").and_then(|keys| keys.parse::<u32>().ok()) {
        Some(0) => Finding::note(about, "it answers and holds no key", "`ssh-add`"),
        Some(1) => Finding::fine(about, "1 key"),
        Some(keys) => Finding::fine(about, format!("{keys} keys")),
        None => Finding::note(
            about,
            "no agent answers: a key with a passphrase is asked for at the terminal, and is of no \
             use without one",
            "`eval \"$(ssh-agent)\"` and `ssh-add`, or a key of its own without a passphrase",
        ),
    }
}

/// Whether a person can be asked, and in how many columns.
pub(super) fn terminal(columns: Option<u16>) -> Finding {
    let about = "terminal";
    match columns {
        Some(columns) if columns < COLUMNS => Finding::note(
            about,
            format!("it has {columns} columns, and screens are drawn in {COLUMNS}"),
            "make the window wider",
        ),
        Some(_) => Finding::fine(about, "a person can be asked"),
        None => Finding::note(
            about,
            "there is none here: nobody can be asked, so nothing is destroyed",
            "run what needs a person in a terminal",
        ),
    }
}

/// Where runs are recorded.
fn state(facts: &Facts) -> Finding {
    let (about, (uid, _)) = ("state", facts.user());
    let places = Place::all(facts, "state");
    let Some(place) = places.first() else {
        return Finding::fix(about, "it cannot be told where runs are kept", "`--state-dir`");
    };
    match place.refusal(uid) {
        Some(why) => Finding::fix(
            about,
            format!("{} {why}; runs that cannot be kept there are kept in memory", place.path),
            "make it yours and writable, or name another with `--state-dir`",
        ),
        None if !place.is_private() => Finding::note(
            about,
            format!("{} can be entered by others; each run in it is closed to them", place.path),
            format!("chmod 700 {}", place.path),
        ),
        None => Finding::fine(about, place.shown()),
    }
}

/// Where runs are recorded when the disk is full.
fn memory(facts: &Facts) -> Finding {
    let (about, (uid, _)) = ("memory", facts.user());
    let places = Place::all(facts, "memory");
    let refusal = places.first().map(|place| (place.path, place.refusal(uid)));
    match refusal {
        Some((path, None)) => Finding::fine(about, format!("{path} when the disk is full")),
        Some((path, Some(why))) => Finding::note(
            about,
            format!("{path} {why}: when the disk is full no run can be begun"),
            format!("remove it, so that it can be made anew: {path}"),
        ),
        None => Finding::note(about, "it cannot be told", "look at /dev/shm"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn told(facts: &str) -> String {
        let line =
            |finding: Finding| format!("{:?} {}: {}\n", finding.level, finding.about, finding.what);
        findings(&Facts::parse(facts)).into_iter().map(line).collect()
    }

    #[test]
    fn a_machine_that_has_everything() {
        let facts = "user 1000 ana\nssh OpenSSH_10.0p2, OpenSSL 3.5\n\
            exchange mlkem768x25519-sha256\nagent 2\n\
            place state there drwx------ 1000 yes 900 xfs /h/state/runbook\n\
            place memory absent - - yes 900 tmpfs /dev/shm/runbook-1000\n";
        insta::assert_snapshot!(told(facts), @r"
        Fine ssh: OpenSSH_10.0p2
        Fine agent: 2 keys
        Fine state: /h/state/runbook
        Fine memory: /dev/shm/runbook-1000 when the disk is full
        ");
    }

    #[test]
    fn a_machine_that_has_little() {
        let facts = "user 1000 ana\n\
            place state there drwx------ 0 yes 900 xfs /h/state/runbook\n\
            place memory there drwxr-xr-x 0 yes 900 tmpfs /dev/shm/runbook-1000\n";
        insta::assert_snapshot!(told(facts), @r"
        Fix ssh: there is no `ssh`: only this machine can be reached
        Note agent: no agent answers: a key with a passphrase is asked for at the terminal, and is of no use without one
        Fix state: /h/state/runbook belongs to somebody else; runs that cannot be kept there are kept in memory
        Note memory: /dev/shm/runbook-1000 belongs to somebody else: when the disk is full no run can be begun
        ");
    }

    #[test]
    fn the_slow_key_exchange_is_told_only_where_it_is_used() {
        let costs = |version: &str, first: &str| {
            exchange(&Facts::parse(&format!("ssh {version}\nexchange {first}\n"))).is_some()
        };
        let slow = "sntrup761x25519-sha512@openssh.com";
        for version in ["OpenSSH_9.0p1", "OpenSSH_9.2p1 Debian-2+deb12u10, x", "OpenSSH_9.8p1"] {
            assert!(costs(version, slow), "{version}");
            assert!(!costs(version, "curve25519-sha256"), "{version}");
        }
        for version in ["OpenSSH_8.9p1", "OpenSSH_9.9p1", "OpenSSH_10.0p2", "Sun_SSH_1.1"] {
            assert!(!costs(version, slow), "{version}");
        }
    }

    #[test]
    fn a_terminal_is_one_that_can_be_read() {
        let level = |columns| terminal(columns).level;
        assert_eq!([Some(80), Some(79), None].map(level), [Level::Fine, Level::Note, Level::Note]);
    }

    #[test]
    fn an_agent_without_keys_and_a_directory_that_is_open() {
        let facts =
            Facts::parse("user 1 ana\nagent 0\nplace state there drwxr-xr-x 1 yes 900 xfs /s\n");
        assert_eq!(agent(&facts).way_out.as_deref(), Some("`ssh-add`"));
        let state = state(&facts);
        assert_eq!((state.level, state.way_out.as_deref()), (Level::Note, Some("chmod 700 /s")));
    }
}
