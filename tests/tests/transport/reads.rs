//! Attached programs under every shell, over the local way.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use runbook_core::plan::{Command, Program, Shell};
use runbook_core::transport::station::ReadTerms;
use runbook_core::transport::{Collected, Ending, OutputSink, Station};

use crate::world::{Heard, SHELLS, local, read, soon, stdout};

/// Values that have broken something somewhere.
fn hostile() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        " ",
        "-n",
        "--",
        "-",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "\\n",
        "a\nb",
        "\n",
        "\n\n",
        "a\n",
        "$(touch /tmp/owned)",
        "`id`",
        "${HOME}",
        "$N",
        "'\"$N\"'",
        "*",
        "~",
        "!",
        "#",
        "a;b",
        "%s",
        "\r\n",
        "\t",
        "\u{1}\u{7f}",
        "é ü 漢字 😀 \u{202e}",
        "\u{81}\u{88}",
        "=",
        "a=b",
        "{{ x }}",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("'\n".repeat(30_000));
    values.push("x".repeat(64 * 1024));
    values
}

/// The value as a variable, as an argument of a script and of an argv, and as stdin.
async fn comes_back(station: &Station, value: &str) -> Result<(), String> {
    let mut script = Command::script("printf '%s|' \"$v\" \"$1\"; cat");
    script.env.insert("v".into(), value.to_owned());
    script.args.push(value.to_owned());
    script.stdin = Some(value.to_owned());
    let (_, output) = read(station, &script).await;
    if output.stdout != format!("{value}|{value}|{value}").into_bytes() {
        return Err(format!("script: {:?}", String::from_utf8_lossy(&output.stdout)));
    }
    let argv = ["printf", "%s", value].map(str::to_owned).to_vec();
    let (_, output) = read(station, &Command::new(Program::Argv(argv))).await;
    if output.stdout != value.as_bytes() {
        return Err(format!("argv: {:?}", String::from_utf8_lossy(&output.stdout)));
    }
    Ok(())
}

#[tokio::test]
async fn hostile_values_come_back_unchanged() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        for value in hostile() {
            let start: String = value.chars().take(40).collect();
            comes_back(&station, &value)
                .await
                .unwrap_or_else(|why| panic!("{sh} {start:?}: {why}"));
        }
    }
}

#[test]
fn any_value_comes_back_unchanged() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = runtime.block_on(local(home.path(), sh));
        let any = "([^\\x00]|['\"$`\\\\\n!-]){0,40}";
        TestRunner::new(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(60)
        })
        .run(&any, |value| {
            runtime.block_on(comes_back(&station, &value)).map_err(TestCaseError::fail)
        })
        .unwrap();
    }
}

#[tokio::test]
async fn scripts_stop_at_the_first_error_and_say_where() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let (finished, output) =
            read(&station, &Command::script("echo one\nfalse\necho two")).await;
        assert_eq!(
            (finished.ending, output.stdout),
            (Ending::Exited(1), b"one\n".to_vec()),
            "{sh}"
        );
        let (finished, output) = read(&station, &Command::script("echo one\necho $nope")).await;
        assert_ne!(finished.ending.code(), Some(0), "{sh}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("nope") && !output.stdout.is_empty(), "{sh}: {said}");
        let (finished, output) = read(&station, &Command::script("echo one\nif true; then")).await;
        assert_ne!(finished.ending.code(), Some(0), "{sh}");
        assert!(!output.stderr.is_empty(), "{sh}");
        let (finished, output) = read(
            &station,
            &Command::new(Program::Script {
                text: "false | true; x=(1 2); echo ${#x[@]}".into(),
                shell: Shell::Bash,
            }),
        )
        .await;
        assert_eq!((finished.ending, output.stdout), (Ending::Exited(1), vec![]), "{sh}");
    }
}

#[tokio::test]
async fn every_way_to_end_is_told_apart() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let ends = async |command: Command| read(&station, &command).await.0.ending;
        assert_eq!(ends(Command::script("exit 42")).await, Ending::Exited(42), "{sh}");
        assert_eq!(ends(Command::script("exit 255")).await, Ending::Exited(255), "{sh}");
        assert_eq!(
            ends(Command::script("no-such-program-here")).await,
            Ending::Exited(127),
            "{sh}"
        );
        assert_eq!(ends(Command::script("kill -9 $$")).await, Ending::Signalled(9), "{sh}");
        assert_eq!(ends(Command::script("kill -TERM 0")).await, Ending::Signalled(15), "{sh}");
        let argv = Command::new(Program::Argv(vec!["no-such-program-here".into()]));
        assert_eq!(ends(argv).await, Ending::Exited(127), "{sh}");
        let mut nowhere = Command::script("true");
        nowhere.cwd = Some("/no/such/directory".into());
        assert_eq!(ends(nowhere).await, Ending::NotStarted, "{sh}");
        assert_eq!(stdout(&station, "pwd").await.trim(), home.path().to_str().unwrap(), "{sh}");
    }
}

