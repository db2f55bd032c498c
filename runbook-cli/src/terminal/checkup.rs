//! What `doctor` found: a short line where nothing is to be done, and what to do where something
//! is. Must not know how it was found.

use runbook_core::base::SafeText;
use runbook_core::drive::doctor::{Checkup, Finding, Level};

use super::layout::{count, field};
use super::theme::{BAD, FAINT, GOOD, STRONG, WARN, paint};

/// How wide the column of signs and names is.
const LABEL: usize = 17;

/// Draws all of it.
pub(crate) fn draw(here: &[Finding], hosts: &[Checkup]) -> String {
    let mut screen = group("This machine", here);
    for checkup in hosts {
        screen += &group(checkup.host.as_str(), &checkup.findings);
    }
    let all = || hosts.iter().flat_map(|checkup| &checkup.findings).chain(here);
    screen + &sum(&all().map(|finding| finding.level).collect::<Vec<_>>())
}

fn group(name: &str, findings: &[Finding]) -> String {
    let lines: String = findings.iter().map(one).collect();
    format!(" {}\n{lines}\n", paint(STRONG, name))
}

fn one(finding: &Finding) -> String {
    let sign = match finding.level {
        Level::Fine => paint(GOOD, "✓"),
        Level::Note => paint(WARN, "!"),
        Level::Fix => paint(BAD, "✗"),
    };
    let label = format!("  {sign} {}", finding.about);
    let line = field(&label, LABEL, SafeText::line(&finding.what).as_str());
    let way = finding.way_out.as_ref().map_or_else(String::new, |way| {
        field("", LABEL, &format!("{} {}", paint(FAINT, "→"), SafeText::line(way)))
    });
    line + &way
}

fn sum(levels: &[Level]) -> String {
    let of = |level: Level| levels.iter().filter(|known| **known == level).count();
    let notes = match of(Level::Note) {
        0 => String::new(),
        notes => format!("; {} to know", count(notes, "thing")),
    };
    match of(Level::Fix) {
        0 => format!(" Nothing must be put right{notes}.\n"),
        fixes => format!(" {} must be put right{notes}.\n", count(fixes, "thing")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::WIDTH;
    use super::super::samples::{host, plain};
    use super::*;

    fn finding(about: &'static str, level: Level, what: &str, way: Option<&str>) -> Finding {
        Finding { about, level, what: what.to_owned(), way_out: way.map(str::to_owned) }
    }

    #[test]
    fn what_was_found_and_what_to_do() {
        let here = [
            finding("ssh", Level::Fine, "OpenSSH_9.2p1", None),
            finding(
                "key exchange",
                Level::Note,
                "each connection begins with sntrup761, which costs about 0.2 s of this machine's \
                 processor",
                Some("`KexAlgorithms curve25519-sha256` in your ssh_config"),
            ),
        ];
        let hosts = [
            Checkup {
                host: host("db1"),
                reached: true,
                findings: vec![finding(
                    "login shell",
                    Level::Note,
                    "prints \u{1b}[2J42 bytes",
                    Some("x"),
                )],
            },
            Checkup {
                host: host("db2"),
                reached: false,
                findings: vec![finding(
                    "reached",
                    Level::Fix,
                    "no",
                    Some("`ssh db2` must work first"),
                )],
            },
        ];
        let screen = plain(&draw(&here, &hosts));
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn nothing_to_do_is_said() {
        let screen = draw(&[finding("ssh", Level::Fine, "there", None)], &[]);
        assert!(screen.ends_with(" Nothing must be put right.\n"), "{screen}");
    }
}
