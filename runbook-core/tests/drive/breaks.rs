//! Links that are cut and people who leave, while something runs.

use std::fs;
use std::sync::Arc;

use runbook_core::drive::Engine;
use runbook_core::run::StepStatus;
use tokio::io::AsyncReadExt;

use crate::bench::{Bench, printed, soon, with_person};
use crate::{make_fifo, open_gate, step};

/// A change that says when it runs, waits for the test, and says when it is over.
const SLOW: &str = r#"
[[step]]
id = "slow"
change = '''
echo once >> HOME/count
echo it runs
cat HOME/gate
echo it ends
echo over > HOME/over
'''
no_undo = "a file"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_outlives_its_connection_and_runs_once() {
    let mut bench = Bench::new();
    make_fifo(&bench.path("gate"));
    let text = SLOW.replace("echo over > HOME/over", "true");
    let plan = bench.plan(&text);
    let running = tokio::spawn(Engine::new(bench.parts()).run(plan, with_person()));
    let mut heard = bench.heard.take().unwrap();
    printed(&mut heard, "it runs").await;
    bench.way.cut();
    open_gate(&bench.path("gate")).await;
    printed(&mut heard, "it ends").await;
    let finished = soon(running).await.unwrap();
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    assert_eq!(fs::read_to_string(bench.path("count")).unwrap(), "once\n");
    let kept = fs::read_to_string(bench.path("output").join("slow.local.1.out")).unwrap();
    assert_eq!(kept, "it runs\ngoit ends\n", "nothing twice, nothing left out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_detaches_leaves_the_change_running() {
    let mut bench = Bench::new();
    make_fifo(&bench.path("gate"));
    make_fifo(&bench.path("over"));
    let plan = bench.plan(SLOW);
    let engine = Engine::new(bench.parts());
    let control = engine.control();
    let running = tokio::spawn(engine.run(plan, with_person()));
    printed(bench.heard.as_mut().unwrap(), "it runs").await;
    control.stop("SIGINT");
    let finished = soon(running).await.unwrap();
    assert_eq!(finished.code, 9, "{}", finished.sentence);
    assert_eq!(finished.summary.in_doubt().count(), 1);
    // It goes on by itself, to its end.
    open_gate(&bench.path("gate")).await;
    let mut over = tokio::fs::File::open(bench.path("over")).await.unwrap();
    let mut word = String::new();
    soon(over.read_to_string(&mut word)).await.unwrap();
    assert_eq!(word, "over\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_is_cut_is_made_again() {
    let mut bench = Bench::new();
    make_fifo(&bench.path("gate"));
    let text = r#"
[[step]]
id = "look"
read = '''
echo once >> HOME/count
echo it runs
if [ "$(wc -l < HOME/count)" -eq 1 ]; then cat HOME/gate; fi
echo v1
'''
expect = { contains = "v1" }
"#;
    let plan = bench.plan(text);
    let running = tokio::spawn(Engine::new(bench.parts()).run(Arc::clone(&plan), with_person()));
    printed(bench.heard.as_mut().unwrap(), "it runs").await;
    bench.way.cut();
    let finished = soon(running).await.unwrap();
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    assert_eq!(finished.summary.steps[&step("look")].status, Some(StepStatus::Done));
    assert_eq!(fs::read_to_string(bench.path("count")).unwrap(), "once\nonce\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_another_run_with_the_same_id_is_not_taken_for_ours() {
    let mut bench = Bench::new();
    let text = r#"
[[step]]
id = "put"
change = "echo once >> HOME/count"
no_undo = "a file"
"#;
    assert_eq!(bench.run(text).await.code, 0);
    let again = bench.run(text).await;
    assert_eq!(again.code, 5, "{}", again.sentence);
    assert_eq!(fs::read_to_string(bench.path("count")).unwrap(), "once\n");
}
