//! What a host still knows of a job, and the one verdict that follows from it. Pure: asks nobody.

use std::ops::Range;

use super::ending::{Ending, Finished};

/// What a host says of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The machine that answered.
    pub machine: Option<String>,
    /// The boot it is in.
    pub boot: Option<String>,
    /// Whether the base directory that the intent names is there.
    pub base: bool,
    /// Whether the job's directory is there.
    pub claimed: bool,
    /// Whether the job is marked as void.
    pub void: bool,
    /// Whether somebody took its fence: its runner, or whoever voided it.
    pub fence: bool,
    /// What its runner wrote before it took the fence.
    pub runner: Option<Runner>,
    /// Whether the runner lives.
    pub alive: bool,
    /// Its processes that live although its runner does not.
    pub left: Vec<u32>,
    /// Whether its deadline passed and it was left running for a person to decide.
    pub late: bool,
    /// What of its standard output its host has freed, since it grew over the cap: from here to there.
    pub stdout_dropped: Range<u64>,
    /// The same of its standard error.
    pub stderr_dropped: Range<u64>,
    /// How it ended.
    pub exit: Option<Finished>,
}

/// What a runner writes about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// Its process, which is also its session.
    pub pid: u32,
    /// The boot it was started in.
    pub boot: Option<String>,
    /// The machine it was started on.
    pub machine: Option<String>,
}

/// What the intent of a job said of its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The machine.
    pub machine: Option<String>,
    /// The boot it was in.
    pub boot: Option<String>,
    /// Whether the base is kept in memory, so that a reboot empties it.
    pub in_memory: bool,
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It did not start, but a late bootstrap may still come: void it before anything else is sent.
    NotStarted,
    /// It can never run.
    Voided,
    /// It ended.
    Ended(Finished),
    /// It runs and can be followed.
    Running {
        /// Whether its deadline has passed.
        late: bool,
    },
    /// It may or may not have run.
    Unknown(Doubt),
}

/// Why nobody knows what became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// Another machine answers than the one it was sent to.
    OtherMachine,
    /// The directory of all jobs is gone.
    BaseGone,
    /// The host was rebooted while it ran.
    Rebooted,
    /// Its runner is dead, these processes of it live: wait for them, or stop them.
    Orphan(Vec<u32>),
    /// All of it is dead, and nobody wrote how it ended.
    Killed,
}

impl JobState {
    /// The verdict.
    #[must_use]
    pub fn of(evidence: &Evidence, expected: &Expected) -> Self {
        let Evidence { machine, boot, runner, .. } = evidence;
        if differ(machine.as_ref(), expected.machine.as_ref())
            || runner
                .as_ref()
                .is_some_and(|runner| differ(machine.as_ref(), runner.machine.as_ref()))
        {
            return Self::Unknown(Doubt::OtherMachine);
        }
        if !evidence.base || (expected.in_memory && differ(boot.as_ref(), expected.boot.as_ref())) {
            return Self::Unknown(Doubt::BaseGone);
        }
        if let Some(finished) = &evidence.exit {
            return Self::Ended(finished.clone());
        }
        if evidence.void {
            return Self::Voided;
        }
        if !evidence.fence {
            return Self::NotStarted;
        }
        match runner {
            // Its record is written before the fence is taken, so whoever took it was another.
            None => Self::Voided,
            Some(runner) if differ(boot.as_ref(), runner.boot.as_ref()) => {
                Self::Unknown(Doubt::Rebooted)
            }
            Some(_) if evidence.alive => Self::Running { late: evidence.late },
            Some(_) if evidence.left.is_empty() => Self::Unknown(Doubt::Killed),
            Some(_) => Self::Unknown(Doubt::Orphan(evidence.left.clone())),
        }
    }
}

/// Whether both are known and not the same.
fn differ(one: Option<&String>, other: Option<&String>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

impl Evidence {
    /// Reads what `inspect.sh` prints; lines it does not know are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut evidence = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "machine" => evidence.machine = known(rest),
                "boot" => evidence.boot = known(rest),
                "base" => evidence.base = rest == "there",
                "claimed" => evidence.claimed = true,
                "void" => evidence.void = true,
                "fence" => evidence.fence = true,
                "late" => evidence.late = true,
                "alive" => evidence.alive = true,
                "left" => evidence.left.extend(rest.parse::<u32>()),
                "runner" => evidence.runner = parse_runner(rest),
                "exit" => evidence.exit = parse_exit(rest),
                "dropped" => match rest.split_once(' ') {
                    Some(("out", range)) => evidence.stdout_dropped = parse_range(range),
                    Some(("err", range)) => evidence.stderr_dropped = parse_range(range),
                    _ => {}
                },
                _ => {}
            }
        }
        evidence
    }
}

