//! The table of verdicts, a test a row: what a real host says of a job after whatever happened to it
//! and to the connection, and that it ran once or never.

use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use runbook_core::base::{AttemptNumber, HostName};
use runbook_core::plan::Command;
use runbook_core::transport::ssh::Ssh;
use runbook_core::transport::station::{
    Base, Cancelled, Deadline, FollowError, JobTerms, LaunchError, Offsets, OnDeadline, ReadError,
    StationError, Voided,
};
use runbook_core::transport::{
    Collected, ConnectError, Destination, Doubt, Ending, Expected, Finished, JobName, JobState,
    Station,
};
use runbook_tests::{HostOptions, Need, SshConfig, SshHost, Sudo, processes, ready};
use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Heard, Watched, job, masters_with, soon};

/// A host with a boot, a machine-id and processes of its own, and the way to it.
struct There {
    host: SshHost,
    config: SshConfig,
}

/// A job whose intent is known, as a journal has it.
struct Intent {
    base: Base,
    expected: Expected,
    name: JobName,
}

/// Says that it began, waits to be let on, and ends with 7.
const SCRIPT: &str = "echo ran >>effects; echo begun; read -r _ <go; echo done; exit 7";

impl There {
    fn start() -> Option<Self> {
        Self::with(&HostOptions::new())
    }

    fn with(options: &HostOptions) -> Option<Self> {
        if !ready(&[Need::Ssh, Need::Namespaces]) {
            return None;
        }
        let host = options.start("there");
        let config = SshConfig::for_hosts(&[&host]);
        pipe(&host.home().join("go"));
        Some(Self { host, config })
    }

    async fn try_station(&self) -> Result<Station, StationError> {
        let ssh = Ssh::new(Some(self.config.path().to_owned())).unwrap();
        let ssh = ssh.with_patience(Duration::from_millis(600));
        let name = self.host.name().parse().unwrap();
        Station::connect(&ssh, &Destination::new(name).over_own_connection()).await
    }

    async fn station(&self) -> Station {
        soon(self.try_station()).await.unwrap()
    }

    /// What would be journaled before this job is sent.
    async fn intent(&self, station: &Station, configured: Option<&str>) -> Intent {
        let base = station.base(None, configured).await.unwrap();
        let identity = station.identity();
        let expected = Expected {
            machine: identity.machine_id.clone(),
            boot: identity.boot_id.clone(),
            in_memory: base.in_memory,
        };
        assert!(expected.machine.is_some() && expected.boot.is_some());
        Intent { base, expected, name: job("step") }
    }

    /// Starts the job and returns when it has begun.
    async fn begin(&self, station: &Station, intent: &Intent, terms: &JobTerms) {
        let command = Command::script(SCRIPT);
        soon(station.launch(&intent.base, &intent.name, &command, terms)).await.unwrap();
        let (mut sink, mut ear) = Heard::new();
        let follow = station.follow(&intent.base, &intent.name, Offsets::default(), &mut sink);
        tokio::select! {
            ended = follow => panic!("it ended: {ended:?}"),
            line = ear.line() => assert_eq!(line, "begun"),
        }
    }

    async fn state(&self, intent: &Intent) -> JobState {
        let station = self.station().await;
        station.state(&intent.base, &intent.name, &intent.expected).await.unwrap()
    }

    /// Lets it on.
    fn open(&self) {
        std::fs::write(self.host.home().join("go"), "go\n").unwrap();
    }

    /// Follows it over a connection of its own to its end.
    async fn follow(&self, intent: &Intent) -> (Finished, String) {
        let station = self.station().await;
        let mut output = Collected::default();
        let follow = station.follow(&intent.base, &intent.name, Offsets::default(), &mut output);
        let finished = soon(follow).await.unwrap();
        (finished, String::from_utf8(output.stdout).unwrap())
    }

    /// How often it ran.
    fn effects(&self) -> usize {
        let effects = std::fs::read_to_string(self.host.home().join("effects"));
        effects.map_or(0, |effects| effects.lines().count())
    }

    /// Processes of jobs, as this machine sees them.
    fn processes(&self) -> Vec<u32> {
        let all = self.host.processes().into_iter();
        all.filter(|(_, line)| line.contains("/jobs/")).map(|(pid, _)| pid).collect()
    }

