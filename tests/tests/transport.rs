//! The transport against real shells and a real sshd. Knows nothing of runbooks.

use runbook_core::base::{AttemptNumber, HostName};
use runbook_core::plan::Command;
use runbook_core::transport::local::Local;
use runbook_core::transport::station::{JobTerms, Offsets, ReadTerms};
use runbook_core::transport::{Collected, Destination, Ending, JobName, Station};

/// The shells that stand as `/bin/sh` somewhere.
const SHELLS: [&str; 3] = ["/usr/bin/dash", "/usr/bin/bash", "/usr/bin/busybox sh"];

fn local_with(home: &std::path::Path) -> Local {
    let variables = [
        ("PATH".to_owned(), std::env::var("PATH").unwrap()),
        ("HOME".to_owned(), home.display().to_string()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ];
    Local::new(variables, &[] as &[&str])
}

async fn station(home: &std::path::Path, sh: &str) -> Station {
    let destination = Destination::new(HostName::local());
    Station::connect_with_shell(&local_with(home), &destination, sh).await.unwrap()
}

async fn read(station: &Station, command: &Command) -> (Ending, String, String) {
    let mut output = Collected::default();
    let finished = station.read(command, ReadTerms::default(), &mut output).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (finished.ending, text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn smoke() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = station(home.path(), sh).await;
        println!("{sh} {:?}", station.identity());
        println!(
            "{:?}",
            read(&station, &Command::script("echo hi; echo err >&2; pwd; exit 3")).await
        );
        let base = station.base(None, None).await.unwrap();
        println!("{base:?}");
        let name = JobName::new(&"R1".parse().unwrap(), "a", &HostName::local(), AttemptNumber(1));
        let mut command = Command::script("echo \"$v\"; echo e >&2; cat; exit 7");
        command.env.insert("v".into(), "it's\n$x".into());
        command.stdin = Some("in\n".into());
        let t = std::time::Instant::now();
        println!("{:?}", station.launch(&base, &name, &command, &JobTerms::default()).await);
        println!("launch {:?}", t.elapsed());
        let mut output = Collected::default();
        println!("{:?}", station.follow(&base, &name, Offsets::default(), &mut output).await);
        println!("all {:?} {output:?}", t.elapsed());
        let t = std::time::Instant::now();
        for _ in 0..100 {
            read(&station, &Command::script("true")).await;
        }
        println!("read {:?}", t.elapsed() / 100);
    }
}
