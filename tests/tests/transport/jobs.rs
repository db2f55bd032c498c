//! Durable jobs under every shell, over the local way.

use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use runbook_core::base::Digest;
use runbook_core::plan::Command;
use runbook_core::transport::station::{
    Cancelled, Deadline, FollowError, JobTerms, LaunchError, Offsets, OnDeadline, Voided,
};
use runbook_core::transport::{
    Collected, Doubt, Ending, Expected, Finished, JobName, JobState, OutputSink, Station,
};
use runbook_tests::path_without;

use crate::world::{Heard, SHELLS, Watched, attempt_of, job, local, local_with_path, soon};

fn expected(station: &Station) -> Expected {
    let identity = station.identity();
    Expected {
        machine: identity.machine_id.clone(),
        boot: identity.boot_id.clone(),
        in_memory: false,
    }
}

fn killed_after(seconds: u64) -> JobTerms {
    let after = Duration::from_secs(seconds);
    let deadline = Some(Deadline { after, then: OnDeadline::Kill });
    JobTerms { deadline, grace: Duration::from_secs(1), ..JobTerms::default() }
}

#[tokio::test]
async fn a_job_runs_once_and_tells_its_end_as_often_as_asked() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("once");
        let mut command = Command::script(
            "echo ran >>effect\nprintf '%s|' \"$v\" \"$1\"\ncat\necho e >&2\nexit 7",
        );
        let value = "it's\n$(x) é\u{88}\n";
        command.env.insert("v".into(), value.into());
        command.args.push(value.into());
        command.stdin = Some(value.into());
        station.launch(&base, &name, &command, &JobTerms::default()).await.unwrap();
        for from in [Offsets::default(), Offsets { stdout: 5, stderr: 1 }] {
            let mut output = Collected::default();
            let finished = soon(station.follow(&base, &name, from, &mut output)).await.unwrap();
            assert_eq!(finished.ending, Ending::Exited(7), "{sh}");
            assert_eq!(finished.dropped_bytes, 0, "{sh}");
            let whole = format!("{value}|{value}|{value}");
            assert_eq!(finished.stdout_bytes, whole.len() as u64, "{sh}");
            let from = usize::try_from(from.stdout).unwrap();
            assert_eq!(output.stdout, &whole.as_bytes()[from..], "{sh}");
        }
        let again = station.launch(&base, &name, &command, &JobTerms::default()).await;
        assert!(matches!(again, Err(LaunchError::Taken)), "{sh}: {again:?}");
        let state = station.state(&base, &name, &expected(&station)).await.unwrap();
        assert!(matches!(state, JobState::Ended(_)), "{sh}: {state:?}");
        assert_eq!(std::fs::read_to_string(home.path().join("effect")).unwrap(), "ran\n", "{sh}");
    }
}

#[tokio::test]
async fn a_job_outlives_every_connection() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("go");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let first = local(home.path(), sh).await;
        let base = first.base(None, None).await.unwrap();
        let name = job("outlives");
        let command = Command::script("echo $$; cat go; echo end");
        first.launch(&base, &name, &command, &JobTerms::default()).await.unwrap();
        let (mut sink, mut ear) = Heard::new();
        let process = tokio::select! {
            ended = first.follow(&base, &name, Offsets::default(), &mut sink) => {
                panic!("{sh}: it ended: {ended:?}")
            }
            process = ear.process() => process,
        };
        drop(first);
        let second = local(home.path(), sh).await;
        let state = second.state(&base, &name, &expected(&second)).await.unwrap();
        assert_eq!(state, JobState::Running { late: false }, "{sh}");
        assert!(process.lives(), "{sh}");
        std::fs::write(&fifo, "go\n").unwrap();
        let seen = Offsets { stdout: process.pid.to_string().len() as u64 + 1, stderr: 0 };
        let mut output = Collected::default();
        let finished = soon(second.follow(&base, &name, seen, &mut output)).await.unwrap();
        assert_eq!((finished.ending, output.stdout), (Ending::Exited(0), b"go\nend\n".to_vec()));
    }
}

#[tokio::test]
async fn a_deadline_kills_what_ignores_it() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("deadline");
        let script = "(trap '' TERM; echo started; while :; do sleep 3600; done) & echo $!; wait";
        station.launch(&base, &name, &Command::script(script), &killed_after(1)).await.unwrap();
        let mut output = Collected::default();
        let follow = station.follow(&base, &name, Offsets::default(), &mut output);
        let finished = soon(follow).await.unwrap();
        assert_eq!(finished.ending, Ending::TimedOut, "{sh}");
        assert!(!finished.left_behind, "{sh}");
        let said = String::from_utf8(output.stdout).unwrap();
        let pid = said.lines().find(|line| *line != "started").unwrap();
        assert!(!std::path::Path::new(&format!("/proc/{pid}/cwd/.")).exists(), "{sh}");
    }
}

