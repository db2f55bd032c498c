//! Where jobs are kept on a host whose disks are full or may not be written: real filesystems, small
//! ones, mounted there.

use runbook_core::plan::Command;
use runbook_core::transport::ssh::Ssh;
use runbook_core::transport::station::{BaseError, JobTerms, Offsets};
use runbook_core::transport::{Collected, Destination, Ending, Station};
use runbook_tests::{Need, SshConfig, SshHost, ready};

use crate::world::{job, soon};

/// A host on which these directories are filesystems mounted with these options.
async fn host(mounts: &[(&str, &str)]) -> Option<(SshHost, Station)> {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Root]) {
        return None;
    }
    let host = SshHost::start("there");
    for (directory, options) in mounts {
        let mount = format!("cd / && mount -t tmpfs -o {options} tmpfs {directory}");
        host.run(&mount).assert_code(0);
    }
    let config = SshConfig::for_hosts(&[&host]);
    let ssh = Ssh::new(Some(config.path().to_owned())).unwrap();
    let there = Destination::new(host.name().parse().unwrap()).over_own_connection();
    let station = soon(Station::connect(&ssh, &there)).await.unwrap();
    Some((host, station))
}

const FULL: &str = "size=16k,mode=1777";
const READ_ONLY: &str = "ro,mode=1777";

/// Where jobs are kept there, and what was passed over; a job runs there, too.
async fn kept_at(mounts: &[(&str, &str)]) -> Option<(String, Vec<String>)> {
    let (host, station) = host(mounts).await?;
    let base = station.base(None, None).await.unwrap();
    let command = Command::script("echo on; exit 3");
    station.launch(&base, &job("step"), &command, &JobTerms::default()).await.unwrap();
    let (name, mut output) = (job("step"), Collected::default());
    let follow = station.follow(&base, &name, Offsets::default(), &mut output);
    assert_eq!(soon(follow).await.unwrap().ending, Ending::Exited(3));
    assert_eq!(output.stdout, b"on\n");
    let home = host.home().display().to_string();
    let told = |text: &String| text.replace(&home, "~").replace(&own(), "UID");
    Some((told(&base.path), base.passed_over.iter().map(told).collect()))
}

fn own() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[tokio::test]
async fn a_full_or_read_only_home_is_passed_over_and_jobs_still_run() {
    let home = "~/.local";
    for (options, why) in [(FULL, "is on a full disk"), (READ_ONLY, "cannot be made")] {
        // The home itself stays what it is: keys and start files are read from it.
        let Some(kept) = kept_at(&[("$(mkdir -p ~/.local && echo ~/.local)", options)]).await
        else {
            return;
        };
        let passed_over = vec![format!("{home}/state/runbook {why}")];
        assert_eq!(kept, ("/var/tmp/runbook-UID".to_owned(), passed_over));
    }
}

#[tokio::test]
async fn where_every_disk_is_full_jobs_are_kept_in_memory() {
    let full = [("$(mkdir -p ~/.local && echo ~/.local)", FULL), ("/var/tmp", FULL)];
    let Some((path, passed_over)) = kept_at(&full).await else { return };
    assert_eq!(path, "/dev/shm/runbook-UID");
    assert_eq!(
        passed_over,
        ["~/.local/state/runbook is on a full disk", "/var/tmp/runbook-UID is on a full disk"]
    );
}

#[tokio::test]
async fn where_nothing_can_be_written_there_is_no_place_and_the_host_is_reachable() {
    let none = [
        ("$(mkdir -p ~/.local && echo ~/.local)", FULL),
        ("/var/tmp", READ_ONLY),
        ("/dev/shm", FULL),
    ];
    let Some((host, station)) = host(&none).await else { return };
    let error = station.base(None, None).await.unwrap_err();
    assert!(matches!(error, BaseError::Nowhere(_)), "{error}");
    let home = host.home().display().to_string();
    let told = error.to_string().replace(&home, "~").replace(&format!("-{}", own()), "-UID");
    assert_eq!(
        told,
        "the host is reachable, but no directory of it can keep a job: ~/.local/state/runbook is on \
         a full disk, /var/tmp/runbook-UID cannot be made, /dev/shm/runbook-UID is on a full disk; \
         make room in one"
    );
}
