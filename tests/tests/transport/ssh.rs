//! The same over a real sshd, and what only a connection can do.

use std::process::{Command as Process, Stdio};
use std::time::Duration;

use runbook_core::plan::Command;
use runbook_core::transport::station::{JobTerms, Offsets, ReadError, ReadTerms, StationError};
use runbook_core::transport::{Address, Collected, ConnectError, Ending, OpenError, Station};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::world::{Heard, Sshd, Watched, job, lab, masters_with, read, soon, stdout};

#[tokio::test]
async fn a_host_says_who_it_is_whatever_its_login_scripts_print() {
    let sshd = Sshd::start("");
    std::fs::write(sshd.path("home/.bashrc"), "echo noise; echo more >&2; printf 'no newline'\n")
        .unwrap();
    let station = sshd.station().await;
    let identity = station.identity();
    assert_eq!((identity.user.as_str(), identity.uid), ("root", Some(0)));
    let listed = Process::new("ssh-keygen").arg("-lf").arg(sshd.path("host.pub")).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(identity.fingerprint.as_deref(), listed.split(' ').nth(1));
    station.assert_identity(identity).await.unwrap();
    let mut other = identity.clone();
    other.machine_id = Some("0".repeat(32));
    assert!(station.assert_identity(&other).await.is_err());
    assert_eq!(stdout(&station, "echo clean").await, "clean\n");
    let (finished, output) = read(&station, &Command::script("exit 127")).await;
    assert_eq!((finished.ending, output), (Ending::Exited(127), Collected::default()));
}

#[tokio::test]
async fn nothing_is_left_when_a_station_is_dropped() {
    let sshd = Sshd::start("");
    let station = sshd.station().await;
    let masters = sshd.masters();
    assert_eq!(masters.len(), 1);
    let (mut sink, mut ear) = Heard::new();
    let command = Command::script("echo $$; exec sleep 3600");
    let process = tokio::select! {
        ended = station.read(&command, ReadTerms::default(), &mut sink) => panic!("{ended:?}"),
        process = ear.process() => process,
    };
    process.ended().await;
    drop(station);
    masters[0].ended().await;
}

#[tokio::test]
async fn a_lost_connection_kills_a_read_but_not_a_job() {
    let sshd = Sshd::start("");
    let station = sshd.station().await;
    let base = station.base(None, None).await.unwrap();
    let name = job("survives");
    let fifo = sshd.path("home/go");
    assert!(Process::new("mkfifo").arg(&fifo).status().unwrap().success());
    let command = Command::script("cat go; echo end");
    station.launch(&base, &name, &command, &JobTerms::default()).await.unwrap();
    let (mut sink, mut ear) = Heard::new();
    let command = Command::script("echo $$; exec sleep 3600");
    let reading = station.read(&command, ReadTerms::default(), &mut sink);
    let cutting = async {
        let process = ear.process().await;
        sshd.masters()[0].kill();
        process.ended().await;
    };
    let (lost, ()) = tokio::join!(soon(reading), cutting);
    assert!(matches!(lost, Err(ReadError::Lost(_))), "{lost:?}");
    let again = sshd.station().await;
    std::fs::write(&fifo, "go\n").unwrap();
    let mut output = Collected::default();
    let followed = soon(again.follow(&base, &name, Offsets::default(), &mut output)).await.unwrap();
    assert_eq!((followed.ending, output.stdout), (Ending::Exited(0), b"go\nend\n".to_vec()));
}

/// Not a test of its own: the process that [`nothing_is_left_after_kill_9`] kills.
#[tokio::test]
#[ignore = "started by another test"]
async fn client_process() {
    let Some(config) = std::env::var_os("RUNBOOK_TEST_CONFIG") else { return };
    let ssh = runbook_core::transport::ssh::Ssh::new(Some(config.into())).unwrap();
    let station = Station::connect(&ssh, &lab()).await.unwrap();
    let command = Command::script("echo process $$; exec sleep 3600");
    struct Print;
    impl runbook_core::transport::OutputSink for Print {
        fn stdout(&mut self, bytes: &[u8]) {
            use std::io::Write;
            std::io::stderr().write_all(bytes).unwrap();
        }
        fn stderr(&mut self, _: &[u8]) {}
    }
    let _ = station.read(&command, ReadTerms::default(), &mut Print).await;
}