#[tokio::test]
async fn a_destroy_over_its_deadline_is_left_to_a_person() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("note");
        let deadline = Deadline { after: Duration::from_secs(1), then: OnDeadline::Note };
        let terms = JobTerms { deadline: Some(deadline), ..JobTerms::default() };
        let late = format!("{}/jobs/{name}/late", base.path);
        let script = format!("while [ ! -f '{late}' ]; do sleep 0.1; done; echo went on");
        station.launch(&base, &name, &Command::script(script), &terms).await.unwrap();
        let mut output = Collected::default();
        let follow = station.follow(&base, &name, Offsets::default(), &mut output);
        assert_eq!(soon(follow).await.unwrap().ending, Ending::Exited(0), "{sh}");
        assert_eq!(output.stdout, b"went on\n", "{sh}");
        assert!(station.inspect(&base, &name).await.unwrap().late, "{sh}");
    }
}

#[tokio::test]
async fn a_cancelled_job_ends_with_its_strays() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("cancel");
        let script = "setsid sleep 3600 & echo $!; echo $$; sleep 3600";
        let terms = JobTerms { grace: Duration::from_secs(1), ..JobTerms::default() };
        station.launch(&base, &name, &Command::script(script), &terms).await.unwrap();
        let (mut sink, mut ear) = Heard::new();
        let following = station.follow(&base, &name, Offsets::default(), &mut sink);
        let cancelling = async {
            let stray = ear.process().await;
            let main = ear.process().await;
            let grace = Duration::from_secs(1);
            assert_eq!(station.cancel(&base, &name, grace).await.unwrap(), Cancelled::Asked);
            main.ended().await;
            stray.ended().await;
        };
        let (finished, ()) = tokio::join!(soon(following), cancelling);
        assert_eq!(finished.unwrap().ending, Ending::Cancelled, "{sh}");
        let again = station.cancel(&base, &name, Duration::ZERO).await.unwrap();
        assert_eq!(again, Cancelled::HadEnded, "{sh}");
    }
}

#[tokio::test]
async fn without_its_runner_a_job_is_unknown_until_its_orphans_are_stopped() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("orphan");
        let command = Command::script("echo $$; exec sleep 3600");
        let launched = station.launch(&base, &name, &command, &JobTerms::default()).await.unwrap();
        let (mut sink, mut ear) = Heard::new();
        let runner = Watched::new(launched.pid.cast_signed());
        let following = station.follow(&base, &name, Offsets::default(), &mut sink);
        let killing = async {
            let process = ear.process().await;
            let pid = rustix::process::Pid::from_raw(runner.pid).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            runner.ended().await;
            process
        };
        let (followed, process) = tokio::join!(soon(following), killing);
        assert!(matches!(followed, Err(FollowError::RunnerGone)), "{sh}: {followed:?}");
        let state = station.state(&base, &name, &expected(&station)).await.unwrap();
        let orphan = JobState::Unknown(Doubt::Orphan(vec![process.pid.cast_unsigned()]));
        assert_eq!(state, orphan, "{sh}");
        let stopped = station.cancel(&base, &name, Duration::from_secs(5)).await.unwrap();
        assert_eq!(stopped, Cancelled::Stopped, "{sh}");
        process.ended().await;
        let state = station.state(&base, &name, &expected(&station)).await.unwrap();
        assert_eq!(state, JobState::Unknown(Doubt::Killed), "{sh}");
    }
}

#[tokio::test]
async fn a_voided_job_never_runs() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("void");
        let state = async || station.state(&base, &name, &expected(&station)).await.unwrap();
        assert_eq!(state().await, JobState::NotStarted, "{sh}");
        assert_eq!(station.void(&base, &name).await.unwrap(), Voided::Voided, "{sh}");
        assert_eq!(station.void(&base, &name).await.unwrap(), Voided::Voided, "{sh}");
        assert_eq!(state().await, JobState::Voided, "{sh}");
        let command = Command::script("echo x >x");
        let late = station.launch(&base, &name, &command, &JobTerms::default()).await;
        assert!(matches!(late, Err(LaunchError::Taken)), "{sh}");
        assert!(!home.path().join("x").exists(), "{sh}");
    }
}

/// Numbered lines, and as many bytes of them.
fn numbered(bytes: usize) -> String {
    let lines: String = (1..).take(bytes / 7 + 1).map(|line| format!("{line:06}\n")).collect();
    lines[..bytes].to_owned()
}

