//! Connections of a real sshd that are killed, under every shell: each job has one effect, its exit
//! code, and its whole output, whenever that happens.

use std::sync::Arc;
use std::time::Duration;

use runbook_core::plan::Command;
use runbook_core::transport::station::{FollowError, JobTerms, Offsets, Voided};
use runbook_core::transport::{
    Collected, Ending, Expected, Finished, JobName, JobState, OutputSink,
};
use runbook_tests::tell;
use tokio::sync::Notify;

use crate::world::{Sshd, attempt_of, job, soon};

/// The shells that stand as `/bin/sh` somewhere. By its own name, bash takes one that sshd started
/// for one that wants the user's settings.
const SHELLS: [&str; 3] = ["/usr/bin/dash", "/usr/bin/bash --norc", "/usr/bin/busybox sh"];
/// How many connections are killed: `RUNBOOK_CONNECTION_KILLS`, or these.
const KILLS: usize = 50;
/// How many lines a job prints on each of its outputs.
const LINES: usize = 20;

/// Does its one effect, prints numbered lines on both outputs, and ends with 7.
fn script(step: &str) -> String {
    format!(
        "echo {step} >>effects; i=0; while [ $i -lt {LINES} ]; do i=$((i + 1)); echo \"out $i\"; \
         echo \"error $i\" >&2; sleep 0.01; done; exit 7"
    )
}

fn lines(word: &str, count: usize) -> String {
    (1..=count).map(|number| format!("{word} {number}\n")).collect()
}

/// Everything that was heard of a job over all its connections.
#[derive(Default)]
struct Heard {
    all: Collected,
    /// At so many lines of standard output somebody is told.
    tell_at: usize,
    there: Arc<Notify>,
}

impl Heard {
    fn offsets(&self) -> Offsets {
        let Collected { stdout, stderr } = &self.all;
        Offsets { stdout: stdout.len() as u64, stderr: stderr.len() as u64 }
    }

    fn lines(&self) -> usize {
        self.all.stdout.split(|byte| *byte == b'\n').count() - 1
    }
}

impl OutputSink for Heard {
    fn stdout(&mut self, bytes: &[u8]) {
        self.all.stdout(bytes);
        if self.lines() >= self.tell_at {
            self.there.notify_one();
        }
    }
    fn stderr(&mut self, bytes: &[u8]) {
        self.all.stderr(bytes);
    }
    fn dropped(&mut self, stdout: u64, stderr: u64) {
        panic!("{stdout} and {stderr} bytes are missing");
    }
}

/// Who is killed: our side of the connection, or the host's.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Master,
    Session,
}

/// When.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after the launch began, from before the upload to after the end.
    Launching(Duration),
    /// When so many lines were heard, the last one included.
    Following(usize),
}

/// One kill, and everything about it, from its number.
fn planned(number: usize) -> (Victim, Moment) {
    let victim = [Victim::Master, Victim::Session][number / 2 % 2];
    let moment = match number % 2 {
        0 => Moment::Launching(Duration::from_micros(700 * (number as u64 / 2 % 40))),
        _ => Moment::Following(1 + number / 2 % LINES),
    };
    (victim, moment)
}

fn kill_connection(sshd: &Sshd, victim: Victim) {
    match victim {
        Victim::Master => sshd.masters().iter().for_each(|master| master.kill()),
        Victim::Session => sshd.kill_sessions(),
    }
}

/// Starts a job while its connection is killed, or not; whether this attempt of it can be followed.
async fn launch(
    sshd: &Sshd,
    sh: &str,
    name: &JobName,
    command: &Command,
    cut: Option<(Victim, Duration)>,
) -> bool {
    let station = sshd.station_with(sh).await;
    let base = station.base(None, None).await.unwrap();
    let terms = JobTerms::default();
    let launched = station.launch(&base, name, command, &terms);
    match cut {
        None => assert!(soon(launched).await.is_ok()),
        Some((victim, after)) => {
            let cutting = async {
                tokio::time::sleep(after).await;
                kill_connection(sshd, victim);
            };
            let _ = tokio::join!(soon(launched), cutting);
        }
    }
    drop(station);
    let station = sshd.station_with(sh).await;
    match station.state(&base, name, &Expected::default()).await.unwrap() {
        JobState::NotStarted => station.void(&base, name).await.unwrap() == Voided::Started,
        JobState::Voided => false,
        JobState::Running { .. } | JobState::Ended(_) => true,
        other => panic!("{name}: {other:?}"),
    }
}

/// Follows a job over a new connection, which is killed when so many lines more were heard, if said:
/// how it ended, unless that was not heard.
async fn follow(
    sshd: &Sshd,
    sh: &str,
    name: &JobName,
    heard: &mut Heard,
    cut: Option<(Victim, usize)>,
) -> Option<Finished> {
    let station = sshd.station_with(sh).await;
    let base = station.base(None, None).await.unwrap();
    let from = heard.offsets();
    heard.tell_at = cut.map_or(usize::MAX, |(_, more)| heard.lines() + more);
    // A word that was given before is not waited for.
    heard.there = Arc::default();
    let there = Arc::clone(&heard.there);
    let following = station.follow(&base, name, from, heard);
    let cutting = async {
        let Some((victim, _)) = cut else { return };
        there.notified().await;
        kill_connection(sshd, victim);
    };
    match tokio::join!(soon(following), cutting).0 {
        Ok(finished) => Some(finished),
        Err(FollowError::Lost(_)) if cut.is_some() => None,
        Err(other) => panic!("{name}: {other:?}"),
    }
}