    /// The runner of a job: of those that carry its program, who started the others. What another
    /// job left may still be on its way out.
    fn runner(&self, intent: &Intent) -> u32 {
        let mark = format!(" runner {}/jobs/{}", intent.base.path, intent.name);
        let all = self.host.processes().into_iter();
        let runners: Vec<u32> =
            all.filter(|(_, line)| line.contains(&mark)).map(|(pid, _)| pid).collect();
        let started_by_another =
            |pid: &u32| processes::parent(*pid).is_some_and(|parent| runners.contains(&parent));
        *runners.iter().find(|pid| !started_by_another(pid)).expect("the job runs")
    }
}

fn pipe(path: &Path) {
    assert!(Process::new("mkfifo").arg(path).status().unwrap().success());
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[tokio::test]
async fn no_directory_is_voided_by_who_asks_and_never_runs() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    assert_eq!(there.state(&intent).await, JobState::NotStarted);
    assert_eq!(station.void(&intent.base, &intent.name).await.unwrap(), Voided::Voided);
    assert_eq!(there.state(&intent).await, JobState::Voided);
    let command = Command::script(SCRIPT);
    let late = station.launch(&intent.base, &intent.name, &command, &JobTerms::default()).await;
    assert!(matches!(late, Err(LaunchError::Taken)), "{late:?}");
    assert_eq!(there.effects(), 0);
}

#[tokio::test]
async fn a_bootstrap_that_comes_after_the_verdict_does_not_run() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    // What is sent from here on waits in the frozen connection, while a new one is served.
    let connections = there.host.connections();
    let signal = |signal| {
        for pid in &connections {
            kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
        }
    };
    signal(Signal::STOP);
    let command = Command::script(SCRIPT);
    let terms = JobTerms::default();
    let launch = station.launch(&intent.base, &intent.name, &command, &terms);
    let verdict = async {
        assert_eq!(there.state(&intent).await, JobState::NotStarted);
        let other = there.station().await;
        assert_eq!(other.void(&intent.base, &intent.name).await.unwrap(), Voided::Voided);
        signal(Signal::CONT);
    };
    let (late, ()) = tokio::join!(soon(launch), verdict);
    assert!(matches!(late, Err(LaunchError::Taken)), "{late:?}");
    assert_eq!((there.state(&intent).await, there.effects()), (JobState::Voided, 0));
}

#[tokio::test]
async fn a_claim_without_a_fence_is_voided_by_who_takes_the_fence() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    // A launcher that was killed right after its claim.
    std::fs::create_dir(Path::new(&intent.base.path).join("jobs").join(intent.name.as_str()))
        .unwrap();
    assert_eq!(there.state(&intent).await, JobState::NotStarted);
    assert_eq!(station.void(&intent.base, &intent.name).await.unwrap(), Voided::Voided);
    assert_eq!(there.state(&intent).await, JobState::Voided);
    assert_eq!((there.processes(), there.effects()), (vec![], 0));
}

#[tokio::test]
async fn a_base_that_is_gone_is_unknown() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    there.begin(&station, &intent, &JobTerms::default()).await;
    std::fs::remove_dir_all(&intent.base.path).unwrap();
    assert_eq!(there.state(&intent).await, JobState::Unknown(Doubt::BaseGone));
    assert_eq!(there.effects(), 1);
}

#[tokio::test]
async fn a_base_in_memory_is_unknown_after_a_reboot_even_where_there_is_one_again() {
    let Some(mut there) = There::start() else { return };
    let station = there.station().await;
    let memory = format!("/dev/shm/runbook-{}", station.identity().uid.unwrap());
    let intent = there.intent(&station, Some(&memory)).await;
    assert!(intent.base.in_memory);
    there.begin(&station, &intent, &JobTerms::default()).await;
    there.host.power_off();
    there.host.boot();
    assert_eq!(there.state(&intent).await, JobState::Unknown(Doubt::BaseGone));
    // Another run has made it again, and there is no such job in it.
    let again = there.station().await.base(None, Some(&memory)).await.unwrap();
    assert_eq!(again.path, intent.base.path);
    assert_eq!(there.state(&intent).await, JobState::Unknown(Doubt::BaseGone));
    assert_eq!(there.effects(), 1);
}

