//! Durable jobs under every shell, over the local way.

use std::time::Duration;

use runbook_core::plan::Command;
use runbook_core::transport::station::{
    Cancelled, Deadline, FollowError, JobTerms, LaunchError, Offsets, OnDeadline, Voided,
};
use runbook_core::transport::{Collected, Doubt, Ending, Expected, JobState, Station};

use crate::world::{Heard, SHELLS, Watched, attempt_of, job, local, soon};

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

#[tokio::test]
async fn an_output_over_the_cap_is_cut_and_counted() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let base = station.base(None, None).await.unwrap();
        let name = job("cap");
        let terms = JobTerms { cap: 1000, ..JobTerms::default() };
        let cut = format!("{}/jobs/{name}/out.cut", base.path);
        let script = format!(
            "head -c 5000 /dev/zero; while [ ! -f '{cut}' ]; do sleep 0.1; done; echo tail"
        );
        station.launch(&base, &name, &Command::script(script), &terms).await.unwrap();
        let mut output = Collected::default();
        let from = Offsets { stdout: 10, stderr: 0 };
        let finished = soon(station.follow(&base, &name, from, &mut output)).await.unwrap();
        assert_eq!(finished.stdout_bytes, 5005, "{sh}");
        assert!(output.stdout.ends_with(b"tail\n"), "{sh}");
        // Who comes later finds the end, and how much is missing.
        let mut output = Collected::default();
        let all = station.follow(&base, &name, Offsets::default(), &mut output);
        assert_eq!(soon(all).await.unwrap().dropped_bytes, 5000, "{sh}");
        assert_eq!(output.stdout, b"tail\n", "{sh}");
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
        assert_eq!(ignored & (int | quit | pipe), 0, "{sh}: {ignored:x}");
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