/// A fact that the host has; `-` stands for one that it does not.
pub(super) fn known(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text != "-").then(|| text.to_owned())
}

fn parse_runner(text: &str) -> Option<Runner> {
    let mut words = text.split(' ');
    let pid = words.next()?.parse().ok()?;
    let _start = words.next()?;
    Some(Runner { pid, boot: known(words.next()?), machine: known(words.next()?) })
}

fn parse_range(text: &str) -> Range<u64> {
    let ends = text.split_once(' ').map(|(from, to)| (from.parse(), to.parse()));
    match ends {
        Some((Ok(from), Ok(to))) => from..to,
        _ => 0..0,
    }
}

fn parse_exit(text: &str) -> Option<Finished> {
    let mut words = text.split_whitespace();
    let word = words.next()?;
    let status = words.next()?.parse().ok()?;
    let ending = match word {
        "exited" => Ending::of_status(status),
        "timed_out" => Ending::TimedOut,
        "cancelled" => Ending::Cancelled,
        "directory" | "scratch" => Ending::NotStarted,
        _ => return None,
    };
    Some(Finished {
        ending,
        stdout_bytes: words.next()?.parse().ok()?,
        stderr_bytes: words.next()?.parse().ok()?,
        dropped_bytes: 0,
        left_behind: words.next()? != "0",
        not_killed: words.filter_map(|pid| pid.parse().ok()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "machine m1\nboot b1\n";
    const STARTED: &str = "base there\nclaimed yes\nfence yes\nrunner 7 123 b1 m1\n";

    fn verdict(text: &str) -> JobState {
        let expected = Expected {
            machine: Some("m1".into()),
            boot: Some("b1".into()),
            in_memory: text.contains("tmpfs"),
        };
        JobState::of(&Evidence::parse(text), &expected)
    }

    #[test]
    fn every_row_of_the_table_has_its_verdict() {
        let unknown = |doubt| JobState::Unknown(doubt);
        let cases = [
            (format!("{HOST}base there\n"), JobState::NotStarted),
            (format!("{HOST}base there\nclaimed yes\n"), JobState::NotStarted),
            (format!("{HOST}base there\nclaimed yes\nfence yes\n"), JobState::Voided),
            (format!("{HOST}base there\nclaimed yes\nvoid yes\n"), JobState::Voided),
            (format!("{HOST}base gone\n"), unknown(Doubt::BaseGone)),
            ("machine m1\nboot b2\nbase there\ntmpfs\n".into(), unknown(Doubt::BaseGone)),
            (format!("{HOST}{STARTED}alive yes\n"), JobState::Running { late: false }),
            (format!("{HOST}{STARTED}late yes\nalive yes\n"), JobState::Running { late: true }),
            (format!("machine m1\nboot b2\n{STARTED}"), unknown(Doubt::Rebooted)),
            (format!("machine m2\nboot b1\n{STARTED}"), unknown(Doubt::OtherMachine)),
            (format!("{HOST}{STARTED}left 8\nleft 9\n"), unknown(Doubt::Orphan(vec![8, 9]))),
            (format!("{HOST}{STARTED}"), unknown(Doubt::Killed)),
        ];
        for (text, expected) in cases {
            assert_eq!(verdict(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_was_dropped_is_known() {
        let evidence = Evidence::parse("dropped out 10 40\ndropped err x\n");
        assert_eq!((evidence.stdout_dropped, evidence.stderr_dropped), (10..40, 0..0));
    }

    #[test]
    fn an_exit_counts_even_after_a_reboot() {
        let text = format!("machine m1\nboot b2\n{STARTED}exit exited 3 10 0 1        \n");
        let finished = Finished {
            ending: Ending::Exited(3),
            stdout_bytes: 10,
            stderr_bytes: 0,
            dropped_bytes: 0,
            left_behind: true,
            not_killed: Vec::new(),
        };
        assert_eq!(verdict(&text), JobState::Ended(finished.clone()));
        let text = format!("{HOST}{STARTED}exit timed_out 137 10 0 1 41 42   \n");
        let finished = Finished { ending: Ending::TimedOut, not_killed: vec![41, 42], ..finished };
        assert_eq!(verdict(&text), JobState::Ended(finished));
        let torn = format!("{HOST}{STARTED}exit exited 3\n");
        assert_eq!(verdict(&torn), JobState::Unknown(Doubt::Killed));
    }
}