#[tokio::test]
async fn an_exit_is_finished_timed_out_or_cancelled_by_its_reason() {
    let Some(there) = There::start() else { return };
    // With the link down: each comes to its end with nobody connected.
    for ending in [Ending::Exited(7), Ending::TimedOut, Ending::Cancelled] {
        let station = there.station().await;
        let step = format!("{ending:?}").to_lowercase();
        let intent = Intent { name: job(&step[..6]), ..there.intent(&station, None).await };
        let mut terms = JobTerms { grace: Duration::from_secs(1), ..JobTerms::default() };
        if ending == Ending::TimedOut {
            let after = Duration::from_secs(1);
            terms.deadline = Some(Deadline { after, then: OnDeadline::Kill });
        }
        there.begin(&station, &intent, &terms).await;
        let runner = Watched::new(there.runner(&intent).cast_signed());
        if ending == Ending::Cancelled {
            let asked = station.cancel(&intent.base, &intent.name, terms.grace).await.unwrap();
            assert_eq!(asked, Cancelled::Asked);
        }
        there.host.drop_connections();
        if ending == Ending::Exited(7) {
            there.open();
        }
        runner.ended().await;
        let JobState::Ended(finished) = there.state(&intent).await else { panic!("{ending:?}") };
        assert_eq!(finished.ending, ending);
        let (followed, said) = there.follow(&intent).await;
        assert_eq!(followed, finished);
        assert_eq!(said, if ending == Ending::Exited(7) { "begun\ndone\n" } else { "begun\n" });
        assert!(there.processes().is_empty(), "{ending:?}");
    }
    assert_eq!(there.effects(), 3);
}

#[tokio::test]
async fn a_runner_that_lives_is_running_and_followed_whoever_was_killed() {
    let Some(there) = There::start() else { return };
    type Cut = fn(&There);
    let cuts: [(&str, Cut); 2] = [
        ("session", |there| there.host.drop_connections()),
        ("master", |there| {
            let masters = masters_with(there.config.path());
            assert_eq!(masters.len(), 1);
            masters[0].kill();
        }),
    ];
    for (killed, cut) in cuts {
        let station = there.station().await;
        let intent = Intent { name: job(killed), ..there.intent(&station, None).await };
        there.begin(&station, &intent, &JobTerms::default()).await;
        let (mut sink, mut ear) = Heard::new();
        let follow = station.follow(&intent.base, &intent.name, Offsets::default(), &mut sink);
        let cutting = async {
            ear.line().await;
            cut(&there);
        };
        let (lost, ()) = tokio::join!(soon(follow), cutting);
        assert!(matches!(lost, Err(FollowError::Lost(ReadError::Lost(_)))), "{killed}: {lost:?}");
        drop(station);
        assert_eq!(there.state(&intent).await, JobState::Running { late: false }, "{killed}");
        there.open();
        let (finished, said) = there.follow(&intent).await;
        assert_eq!((finished.ending, &*said), (Ending::Exited(7), "begun\ndone\n"), "{killed}");
    }
    assert_eq!(there.effects(), 2);
}

#[tokio::test]
async fn a_connection_that_is_half_open_is_noticed_and_the_runner_runs() {
    let Some(there) = There::start() else { return };
    type Freeze = fn(&There, Signal);
    let freezes: [(&str, Freeze); 2] = [
        ("host", |there, signal| match signal {
            Signal::STOP => there.host.freeze(),
            _ => there.host.thaw(),
        }),
        ("master", |there, signal| {
            for master in masters_with(there.config.path()) {
                kill_process(Pid::from_raw(master.pid).unwrap(), signal).unwrap();
            }
        }),
    ];
    for (frozen, freeze) in freezes {
        let station = there.station().await;
        let intent = Intent { name: job(frozen), ..there.intent(&station, None).await };
        there.begin(&station, &intent, &JobTerms::default()).await;
        freeze(&there, Signal::STOP);
        let mut output = Collected::default();
        let follow = station.follow(&intent.base, &intent.name, Offsets::default(), &mut output);
        let lost = soon(follow).await;
        assert!(matches!(lost, Err(FollowError::Lost(_))), "{frozen}: {lost:?}");
        drop(station);
        freeze(&there, Signal::CONT);
        assert_eq!(there.state(&intent).await, JobState::Running { late: false }, "{frozen}");
        there.open();
        let (finished, said) = there.follow(&intent).await;
        assert_eq!((finished.ending, &*said), (Ending::Exited(7), "begun\ndone\n"), "{frozen}");
    }
    assert_eq!(there.effects(), 2);
}

