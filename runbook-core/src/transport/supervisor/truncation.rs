//! Cut anywhere, nothing runs: every prefix of what is sent, under every shell.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "real shells are given less than they were promised"
)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use super::body::{Purpose, encode, quote};
use super::{BOOTSTRAP, programs};
use crate::base::Digest;
use crate::plan::Command;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

/// A shell in a group of its own.
fn start(shell: &[&str], arguments: &[&str], home: &Path) -> Child {
    Process::new(shell[0])
        .args(&shell[1..])
        .args(arguments)
        .env("HOME", home)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Gives a shell these bytes and then the end of its stdin; waits until nobody holds its stdout.
fn feed(shell: &[&str], arguments: &[&str], bytes: &[u8], home: &Path) -> String {
    let mut child = start(shell, arguments, home);
    // A shell that has seen enough does not read the rest.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Says how often it was tried; the test runner shows nothing else that a passing test prints.
fn tell(what: &str, lengths: usize) {
    let (tried, shells) = (lengths * SHELLS.len(), SHELLS.len());
    let line =
        format!("{what} cut at each of {lengths} bytes, {shells} shells: {tried} cut, 0 ran\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn purpose(script_file: bool) -> Purpose<'static> {
    Purpose { sh: "/bin/sh", mark: "m", scratch: false, script_file }
}

#[test]
fn a_read_that_was_cut_never_runs() {
    let body = encode(&Command::script(">ran"), purpose(false)).unwrap();
    let mut greeting = "~h\neval ".to_owned();
    quote(&mut greeting, &programs::SUPERVISOR, "the supervisor").unwrap();
    greeting.push_str("\n~h\n");
    let frame = format!("run ~t\n{body}\n~t\n");
    for shell in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let ran = home.path().join("ran");
        let send = |length: usize| {
            let bytes = [greeting.as_bytes(), &frame.as_bytes()[..length]].concat();
            feed(shell, &["-c", BOOTSTRAP], &bytes, home.path())
        };
        for length in 0..frame.len() {
            let answer = send(length);
            assert!(answer.starts_with("~h "), "{shell:?}: {answer}");
            assert!(!ran.exists(), "{shell:?} ran {:?}", &frame[..length]);
        }
        // The whole of it runs, while its stdin stays open.
        let mut child = start(shell, &["-c", BOOTSTRAP], home.path());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(greeting.as_bytes()).unwrap();
        stdin.write_all(frame.as_bytes()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "~t 0 ran 0"), "{shell:?}");
        assert!(ran.exists(), "{shell:?}");
        drop(stdin);
        child.wait().unwrap();
    }
    tell("a read", frame.len());
}

#[test]
fn a_supervisor_that_was_cut_never_starts() {
    let mut greeting = "~h\neval ".to_owned();
    quote(&mut greeting, "echo started", "the supervisor").unwrap();
    greeting.push_str("\n~h\n");
    for shell in SHELLS {
        let home = tempfile::tempdir().unwrap();
        for length in 0..greeting.len() - 1 {
            let bytes = &greeting.as_bytes()[..length];
            assert_eq!(feed(shell, &["-c", BOOTSTRAP], bytes, home.path()), "", "{shell:?}");
        }
        let whole = feed(shell, &["-c", BOOTSTRAP], greeting.as_bytes(), home.path());
        assert_eq!(whole, "started\n", "{shell:?}");
    }
}

#[test]
fn a_job_that_was_cut_never_runs() {
    let mut command = Command::script("echo ran >>\"$HOME/ran\"");
    command.env.insert("v".into(), "$(touch owned)".into());
    let body = encode(&command, purpose(true)).unwrap();
    let sha = Digest::of(&body).to_string();
    for shell in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let run = |name: String, bytes: &[u8]| {
            let job = home.path().join(name);
            std::fs::create_dir(&job).unwrap();
            let job = job.to_str().unwrap();
            let arguments = ["-c", &programs::RUNNER, "runner", job, "setsid --", "022", &sha];
            let arguments = [&arguments[..], &["", "", "kill", "1", "1000"]].concat();
            feed(shell, &arguments, bytes, home.path())
        };
        for length in 0..body.len() {
            let answer = run(length.to_string(), &body.as_bytes()[..length]);
            assert!(answer.starts_with("void "), "{shell:?} {length}: {answer}");
        }
        assert!(!home.path().join("ran").exists(), "{shell:?}");
        assert!(run("whole".into(), body.as_bytes()).starts_with("started "), "{shell:?}");
    }
    tell("a job", body.len());
}
