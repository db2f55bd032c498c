//! Locks on a host under every shell: one holds, the others are told, and a job keeps others out.

use std::sync::atomic::{AtomicU32, Ordering};

use runbook_core::base::RunId;
use runbook_core::plan::Command;
use runbook_core::transport::station::{JobTerms, Lease, LeaseError, Offsets};
use runbook_core::transport::{Collected, Station};
use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Heard, SHELLS, Sshd, attempt_of, job, local, soon, stdout};

/// A name that no other test uses; its files are removed with it.
struct Name(String);

impl Name {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("test-{}-{number}", std::process::id()))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        for place in ["/run/lock/runbook", "/var/tmp/runbook-locks"] {
            let files = std::fs::read_dir(place).into_iter().flatten().flatten();
            let prefix = format!("{}~", self.0);
            for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(&prefix))
            {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

fn run(id: &str) -> RunId {
    id.parse().unwrap()
}

async fn take(station: &Station, name: &Name, id: &str) -> Result<Lease, LeaseError> {
    soon(station.lease(&name.0, &run(id), &format!("run {id} of someone"))).await
}

/// Takes it as soon as it can be had.
async fn taken(station: &Station, name: &Name, id: &str) -> Lease {
    soon(async {
        loop {
            if let Ok(lease) = station.lease(&name.0, &run(id), id).await {
                return lease;
            }
        }
    })
    .await
}

fn holder(refused: Result<Lease, LeaseError>) -> String {
    match refused {
        Err(LeaseError::Held(holder)) => holder.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_holds_and_the_other_is_told_who_until_it_lets_go() {
    for sh in SHELLS {
        let (home, name) = (tempfile::tempdir().unwrap(), Name::new());
        let (one, other) = (local(home.path(), sh).await, local(home.path(), sh).await);
        let held = take(&one, &name, "r1").await.unwrap();
        assert_eq!(holder(take(&other, &name, "r2").await), "run r1 of someone", "{sh}");
        assert!(take(&other, &Name::new(), "r2").await.is_ok(), "{sh}: another name");
        drop(held);
        let _held = taken(&other, &name, "r2").await;
        assert_eq!(holder(take(&one, &name, "r1").await), "r2", "{sh}");
    }
}

#[tokio::test]
async fn a_job_keeps_others_out_and_its_own_run_in_when_the_connection_is_gone() {
    for sh in SHELLS {
        let (home, name) = (tempfile::tempdir().unwrap(), Name::new());
        let (one, other) = (local(home.path(), sh).await, local(home.path(), sh).await);
        let held = take(&one, &name, "r1").await.unwrap();
        stdout(&one, "mkfifo go").await;
        let base = one.base(None, None).await.unwrap();
        let terms = JobTerms { lock: Some(held.file().to_owned()), ..JobTerms::default() };
        let command = Command::script("echo begun; cat go");
        one.launch(&base, &job("kept"), &command, &terms).await.unwrap();
        drop((held, one));
        // Once the run itself may take it again, its former holder is gone and its job is not.
        drop(taken(&other, &name, "r1").await);
        assert_eq!(holder(take(&other, &name, "r2").await), "r1", "{sh}");
        std::fs::write(home.path().join("go"), "").unwrap();
        let mut output = Collected::default();
        soon(other.follow(&base, &job("kept"), Offsets::default(), &mut output)).await.unwrap();
        let _held = taken(&other, &name, "r2").await;
    }
}

#[tokio::test]
async fn a_daemon_that_a_job_left_does_not_keep_it() {
    for sh in SHELLS {
        let (home, name) = (tempfile::tempdir().unwrap(), Name::new());
        let station = local(home.path(), sh).await;
        let held = take(&station, &name, "r1").await.unwrap();
        let base = station.base(None, None).await.unwrap();
        let terms = JobTerms { lock: Some(held.file().to_owned()), ..JobTerms::default() };
        let command =
            Command::script("mkfifo stop; setsid sh -c 'cat stop' >/dev/null 2>&1 & echo $!");
        station.launch(&base, &job("daemon"), &command, &terms).await.unwrap();
        let (mut sink, mut ear) = Heard::new();
        soon(station.follow(&base, &job("daemon"), Offsets::default(), &mut sink)).await.unwrap();
        let daemon = ear.process().await;
        drop(held);
        let _held = taken(&station, &name, "r2").await;
        assert!(daemon.lives(), "{sh}");
        std::fs::write(home.path().join("stop"), "").unwrap();
        daemon.ended().await;
    }
}

#[tokio::test]
async fn a_job_whose_run_lost_the_lock_does_not_start() {
    for sh in SHELLS {
        let (home, name) = (tempfile::tempdir().unwrap(), Name::new());
        let station = local(home.path(), sh).await;
        let held = take(&station, &name, "r1").await.unwrap();
        let terms = JobTerms { lock: Some(held.file().to_owned()), ..JobTerms::default() };
        drop(held);
        let _held = taken(&station, &name, "r2").await;
        let base = station.base(None, None).await.unwrap();
        let command = Command::script("echo ran >ran");
        let refused = station.launch(&base, &attempt_of("late", 1), &command, &terms).await;
        let refused = refused.unwrap_err().to_string();
        assert_eq!(refused, "not started: the run holds its lock no more", "{sh}");
        assert!(!home.path().join("ran").exists());
    }
}

#[tokio::test]
async fn a_lock_is_free_when_the_connection_of_its_holder_ends() {
    let (home, name) = (tempfile::tempdir().unwrap(), Name::new());
    let sshd = Sshd::start("");
    let there = sshd.station().await;
    let here = local(home.path(), SHELLS[0]).await;
    let mut held = take(&there, &name, "r1").await.unwrap();
    assert_eq!(holder(take(&here, &name, "r2").await), "run r1 of someone");
    for master in sshd.masters() {
        kill_process(Pid::from_raw(master.pid).unwrap(), Signal::KILL).unwrap();
    }
    soon(held.lost()).await;
    let _held = taken(&here, &name, "r2").await;
}

/// Two to eight controllers at once, fifty times: exactly one wins each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_controllers_that_race_exactly_one_wins() {
    let mut homes = Vec::new();
    let mut stations = Vec::new();
    for index in 0..8 {
        let home = tempfile::tempdir().unwrap();
        stations.push(local(home.path(), SHELLS[index % 3]).await);
        homes.push(home);
    }
    let mut raced = 0;
    for round in 0..50 {
        let (name, controllers) = (Name::new(), 2 + round % 7);
        let mut takes = tokio::task::JoinSet::new();
        for (index, station) in stations[..controllers].iter().cloned().enumerate() {
            let (name, id) = (name.0.clone(), format!("r{index}"));
            takes.spawn(async move { station.lease(&name, &run(&id), &id).await });
        }
        let taken = soon(takes.join_all()).await;
        let won: Vec<_> = taken.iter().filter_map(|taken| taken.as_ref().ok()).collect();
        assert_eq!(won.len(), 1, "round {round}: {taken:?}");
        let told = taken.iter().filter(|taken| matches!(taken, Err(LeaseError::Held(_)))).count();
        assert_eq!(told, controllers - 1, "round {round}: {taken:?}");
        raced += controllers;
    }
    println!("50 races of 2 to 8 controllers, {raced} in all: one winner each");
}