#[tokio::test]
async fn another_boot_is_unknown_since_it_rebooted() {
    let Some(mut there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    there.begin(&station, &intent, &JobTerms::default()).await;
    there.host.power_off();
    there.host.boot();
    assert_eq!(there.state(&intent).await, JobState::Unknown(Doubt::Rebooted));
    assert_eq!(there.effects(), 1);
}

#[tokio::test]
async fn a_dead_runner_with_a_living_group_is_an_orphan_to_wait_for_or_to_kill() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let orphan = async |step| {
        let intent = Intent { name: job(step), ..there.intent(&station, None).await };
        there.begin(&station, &intent, &JobTerms::default()).await;
        let runner = Watched::new(there.runner(&intent).cast_signed());
        runner.kill();
        runner.ended().await;
        let state = there.state(&intent).await;
        let JobState::Unknown(Doubt::Orphan(left)) = state else { panic!("{state:?}") };
        assert_eq!(left.len(), 1, "{left:?}");
        intent
    };
    let grace = Duration::from_secs(5);
    let killed = orphan("killed").await;
    let stopped = station.cancel(&killed.base, &killed.name, grace).await.unwrap();
    assert_eq!(stopped, Cancelled::Stopped);
    assert_eq!(there.state(&killed).await, JobState::Unknown(Doubt::Killed));
    let waited = orphan("waited").await;
    let last = Watched::new(there.processes()[0].cast_signed());
    there.open();
    last.ended().await;
    // It came to its end, and nobody wrote how.
    assert_eq!(there.state(&waited).await, JobState::Unknown(Doubt::Killed));
    assert_eq!(there.effects(), 2);
}

#[tokio::test]
async fn an_orphan_without_its_mark_is_seen_and_told_but_not_killed() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    let script = "echo ran >>effects; echo begun; exec env -i /bin/sh -c 'read -r _ <go'";
    let command = Command::script(script);
    let launched =
        station.launch(&intent.base, &intent.name, &command, &JobTerms::default()).await.unwrap();
    let (mut sink, mut ear) = Heard::new();
    let follow = station.follow(&intent.base, &intent.name, Offsets::default(), &mut sink);
    tokio::select! {
        ended = follow => panic!("it ended: {ended:?}"),
        line = ear.line() => assert_eq!(line, "begun"),
    }
    let runner = Watched::new(there.runner(&intent).cast_signed());
    runner.kill();
    runner.ended().await;
    let state = there.state(&intent).await;
    let JobState::Unknown(Doubt::Orphan(left)) = state else { panic!("{state:?}") };
    assert!(left.len() == 1 && !left.contains(&launched.pid), "{left:?}");
    let cancelled = station.cancel(&intent.base, &intent.name, Duration::ZERO).await.unwrap();
    assert_eq!(cancelled, Cancelled::Alive(left));
    there.open();
}

#[tokio::test]
async fn everything_dead_without_an_exit_is_unknown_since_it_was_killed() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    there.begin(&station, &intent, &JobTerms::default()).await;
    let all: Vec<Watched> =
        there.processes().into_iter().map(|pid| Watched::new(pid.cast_signed())).collect();
    assert!(all.len() >= 2);
    for process in &all {
        process.kill();
    }
    for process in &all {
        process.ended().await;
    }
    assert_eq!(there.state(&intent).await, JobState::Unknown(Doubt::Killed));
    assert_eq!(there.effects(), 1);
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_unknown_until_it_can() {
    let Some(there) = There::start() else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    there.begin(&station, &intent, &JobTerms::default()).await;
    drop(station);
    there.host.cut();
    let away = soon(there.try_station()).await;
    let refused = matches!(away, Err(StationError::Connect(ConnectError::Refused { .. })));
    assert!(refused, "{away:?}");
    there.host.mend();
    assert_eq!(there.state(&intent).await, JobState::Running { late: false });
    there.open();
    assert_eq!(there.follow(&intent).await.0.ending, Ending::Exited(7));
    assert_eq!(there.effects(), 1);
}

#[tokio::test]
async fn hosts_that_share_a_home_run_a_job_each_and_another_machine_is_unknown() {
    let (Some(one), Some(other)) = (There::start(), There::start()) else { return };
    let shared = tempfile::tempdir().unwrap();
    let configured = shared.path().join("runbook").display().to_string();
    let mut intents = Vec::new();
    for (number, there) in [&one, &other].into_iter().enumerate() {
        let station = there.station().await;
        let host: HostName = format!("host{number}").parse().unwrap();
        let name = JobName::new(&"R1".parse().unwrap(), "step", &host, AttemptNumber(1));
        let intent = Intent { name, ..there.intent(&station, Some(&configured)).await };
        there.begin(&station, &intent, &JobTerms::default()).await;
        intents.push(intent);
    }
    assert_eq!((one.effects(), other.effects()), (1, 1));
    // The other machine finds the job of this one under its name, and cannot say.
    assert_eq!(other.state(&intents[0]).await, JobState::Unknown(Doubt::OtherMachine));
    let mistaken = Intent { expected: Expected::default(), ..other_of(&intents[0]) };
    assert_eq!(other.state(&mistaken).await, JobState::Unknown(Doubt::OtherMachine));
    for (there, intent) in [&one, &other].into_iter().zip(&intents) {
        assert_eq!(there.state(intent).await, JobState::Running { late: false });
        there.open();
        assert_eq!(there.follow(intent).await.0.ending, Ending::Exited(7));
    }
}