#[tokio::test]
async fn what_eats_stdin_does_not_eat_the_script() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        assert_eq!(stdout(&station, "echo one\ncat\ncat\necho two").await, "one\ntwo\n", "{sh}");
    }
}

#[tokio::test]
async fn a_scratch_directory_is_there_and_gone() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let terms = ReadTerms { scratch: true, ..ReadTerms::default() };
        let mut output = Collected::default();
        let script = Command::script("cd \"$runbook_tmp\"; touch x; stat -c %a .; pwd");
        soon(station.read(&script, terms, &mut output)).await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (mode, path) = text.trim().split_once('\n').unwrap();
        assert_eq!(mode, "700", "{sh}");
        assert!(!std::path::Path::new(path).exists(), "{sh}: {path}");
    }
}

#[tokio::test]
async fn what_keeps_stdout_open_does_not_delay_the_end() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let (finished, output) = read(&station, &Command::script("sleep 3600 & echo $!")).await;
        assert!(finished.left_behind, "{sh}");
        let pid: i32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid).unwrap(),
            rustix::process::Signal::KILL,
        )
        .unwrap();
        assert_eq!(stdout(&station, "echo next").await, "next\n", "{sh}");
    }
}

#[tokio::test]
async fn a_dropped_read_is_killed_with_all_its_children() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let (mut sink, mut ear) = Heard::new();
        let script =
            "trap '' TERM; sleep 3600 & echo $$; echo $!; setsid sleep 3600 & echo $!; wait";
        let command = Command::script(script);
        let reading = station.read(&command, ReadTerms::default(), &mut sink);
        let pids = async { [ear.process().await, ear.process().await, ear.process().await] };
        let pids = tokio::select! {
            ended = reading => panic!("{sh}: it ended: {ended:?}"),
            pids = pids => pids,
        };
        for process in pids {
            process.ended().await;
        }
        assert_eq!(stdout(&station, "echo next").await, "next\n", "{sh}");
    }
}

#[tokio::test]
async fn a_read_over_its_time_is_killed_and_says_so() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        let (mut sink, mut ear) = Heard::new();
        let terms = ReadTerms { timeout: Some(Duration::from_millis(300)), scratch: true };
        let command = Command::script("sleep 3600 & echo $$; echo $!; wait");
        let finished = soon(station.read(&command, terms, &mut sink)).await.unwrap();
        assert_eq!(finished.ending, Ending::TimedOut, "{sh}");
        drop(sink);
        for line in [ear.line().await, ear.line().await] {
            assert!(!std::path::Path::new(&format!("/proc/{line}/cwd/.")).exists(), "{sh}");
        }
        let left = std::fs::read_dir(home.path()).unwrap().flatten();
        assert_eq!(
            left.filter(|e| e.file_name().to_string_lossy().contains("runbook-")).count(),
            0
        );
    }
}

#[tokio::test]
async fn reads_of_one_host_run_beside_each_other() {
    for sh in SHELLS {
        let home = tempfile::tempdir().unwrap();
        let station = local(home.path(), sh).await;
        // Each waits for the other: one after the other they would never end.
        let made =
            std::process::Command::new("mkfifo").arg(home.path().join("f")).status().unwrap();
        assert!(made.success());
        let (writes, reads) = (Command::script("echo x >f"), Command::script("cat f"));
        let (one, other) = tokio::join!(read(&station, &writes), read(&station, &reads));
        assert_eq!(one.0.ending, Ending::Exited(0), "{sh}");
        assert_eq!(other.1.stdout, b"x\n", "{sh}");
    }
}

/// Counts and forgets.
#[derive(Default)]
struct Count(u64);

impl OutputSink for Count {
    fn stdout(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
    fn stderr(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
}

#[tokio::test]
async fn a_flood_is_not_kept_in_memory() {
    let home = tempfile::tempdir().unwrap();
    let station = local(home.path(), "/bin/sh").await;
    let mut count = Count::default();
    let command = Command::script("head -c 100000000 /dev/zero; head -c 1000000 /dev/zero >&2");
    let finished = soon(station.read(&command, ReadTerms::default(), &mut count)).await.unwrap();
    assert_eq!((finished.stdout_bytes, finished.stderr_bytes), (100_000_000, 1_000_000));
    assert_eq!(count.0, 101_000_000);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = most.trim().split(' ').next().unwrap().parse().unwrap();
    assert!(kib < 100 * 1024, "{kib} KiB");
}
