//! A read on a connection that is open: through the engine's door to a host, beside a command of
//! the `openssh` library through the same multiplexer. Must not know how the engine reads.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use openssh::Session;
use runbook_core::base::HostName;
use runbook_core::plan::Command;
use runbook_core::transport::ssh::Ssh;
use runbook_core::transport::station::ReadTerms;
use runbook_core::transport::{Collected, Destination, Ending, Station};
use runbook_tests::{Place, SshConfig, SshHost};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command as Process};

use crate::runbooks::READ;
use crate::table::Row;

/// Rounds of some reads of each kind: short enough that a disturbance hits both.
const ROUNDS: usize = 40;
const READS: u32 = 10;

/// One connection, both ways through it in turns.
pub(crate) fn rows() -> Vec<Row> {
    let host = SshHost::start("web1");
    let place = Place::new();
    let socket = place.path().join("master");
    let own = format!("ControlPath {}", socket.display());
    let config = SshConfig::with(&[&host], &own);
    // the same kind of runtime as that of the command
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let rounds = runtime.expect("a runtime can be made").block_on(async {
        let _master = master(config.path(), host.name()).await;
        let bare = Session::resume_mux(socket.as_path().into(), None);
        let ssh = Ssh::new(Some(config.path().to_owned())).expect("ssh is there");
        let name: HostName = host.name().parse().expect("a plain name");
        let station = Station::connect(&ssh, &Destination::new(name)).await.expect("it answers");
        assert!(station.identity().fingerprint.is_none(), "it rides on the same connection");
        measured(&station, &bare).await
    });
    vec![Row::beside("a read on an open connection, on the clock", &rounds, "ms")]
}

async fn measured(station: &Station, bare: &Session) -> Vec<(f64, f64)> {
    let mut rounds = Vec::new();
    // the first round opens what stays open
    for round in 0..=ROUNDS {
        let (mut ours, mut peer) = (0.0, 0.0);
        for turn in [round, round + 1] {
            let started = Instant::now();
            if turn % 2 == 0 {
                for _ in 0..READS {
                    through_the_engine(station).await;
                }
                ours = milliseconds_each(started);
            } else {
                for _ in 0..READS {
                    through_the_library(bare).await;
                }
                peer = milliseconds_each(started);
            }
        }
        rounds.push((ours, peer));
    }
    rounds.split_off(1)
}

async fn through_the_engine(station: &Station) {
    let mut output = Collected::default();
    let read = Command::script(READ);
    let finished = station.read(&read, ReadTerms::default(), &mut output).await;
    assert_eq!(finished.expect("it can be read").ending, Ending::Exited(0));
    assert!(!output.stdout.is_empty());
}

async fn through_the_library(bare: &Session) {
    let output = bare.raw_command(READ).output().await.expect("it can be read");
    assert!(output.status.success() && !output.stdout.is_empty());
}

fn milliseconds_each(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0 / f64::from(READS)
}

/// A master as a user has one; it ends with the pipe to its stdin, whatever ends this process.
async fn master(config: &Path, host: &str) -> Child {
    let mut master = Process::new("ssh");
    master.arg("-F").arg(config).args(["-M", host, "echo ready; exec cat >/dev/null"]);
    master.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut master = master.spawn().expect("ssh is there");
    let stdout = master.stdout.take().expect("stdout was asked to be a pipe");
    let line = BufReader::new(stdout).lines().next_line().await.expect("it can be read");
    assert_eq!(line.as_deref(), Some("ready"));
    master
}