fn other_of(intent: &Intent) -> Intent {
    let Intent { base, expected, name } = intent;
    Intent { base: base.clone(), expected: expected.clone(), name: name.clone() }
}

#[tokio::test]
async fn what_cannot_be_killed_is_told_with_its_processes() {
    if !ready(&[Need::Sudo]) {
        return;
    }
    let options = HostOptions::new().deploy_user(Sudo::Passwordless);
    let Some(there) = There::with(&options) else { return };
    let station = there.station().await;
    for by_deadline in [true, false] {
        let step = if by_deadline { "late" } else { "asked" };
        let intent = Intent { name: job(step), ..there.intent(&station, None).await };
        // `sudo` hands TERM on, and is killed by a KILL, which what it started outlives.
        let stubborn = r#"echo begun; sudo sh -c "trap '' TERM; exec sleep 3600""#;
        let command = Command::script(stubborn);
        let grace = Duration::from_secs(1);
        let deadline = Some(Deadline { after: grace, then: OnDeadline::Kill });
        let terms =
            JobTerms { deadline: deadline.filter(|_| by_deadline), grace, ..JobTerms::default() };
        station.launch(&intent.base, &intent.name, &command, &terms).await.unwrap();
        let (mut sink, mut ear) = Heard::new();
        let follow = station.follow(&intent.base, &intent.name, Offsets::default(), &mut sink);
        let cancel = async {
            assert_eq!(ear.line().await, "begun");
            // Until then it can be killed.
            while !there.host.processes().iter().any(|(_, line)| line == "sleep 3600") {
                tokio::task::yield_now().await;
            }
            if !by_deadline {
                let asked = station.cancel(&intent.base, &intent.name, grace).await;
                assert_eq!(asked.unwrap(), Cancelled::Asked);
            }
        };
        let (finished, ()) = tokio::join!(soon(follow), cancel);
        let finished = finished.unwrap();
        let ending = if by_deadline { Ending::TimedOut } else { Ending::Cancelled };
        assert_eq!((&finished.ending, finished.left_behind), (&ending, true));
        let alive = there.host.processes();
        let alive: Vec<u32> =
            alive.iter().filter(|(_, line)| line == "sleep 3600").map(|(pid, _)| *pid).collect();
        assert_eq!(alive.len(), 1, "{:?}", there.host.processes());
        let inside: Vec<u32> = alive.iter().filter_map(|pid| own_pid(*pid)).collect();
        assert_eq!(finished.not_killed, inside);
        alive.into_iter().for_each(kill);
    }
}

/// The id that a process has on its own host.
fn own_pid(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    ids.split_whitespace().next_back()?.parse().ok()
}

#[tokio::test]
async fn a_job_whose_runner_is_dead_is_not_called_killed_while_another_users_process_lives() {
    if !ready(&[Need::Sudo]) {
        return;
    }
    let options = HostOptions::new().deploy_user(Sudo::Passwordless);
    let Some(there) = There::with(&options) else { return };
    let station = there.station().await;
    let intent = there.intent(&station, None).await;
    let command = Command::script("sudo sleep 3600");
    station.launch(&intent.base, &intent.name, &command, &JobTerms::default()).await.unwrap();
    while !there.host.processes().iter().any(|(_, line)| line == "sleep 3600") {
        tokio::task::yield_now().await;
    }
    for pid in there.processes() {
        let process = Watched::new(pid.cast_signed());
        kill(pid);
        process.ended().await;
    }
    let state = there.state(&intent).await;
    let JobState::Unknown(Doubt::Orphan(left)) = state else { panic!("{state:?}") };
    assert!(!left.is_empty());
    let cancelled = station.cancel(&intent.base, &intent.name, Duration::ZERO).await.unwrap();
    let Cancelled::Alive(mut alive) = cancelled else { panic!("{cancelled:?}") };
    let mut left = left;
    left.sort_unstable();
    alive.sort_unstable();
    assert_eq!(alive, left);
    assert!(processes::is_alive(there.host.processes()[0].0));
}
