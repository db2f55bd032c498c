//! The driver over real shells of this machine: what is done, in which order, and what is not done
//! when something breaks.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "what the engine did is looked at in files and processes"
)]

mod bench;
mod breaks;
mod kept;
mod order;
mod plan_files;

use std::fs;
use std::sync::Arc;

use runbook_core::base::StepId;
use runbook_core::confirm::NoPerson;
use runbook_core::drive::Engine;
use runbook_core::plan::Plan;
use runbook_core::run::{Effect, Options, StepStatus};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use bench::{Bench, soon, with_person};

fn step(id: &str) -> StepId {
    id.parse().unwrap()
}

/// A read, a change on two hosts and its proof.
const DEPLOY: &str = r#"
[role.app]

[[step]]
id = "look"
on = "local"
read = "echo v1"
capture = { tag = "version" }

[[step]]
id = "put"
change = '''
echo "putting $tag"
echo "$tag" > HOME/$runbook_host
'''
verify = { read = "cat HOME/$runbook_host", expect = "v1" }
no_undo = "a file"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_made_on_every_host_and_proved() {
    let mut bench = Bench::new();
    let finished = bench.run(DEPLOY).await;
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    for host in ["a1", "a2"] {
        assert_eq!(fs::read_to_string(bench.path(host)).unwrap(), "v1\n");
        let kept = bench.path("output").join(format!("put.{host}.1.out"));
        assert_eq!(fs::read_to_string(kept).unwrap(), "putting v1\n");
    }
    let summary = finished.summary;
    assert_eq!(summary.steps[&step("put")].status, Some(StepStatus::Done));
    assert_eq!(summary.touched(Effect::Change)[&step("put")].len(), 2);
    assert_eq!(summary.in_doubt().count(), 0);
    assert_eq!(summary.values[0].value.as_ref().unwrap().text(), "v1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fails_says_why_and_stops_the_run() {
    let mut bench = Bench::new();
    let text = r#"
[[step]]
id = "put"
change = "echo no room >&2; exit 3"
no_undo = "it changes nothing"

[[step]]
id = "never"
change = "touch HOME/never"
no_undo = "a file"
"#;
    let finished = bench.run(text).await;
    assert_eq!(finished.code, 1);
    let why = finished.summary.steps[&step("put")].hosts[0].why.as_ref().unwrap();
    assert!(why.contains("exit 3") && why.contains("no room"), "{why}");
    assert!(!bench.path("never").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_person_nothing_is_changed() {
    let mut bench = Bench::new();
    let mut parts = bench.parts();
    parts.confirmer = Arc::new(NoPerson);
    let finished = soon(Engine::new(parts).run(bench.plan(DEPLOY), Options::default())).await;
    assert_eq!(finished.code, 4, "{}", finished.sentence);
    assert!(bench.log.sent("putting").is_none());
    assert!(!bench.path("a1").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_another_one_is_refused_before_anything() {
    let mut bench = Bench::new();
    let parts = bench.parts();
    let mut plan = Plan::clone(&bench.plan(DEPLOY));
    plan.hosts[0].expect.hostname = Some("somebody-else".to_owned());
    let finished = soon(Engine::new(parts).run(Arc::new(plan), with_person())).await;
    assert_eq!(finished.code, 8, "{}", finished.sentence);
    assert!(
        finished.sentence.contains("the inventory says `somebody-else`"),
        "{}",
        finished.sentence
    );
    assert!(bench.log.sent("putting").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_is_told_who_holds_the_lock() {
    let text = r#"
lock = "deploy HOME"

[[step]]
id = "hold"
change = "echo holding; cat HOME/gate"
no_undo = "it waits"
"#;
    let mut bench = Bench::new();
    make_fifo(&bench.path("gate"));
    let plan = bench.plan(text);
    let first = tokio::spawn(Engine::new(bench.parts()).run(Arc::clone(&plan), with_person()));
    bench::printed(bench.heard.as_mut().unwrap(), "holding").await;
    let second = soon(Engine::new(bench.parts()).run(plan, with_person())).await;
    assert_eq!(second.code, 6);
    assert!(second.sentence.contains("run t35t of ana"), "{}", second.sentence);
    open_gate(&bench.path("gate")).await;
    assert_eq!(soon(first).await.unwrap().code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_is_asked_over_http_and_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            if stream.read(&mut request).await.unwrap_or(0) > 0 {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nup";
                let _ = stream.write_all(answer).await;
            }
        }
    });
    let text = r#"
[role.app]

[[goal]]
http = "http://127.0.0.1:PORT/health"
expect = 200

[[goal]]
tcp = "127.0.0.1:PORT"
on = "local"

[[step]]
id = "look"
read = "true"
"#;
    let mut bench = Bench::new();
    let finished = bench.run(&text.replace("PORT", &port.to_string())).await;
    server.abort();
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    let goal = finished.summary.goal().unwrap();
    assert!(goal.verdict.as_ref().unwrap().held(), "{goal:?}");
    assert_eq!(goal.checks.len(), 3, "http on both hosts, tcp once: {goal:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_a_change_that_is_answered_or_unknown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes the request and hangs up without a word.
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
    });
    let text = r#"
[[step]]
id = "hook"
change = { http = { url = "http://127.0.0.1:PORT/hook", body = "x" } }
no_undo = "a message"
"#;
    let finished = Bench::new().run(&text.replace("PORT", &port.to_string())).await;
    server.abort();
    assert_eq!(finished.code, 5, "{}", finished.sentence);
    assert_eq!(finished.summary.in_doubt().count(), 1);
}

/// A pipe with a name, at which a script waits for the test.
fn make_fifo(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Lets the script that reads the pipe go on.
async fn open_gate(path: &std::path::Path) {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || fs::write(path, "go"));
    soon(opened).await.unwrap().unwrap();
}