/// Brings a job to its end that prints 4 MiB of numbered lines where 1 MiB is kept, and then, when
/// the rest has been freed, a last line. What is heard of it by one who comes late.
async fn flood(station: &Station, name: &JobName) -> (Finished, Heedful) {
    let base = station.base(None, None).await.unwrap();
    let terms = JobTerms { cap: 1 << 20, ..JobTerms::default() };
    let out = format!("{}/jobs/{name}/out", base.path);
    let script = format!(
        "seq -w 1 599187 | head -c 4194304; while [ \"$(du -k '{out}' | cut -f1)\" -gt 1100 ]; do sleep 0.1; \
         done; echo tail"
    );
    station.launch(&base, name, &Command::script(script), &terms).await.unwrap();
    let mut watched = Collected::default();
    soon(station.follow(&base, name, Offsets::default(), &mut watched)).await.unwrap();
    let mut late = Heedful::default();
    let follow = station.follow(&base, name, Offsets::default(), &mut late);
    (soon(follow).await.unwrap(), late)
}

/// Keeps an output, and where something of it is missing.
#[derive(Default)]
struct Heedful {
    text: String,
    gaps: Vec<(usize, u64)>,
}

impl OutputSink for Heedful {
    fn stdout(&mut self, bytes: &[u8]) {
        self.text.push_str(std::str::from_utf8(bytes).unwrap());
    }
    fn stderr(&mut self, bytes: &[u8]) {
        assert_eq!(bytes, b"");
    }
    fn dropped(&mut self, stdout: u64, stderr: u64) {
        assert_eq!(stderr, 0);
        self.gaps.push((self.text.len(), stdout));
    }
}

#[tokio::test]
async fn of_an_output_over_the_cap_the_middle_is_dropped_counted_and_hashed() {
    // busybox prefers a `fallocate` of its own, which makes no holes
    for sh in &SHELLS[..2] {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let name = job("cap");
        let (finished, late) = flood(&station, &name).await;
        let whole = numbered(4 << 20) + "tail\n";
        assert_eq!(finished.stdout_bytes, whole.len() as u64, "{sh}");
        let [(at, gap)] = late.gaps[..] else { panic!("{sh}: {:?}", late.gaps) };
        assert_eq!((at, finished.dropped_bytes), (512 << 10, gap), "{sh}");
        let behind = at + usize::try_from(gap).unwrap();
        assert!(whole.len() - behind >= 256 << 10, "{sh}: {gap}");
        assert!(late.text == [&whole[..at], &whole[behind..]].concat(), "{sh}");
        let record = home.path().join(format!(".local/state/runbook/jobs/{name}/out.dropped"));
        let mut end = at;
        for line in std::fs::read_to_string(record).unwrap().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let (from, to): (usize, usize) = (words[0].parse().unwrap(), words[1].parse().unwrap());
            assert_eq!((from, words[2]), (end, &*Digest::of(&whole[from..to]).to_string()), "{sh}");
            end = to;
        }
        assert_eq!(end, behind, "{sh}");
    }
}

#[tokio::test]
async fn where_a_file_can_have_no_hole_all_of_it_goes_and_is_counted() {
    let (_programs, path) = path_without(&["fallocate"]);
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local_with_path(home.path(), sh, &path).await;
        let (finished, late) = flood(&station, &job("cap")).await;
        let bytes = 4 << 20;
        assert_eq!(finished.stdout_bytes, bytes + 5, "{sh}");
        assert_eq!((&*late.text, &late.gaps[..]), ("tail\n", &[(0, bytes)][..]), "{sh}");
    }
}

#[tokio::test]
async fn a_place_for_jobs_is_ours_alone() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let configured = home.path().join("conf'igured dir");
        let station = local(home.path(), sh).await;
        let base = station.base(None, configured.to_str()).await.unwrap();
        assert_eq!(base.path, configured.to_str().unwrap(), "{sh}");
        let same = station.base(None, None).await.unwrap();
        assert_eq!(same, base, "chosen once: {sh}");
        let other = local(home.path(), sh).await;
        std::os::unix::fs::symlink("/tmp", home.path().join("link")).unwrap();
        let link = home.path().join("link");
        let base = other.base(None, link.to_str()).await.unwrap();
        assert_eq!(base.path, home.path().join(".local/state/runbook").to_str().unwrap(), "{sh}");
        assert_eq!(base.passed_over.len(), 1, "{sh}");
    }
}

#[tokio::test]
async fn a_job_does_not_inherit_deafness() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("signals");
        let command = Command::script("sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status");
        station.launch(&base, &name, &command, &JobTerms::default()).await.unwrap();
        let mut output = Collected::default();
        let follow = station.follow(&base, &name, Offsets::default(), &mut output);
        assert_eq!(soon(follow).await.unwrap().ending, Ending::Exited(0), "{sh}");
        let ignored = String::from_utf8(output.stdout).unwrap();
        let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
        let (int, quit, pipe) = (1 << 1, 1 << 2, 1 << 12);
        // busybox prefers an `env` of its own, which cannot undo what its shell does to these two
        let never = if sh.contains("busybox") { pipe } else { int | quit | pipe };
        assert_eq!(ignored & never, 0, "{sh}: {ignored:x}");
    }
}