/// One job and one kill; how many attempts it took.
async fn survive(sshd: &Sshd, sh: &str, number: usize) -> u32 {
    let step = format!("cut{number}");
    let command = Command::script(script(&step));
    let (victim, moment) = planned(number);
    let (mut at_launch, later) = match moment {
        Moment::Launching(after) => (Some((victim, after)), None),
        Moment::Following(lines) => (None, Some((victim, lines))),
    };
    for attempt in 1.. {
        let name = attempt_of(&step, attempt);
        if !launch(sshd, sh, &name, &command, at_launch.take()).await {
            continue;
        }
        let mut heard = Heard::default();
        let mut finished = follow(sshd, sh, &name, &mut heard, later).await;
        if finished.is_none() {
            finished = follow(sshd, sh, &name, &mut heard, None).await;
        }
        let finished = finished.unwrap();
        let what = format!("{sh} {number} {victim:?} {moment:?}");
        assert_eq!(finished.ending, Ending::Exited(7), "{what}");
        let Collected { stdout, stderr } = &heard.all;
        assert_eq!(String::from_utf8_lossy(stdout), lines("out", LINES), "{what}");
        assert_eq!(String::from_utf8_lossy(stderr), lines("error", LINES), "{what}");
        let counted = (finished.stdout_bytes, finished.stderr_bytes);
        assert_eq!(counted, (stdout.len() as u64, stderr.len() as u64), "{what}");
        return attempt;
    }
    unreachable!("attempts do not run out")
}

/// Kills connections under one shell: these of all kills. How many of the jobs had to be sent again.
async fn kills(sh: &str, numbers: Vec<usize>) -> usize {
    let sshd = Sshd::start("");
    let mut again = 0;
    for number in &numbers {
        again += usize::from(survive(&sshd, sh, *number).await > 1);
    }
    let effects = std::fs::read_to_string(sshd.path("home/effects")).unwrap();
    let mut once: Vec<&str> = effects.lines().collect();
    once.sort_unstable();
    once.dedup();
    assert_eq!((effects.lines().count(), once.len()), (numbers.len(), numbers.len()), "{sh}");
    again
}

#[tokio::test]
async fn wherever_a_connection_is_cut_a_job_has_one_effect() {
    let all = std::env::var("RUNBOOK_CONNECTION_KILLS");
    let all = all.map_or(KILLS, |number| number.parse().expect("a number of kills"));
    // Neighbours differ in victim and moment, so each shell gets runs of four.
    let of = |shell: usize| (0..all).filter(|number| number / 4 % SHELLS.len() == shell).collect();
    let (dash, bash, busybox) =
        tokio::join!(kills(SHELLS[0], of(0)), kills(SHELLS[1], of(1)), kills(SHELLS[2], of(2)));
    tell(&format!(
        "{all} connections killed under dash, bash and busybox: {all} effects, {all} exit codes; {} \
         jobs were sent again",
        dash + bash + busybox
    ));
    assert!(dash + bash + busybox > 0, "none was cut before it started");
}

#[tokio::test]
async fn an_output_is_heard_whole_however_often_its_connection_is_cut() {
    const CUTS: usize = 8;
    for sh in SHELLS {
        let sshd = Sshd::start("");
        let script = "echo ran >>effects; i=0; while [ ! -f enough ]; do i=$((i + 1)); echo \"out $i\"; \
                      echo \"error $i\" >&2; sleep 0.01; done; echo $i >count; exit 7";
        let name = job("numbered");
        assert!(launch(&sshd, sh, &name, &Command::script(script), None).await);
        let mut heard = Heard::default();
        for number in 0..CUTS {
            let (victim, _) = planned(2 * number);
            let cut = Some((victim, 1 + number));
            assert_eq!(follow(&sshd, sh, &name, &mut heard, cut).await, None, "{sh}");
        }
        std::fs::write(sshd.path("home/enough"), "").unwrap();
        let finished = follow(&sshd, sh, &name, &mut heard, None).await.unwrap();
        let count = std::fs::read_to_string(sshd.path("home/count")).unwrap();
        let count: usize = count.trim().parse().unwrap();
        assert_eq!(finished.ending, Ending::Exited(7), "{sh}");
        assert!(count >= CUTS, "{sh}");
        for (heard, word) in [(&heard.all.stdout, "out"), (&heard.all.stderr, "error")] {
            let whole = lines(word, count);
            let differs = heard.iter().zip(whole.bytes()).position(|(one, other)| *one != other);
            assert_eq!((heard.len(), differs), (whole.len(), None), "{sh}: {word}");
        }
        assert_eq!(std::fs::read_to_string(sshd.path("home/effects")).unwrap(), "ran\n", "{sh}");
        tell(&format!("{sh}: {CUTS} cuts, {count} lines on each output, no gap and no repeat"));
    }
}
