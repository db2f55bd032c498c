//! What is left of a run on the disk is all of it: who reads it later sees what was seen then.

use std::sync::Arc;

use runbook_core::base::StepId;
use runbook_core::drive::Engine;
use runbook_core::journal::{Kept, Places, PlanFacts, Snapshot, Store};
use runbook_core::plan::Plan;
use runbook_core::plan::Wanted;
use runbook_core::report::Summary;
use runbook_core::run::{Event, Run};

use crate::DEPLOY;
use crate::bench::{Bench, soon, with_person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_read_again_as_it_was() {
    let mut bench = Bench::new();
    let places = Places { chosen: Some(bench.path("state")), ..Places::default() };
    let store = Store::at(&places);
    let text = Snapshot { role: "runbook".into(), path: "test.toml".into(), text: DEPLOY.into() };
    let new = store.begin(std::slice::from_ref(&text)).unwrap();
    let mut plan = Plan::clone(&bench.plan(DEPLOY));
    plan.run.id = new.directory.id().clone();
    let plan = Arc::new(plan);
    new.directory.write_facts(&PlanFacts::of(&plan, &Wanted::default())).unwrap();

    let mut parts = bench.parts();
    parts.journal = Box::new(new.journal);
    parts.outputs = Some(new.directory.outputs());
    let finished = soon(Engine::new(parts).run(Arc::clone(&plan), with_person())).await;
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    assert_eq!(finished.journal, Some(new.directory.journal_path()));

    let run = store.find(Some(finished.run.as_str())).unwrap();
    assert!(!run.is_driven().unwrap());
    assert_eq!(run.facts().unwrap(), PlanFacts::of(&plan, &Wanted::default()));
    assert_eq!(run.snapshots().unwrap(), [text]);
    let recorded = run.recorded().unwrap();
    assert_eq!(recorded.torn, None);
    assert_eq!(Summary::of(&recorded.records), finished.summary);
    let events = recorded.records.iter().map(|record| &record.fact);
    let replayed = Run::replay(plan, with_person(), events);
    assert_eq!(replayed.state().ended, Some(0));
    let outputs = run.outputs();
    let put: StepId = "put".parse().unwrap();
    let mut seen = 0;
    for record in &recorded.records {
        if let Event::Exited { attempt, outcome } = &record.fact
            && attempt.step == put
        {
            assert_eq!(outputs.kept(attempt, "out", &outcome.stdout), Kept::Whole);
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}