#[tokio::test]
async fn wherever_a_launch_is_given_up_a_job_has_one_effect() {
    let terms = JobTerms::default();
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        for round in 0..40 {
            let step = format!("given{round}");
            let command = Command::script(format!("echo {step} >>effects; exit 7"));
            for attempt in 1.. {
                let name = attempt_of(&step, attempt);
                let launch = station.launch(&base, &name, &command, &terms);
                let limit = if attempt == 1 { 400 * round } else { 60_000_000 };
                let _ = tokio::time::timeout(Duration::from_micros(limit), launch).await;
                let state = station.state(&base, &name, &expected(&station)).await.unwrap();
                let voided = match state {
                    JobState::NotStarted => {
                        station.void(&base, &name).await.unwrap() == Voided::Voided
                    }
                    JobState::Voided => true,
                    JobState::Running { .. } | JobState::Ended(_) => false,
                    other => panic!("{sh} {step}: {other:?}"),
                };
                if !voided {
                    let mut output = Collected::default();
                    let follow = station.follow(&base, &name, Offsets::default(), &mut output);
                    assert_eq!(soon(follow).await.unwrap().ending, Ending::Exited(7), "{sh}");
                    break;
                }
            }
        }
        let effects = std::fs::read_to_string(home.path().join("effects")).unwrap();
        let lines: std::collections::BTreeSet<&str> = effects.lines().collect();
        assert_eq!((effects.lines().count(), lines.len()), (40, 40), "{sh}: {effects}");
    }
}

#[tokio::test]
async fn of_a_job_that_ended_two_weeks_ago_only_the_end_is_kept() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let base = local(home.path(), sh).await.base(None, None).await.unwrap();
        let at = |step: &str| Path::new(&base.path).join("jobs").join(job(step).as_str());
        let touch = |file: &Path, when: &str| {
            let touched = Process::new("touch").args(["-d", when]).arg(file).status().unwrap();
            assert!(touched.success());
        };
        let station = local(home.path(), sh).await;
        let command =
            Command::script("echo $$; [ \"$1\" != old ] || exit 7; read -r _ <go; exit 7");
        assert!(Process::new("mkfifo").arg(home.path().join("go")).status().unwrap().success());
        for step in ["old", "young", "endless"] {
            let word = if step == "endless" { "wait" } else { "old" };
            let command = Command { args: vec![word.into()], ..command.clone() };
            station.launch(&base, &job(step), &command, &JobTerms::default()).await.unwrap();
            if word == "old" {
                let mut output = Collected::default();
                let (job, from) = (job(step), Offsets::default());
                soon(station.follow(&base, &job, from, &mut output)).await.unwrap();
            }
        }
        let before = soon(station.state(&base, &job("old"), &expected(&station))).await.unwrap();
        touch(&at("old").join("exit"), "15 days ago");
        touch(&at("young").join("exit"), "13 days ago");
        for file in ["out", "runner", "go"] {
            touch(&at("endless").join(file), "15 days ago");
        }
        let files = |step: &str| std::fs::read_dir(at(step)).unwrap().count();
        let young = files("young");
        let choose = async || local(home.path(), sh).await.base(None, None).await.unwrap();
        choose().await;
        assert!(at("old").join("out").exists(), "{sh}: at most once a day");
        touch(&Path::new(&base.path).join("tidied"), "25 hours ago");
        choose().await;
        assert_eq!((files("old"), files("young")), (1, young), "{sh}");
        assert!(at("endless").join("out").exists(), "{sh}");
        // Its claim stays, and what became of it is still known.
        let again = station.launch(&base, &job("old"), &command, &JobTerms::default()).await;
        assert!(matches!(again, Err(LaunchError::Taken)), "{sh}: {again:?}");
        let after = station.state(&base, &job("old"), &expected(&station)).await.unwrap();
        assert_eq!(after, before, "{sh}");
        let mut output = Collected::default();
        let (name, from) = (job("old"), Offsets::default());
        let finished = soon(station.follow(&base, &name, from, &mut output)).await.unwrap();
        assert_eq!((finished.ending, output), (Ending::Exited(7), Collected::default()), "{sh}");
        assert_eq!(finished.dropped_bytes, finished.stdout_bytes, "{sh}");
        std::fs::write(home.path().join("go"), "go\n").unwrap();
        let (name, mut output) = (job("endless"), Collected::default());
        let finished = station.follow(&base, &name, Offsets::default(), &mut output);
        assert_eq!(soon(finished).await.unwrap().ending, Ending::Exited(7), "{sh}");
    }
}
