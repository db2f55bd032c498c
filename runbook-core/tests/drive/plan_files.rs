//! A plan file by the library alone: made of a preview, carried, executed, and used up before the first
//! byte of a change leaves.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use runbook_core::base::Source;
use runbook_core::document::RunbookDocument;
use runbook_core::drive::{Engine, Finished};
use runbook_core::journal::{Places, PlanFile, Snapshot, Store, UsedPlans};
use runbook_core::plan::{Plan, RunFacts, Wanted};
use runbook_core::run::{Event, Foreseen, Options, Run};
use runbook_core::runbook::Runbook;

use crate::bench::{Bench, Seen, soon};

const TEXT: &str = r#"
format = 1
title = "A test"
[role.app]
[[step]]
id = "look"
read = "cat HOME/version"
capture = { version = "version" }
[[step]]
id = "put"
change = 'echo "$version" >> HOME/put'
no_undo = "a file"
verify = { read = "test -e HOME/put" }
"#;

fn facts(id: &str) -> RunFacts {
    let started = Timestamp::UNIX_EPOCH;
    RunFacts { id: id.parse().unwrap(), started, operator: "ana".to_owned() }
}

/// The plan file of a preview in a home where the version is 1.
async fn planned(bench: &mut Bench) -> PlanFile {
    std::fs::write(bench.path("version"), "1\n").unwrap();
    let home = bench.path("").display().to_string();
    let text = TEXT.replace("HOME", home.trim_end_matches('/'));
    let parsed = RunbookDocument::parse(Source::new("test.toml", text.clone()));
    let runbook = Runbook::validate(&parsed, "test").0.unwrap();
    let wanted = Wanted { local: true, ..Wanted::default() };
    let request = wanted.request(Arc::new(runbook), None, facts("preview"));
    let plan = Arc::new(Plan::bind(request).unwrap());
    let options = Options { preview_only: true, ..Options::default() };
    let parts = bench.parts();
    let finished = soon(Engine::new(parts).run(Arc::clone(&plan), options.clone())).await;
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    let written = bench.log.seen().into_iter().flat_map(|seen| match seen {
        Seen::Written(facts, _) => facts,
        _ => Vec::new(),
    });
    let written: Vec<Event> = written.collect();
    let run = Run::replay(plan, options, &written);
    let snapshot = Snapshot { role: "runbook".into(), path: "test.toml".into(), text };
    PlanFile::now(&run, &wanted, vec![snapshot]).unwrap()
}

fn store(place: &Path) -> UsedPlans {
    Store::at(&Places { chosen: Some(place.join("state")), ..Places::default() }).plans()
}

async fn run(
    bench: &mut Bench,
    file: &PlanFile,
    id: &str,
    foreseen: Foreseen,
    plans: Option<UsedPlans>,
) -> Finished {
    let plan = Arc::new(file.plan(facts(id)).unwrap());
    let options = Options { person: true, foreseen: Some(foreseen), ..Options::default() };
    let mut parts = bench.parts();
    parts.plans = plans;
    soon(Engine::new(parts).run(plan, options)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedder_executes_a_plan_file_and_it_is_used_up_before_the_change_leaves() {
    let mut first = Bench::new();
    let file = planned(&mut first).await;
    let path = first.path("fix.plan");
    file.write(&path).unwrap();
    let file = PlanFile::read(&path).unwrap();
    let plans = store(&first.path(""));
    let mut bench = Bench::new();
    let foreseen = || file.foreseen();
    let finished = run(&mut bench, &file, "t1", foreseen(), Some(plans.clone())).await;
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    let taken = bench.log.synced(|fact| matches!(fact, Event::PlanTaken { .. })).unwrap();
    assert!(taken < bench.log.sent("/put").unwrap(), "it was used up before the change left");
    assert_eq!(plans.used(file.id()).unwrap().unwrap().run.as_str(), "t1");
    // Whoever comes later is told by whom it was used.
    let mut bench = Bench::new();
    let again = run(&mut bench, &file, "t2", foreseen(), Some(plans)).await;
    assert_eq!(again.code, 7);
    assert!(again.sentence.contains("by run t1 of ana"), "{}", again.sentence);
    assert_eq!(bench.log.sent(">> "), None, "nothing of the change left");
    assert_eq!(std::fs::read_to_string(first.path("put")).unwrap(), "1\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_its_use_cannot_be_written_down_or_it_is_too_old_nothing_is_sent() {
    let mut first = Bench::new();
    let file = planned(&mut first).await;
    let fresh = file.foreseen();
    let old = Foreseen { expires: fresh.written, ..fresh.clone() };
    let later = fresh.written + SignedDuration::from_hours(1);
    let future = Foreseen { written: later, expires: later, ..fresh.clone() };
    let blocked = first.path("blocked");
    std::fs::write(&blocked, "a file, and no directory").unwrap();
    let chosen = Some(blocked.join("state"));
    let unwritable = Store::at(&Places { chosen, memory: blocked, ..Places::default() }).plans();
    let plans = store(&first.path(""));
    let cases = [
        (fresh.clone(), None, "nowhere to write down"),
        (fresh, Some(unwritable), "it cannot be written down that the plan is used"),
        (old, Some(plans.clone()), "expired"),
        (future, Some(plans.clone()), "a clock is wrong"),
    ];
    for (foreseen, plans, says) in cases {
        let mut bench = Bench::new();
        let finished = run(&mut bench, &file, "t1", foreseen, plans).await;
        assert_eq!(finished.code, 7, "{}", finished.sentence);
        assert!(finished.sentence.contains(says), "{says}: {}", finished.sentence);
        assert_eq!(bench.log.sent(">> "), None);
    }
    assert!(!first.path("put").exists());
    assert_eq!(plans.used(file.id()).unwrap(), None);
}