#[tokio::test]
async fn nothing_is_left_after_kill_9() {
    let sshd = Sshd::start("");
    let mut client = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "ssh::client_process"])
        .env("RUNBOOK_TEST_CONFIG", sshd.path("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(client.stderr.take().unwrap()).lines();
    let process = loop {
        let line = soon(lines.next_line()).await.unwrap().expect("the client prints its process");
        if let Some(pid) = line.strip_prefix("process ") {
            break Watched::new(pid.parse().unwrap());
        }
    };
    let masters = masters_with(&sshd.path("config"));
    assert_eq!(masters.len(), 1);
    client.start_kill().unwrap();
    masters[0].ended().await;
    process.ended().await;
    let _ = client.wait().await;
}

#[tokio::test]
async fn failures_to_connect_are_told_apart() {
    let sshd = Sshd::start("");
    drop(sshd.station().await);
    let refused =
        async |ssh: runbook_core::transport::ssh::Ssh| match soon(Station::connect(&ssh, &lab()))
            .await
        {
            Err(StationError::Connect(error)) => error,
            other => panic!("{other:?}"),
        };
    std::fs::rename(sshd.path("client.pub"), sshd.path("client.off")).unwrap();
    let error = refused(sshd.ssh()).await;
    assert!(matches!(error, ConnectError::Authentication { .. }), "{error}");
    std::fs::rename(sshd.path("client.off"), sshd.path("client.pub")).unwrap();
    std::fs::write(sshd.path("known_hosts"), "").unwrap();
    let error = refused(sshd.ssh()).await;
    assert!(matches!(error, ConnectError::HostKey { .. }), "{error}");
    let config = sshd.path("config");
    drop(sshd);
    let gone = tempfile::tempdir().unwrap();
    std::fs::write(gone.path().join("config"), "Host lab\n HostName 127.0.0.1\n Port 1\n").unwrap();
    assert!(!config.exists());
    let ssh = runbook_core::transport::ssh::Ssh::new(Some(gone.path().join("config"))).unwrap();
    let error = refused(ssh.with_patience(Duration::from_millis(600))).await;
    assert!(matches!(error, ConnectError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_host_with_one_session_a_connection_still_works() {
    let sshd = Sshd::start("MaxSessions 1");
    let station = sshd.station().await;
    assert_eq!(stdout(&station, "echo one").await, "one\n");
    let (one, other) = tokio::join!(stdout(&station, "echo one"), stdout(&station, "echo two"));
    assert_eq!((one.as_str(), other.as_str()), ("one\n", "two\n"));
}

#[tokio::test]
async fn over_the_session_limit_programs_wait_for_each_other() {
    let sshd = Sshd::start("MaxSessions 3");
    let station = sshd.station().await;
    let reads = (0..8).map(|number| {
        let station = station.clone();
        tokio::spawn(async move { stdout(&station, &format!("sleep 0.1; echo {number}")).await })
    });
    for (number, task) in reads.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(soon(task).await.unwrap(), format!("{number}\n"));
    }
}

#[tokio::test]
async fn a_users_own_master_is_ridden_on_and_left_alone() {
    let sshd = Sshd::start("");
    let first = sshd.station().await;
    let masters = sshd.masters();
    drop(first);
    masters[0].ended().await;
    let mut users = Process::new("ssh")
        .arg("-F")
        .arg(sshd.path("config"))
        .args(["-o", "ControlMaster=yes", "lab", "echo ready; exec cat >/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(users.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let destination = runbook_core::transport::Destination::new("lab".parse().unwrap());
    let station = Station::connect(&sshd.ssh(), &destination).await.unwrap();
    assert_eq!(sshd.masters().len(), 0);
    assert_eq!(station.identity().fingerprint, None);
    assert_eq!(stdout(&station, "echo one").await, "one\n");
    drop(station);
    assert!(users.try_wait().unwrap().is_none());
    drop(users.stdin.take());
    users.wait().unwrap();
}

/// Where the client configuration of this host wants the sockets of its user's masters.
fn users_socket(sshd: &Sshd) -> std::path::PathBuf {
    let config = sshd.path("config");
    let told = Process::new("ssh").arg("-F").arg(config).args(["-G", "lab"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    told.lines().find_map(|line| line.strip_prefix("controlpath ")).unwrap().into()
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_any_more_is_no_master() {
    let sshd = Sshd::start("");
    drop(std::os::unix::net::UnixListener::bind(users_socket(&sshd)).unwrap());
    let destination = runbook_core::transport::Destination::new("lab".parse().unwrap());
    let station = Station::connect(&sshd.ssh(), &destination).await.unwrap();
    assert_eq!(sshd.masters().len(), 1);
    assert!(station.identity().fingerprint.is_some());
}

#[tokio::test]
async fn nothing_is_asked_of_a_host_that_does_not_hold_the_lease() {
    let sshd = Sshd::start("");
    let (gate, greeting) = (sshd.path("home/gate"), sshd.path("home/greeting"));
    assert!(Process::new("mkfifo").args([&gate, &greeting]).status().unwrap().success());
    // Open for as long as the test: when it fails, nobody waits for a word any more.
    let mut gate = std::fs::OpenOptions::new().read(true).write(true).open(gate).unwrap();
    // The login script of the lease waits; that of the first command says that it is there.
    let script = "cd ~; case $BASH_EXECUTION_STRING in *READY*) read x <gate ;; \
        *exec*) echo there >greeting ;; esac\n";
    std::fs::write(sshd.path("home/.bashrc"), script).unwrap();
    let (ssh, lab) = (sshd.ssh(), lab());
    let mut connecting = std::pin::pin!(Station::connect(&ssh, &lab));
    let mut other = Process::new("ssh");
    other.arg("-F").arg(sshd.path("config")).args(["lab", "true"]).stdin(Stdio::null());
    let greeted = tokio::task::spawn_blocking(move || {
        assert_eq!(std::fs::read_to_string(greeting).unwrap(), "there\n");
        // A whole connection later the first command has greeted, too.
        assert!(other.status().unwrap().success());
    });
    tokio::select! {
        early = &mut connecting => panic!("{early:?}"),
        greeted = greeted => greeted.unwrap(),
    }
    std::io::Write::write_all(&mut gate, b"go\n").unwrap();
    let station = soon(connecting).await.unwrap();
    assert_eq!(stdout(&station, "echo one").await, "one\n");
}

#[tokio::test]
async fn streams_lead_to_ports_and_sockets_of_the_host() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_util::compat::FuturesAsyncReadCompatExt;
    let sshd = Sshd::start("");
    let station = sshd.station().await;
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address =
        Address::Tcp { host: "127.0.0.1".into(), port: port.local_addr().unwrap().port() };
    let (stream, accepted) = tokio::join!(soon(station.forward(&address)), soon(port.accept()));
    let (mut stream, mut accepted) = (stream.unwrap().compat(), accepted.unwrap().0);
    stream.write_all(b"ping").await.unwrap();
    let mut four = [0; 4];
    soon(accepted.read_exact(&mut four)).await.unwrap();
    assert_eq!(&four, b"ping");
    let path = sshd.path("socket");
    let socket = tokio::net::UnixListener::bind(&path).unwrap();
    let address = Address::Unix(path.display().to_string());
    let (stream, accepted) = tokio::join!(soon(station.forward(&address)), soon(socket.accept()));
    let (mut stream, mut accepted) = (stream.unwrap().compat(), accepted.unwrap().0);
    accepted.write_all(b"pong").await.unwrap();
    soon(stream.read_exact(&mut four)).await.unwrap();
    assert_eq!(&four, b"pong");
}

#[tokio::test]
async fn a_stream_that_is_refused_says_whether_it_is_forbidden() {
    // Held and never accepted from, so that nobody else gets the port that is free after it.
    let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = |listener: &std::net::TcpListener| Address::Tcp {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
    };
    let (open_at, closed_at) = (at(&open), at(&closed));
    drop(closed);
    for (line, open_is_refused, closed_is_forbidden) in [
        ("", false, false),
        ("AllowTcpForwarding local", false, false),
        ("AllowTcpForwarding no", true, true),
        ("PermitOpen 127.0.0.1:1", true, true),
    ] {
        let sshd = Sshd::start(line);
        let station = sshd.station().await;
        for _again in 0..2 {
            let opened = soon(station.forward(&open_at)).await;
            let forbidden = matches!(opened, Err(OpenError::Forbidden));
            assert_eq!((opened.is_err(), forbidden), (open_is_refused, open_is_refused), "{line}");
            let closed = soon(station.forward(&closed_at)).await;
            assert!(closed.is_err(), "{line}");
            assert_eq!(matches!(closed, Err(OpenError::Forbidden)), closed_is_forbidden, "{line}");
        }
        // The connection is what it was.
        assert_eq!(stdout(&station, "echo on").await, "on\n", "{line}");
    }
}

#[tokio::test]
async fn another_user_has_a_supervisor_and_a_base_of_his_own() {
    let sshd = Sshd::start("");
    let station = sshd.station().await;
    let mut command = Command::script("id -un; pwd; echo \"$v\"");
    command.sudo = Some("nobody".into());
    command.env.insert("v".into(), "it's".into());
    let (finished, output) = read(&station, &command).await;
    assert_eq!(finished.ending, Ending::Exited(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "nobody\n/\nit's\n");
    let configured = sshd.path("nobodys");
    std::fs::create_dir(&configured).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(sshd.path("."), mode).unwrap();
    let owner = Process::new("chown").arg("nobody").arg(&configured).status().unwrap();
    assert!(owner.success());
    let base = station.base(Some("nobody"), configured.to_str()).await.unwrap();
    assert_eq!(
        (base.path.as_str(), base.user.as_deref()),
        (configured.to_str().unwrap(), Some("nobody"))
    );
    station.launch(&base, &job("theirs"), &command, &JobTerms::default()).await.unwrap();
    let mut output = Collected::default();
    let name = job("theirs");
    let follow = station.follow(&base, &name, Offsets::default(), &mut output);
    assert_eq!(soon(follow).await.unwrap().ending, Ending::Exited(0));
    assert!(output.stdout.starts_with(b"nobody\n"), "{output:?}");
    command.sudo = Some("nosuchuser".into());
    let error = station.read(&command, ReadTerms::default(), &mut output).await.unwrap_err();
    assert!(error.to_string().contains("root ALL=(nosuchuser) NOPASSWD: /bin/sh"), "{error}");
}
