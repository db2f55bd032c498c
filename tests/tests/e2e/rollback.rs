//! A bad release is rolled back: what the plan said is what the run does, and no more.

use runbook_core::run::{About, Effect, Event, Slot, StepStatus};
use runbook_tests::{Engine, Images, Terminal};
use serde_json::Value;

use crate::journal::Journal;
use crate::person::{Person as _, assert_fits};
use crate::shop::Shop;

#[test]
fn a_bad_release_is_rolled_back_as_the_plan_said() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1"]);
    let plan = planned(&shop);
    let mut terminal = shop.rollback_by_hand("run", "v1", &[]);
    terminal.answer("may not survive", "image");
    terminal.answer("to agree", "yes");
    stays_well(&shop, &terminal);
    terminal.answer("Who owns", "Ada");
    terminal.answer("when it is done", "done");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 0, "{shown}");
    for told in ["RESOLVED", "goal ✓", "✓ 8 done", "pull on app1, pin on app1, up on app1"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }

    let image = Images::shared().id(Engine::shared(), "v1");
    assert_eq!(shop.stack().image_ids()["app"], image);
    assert_eq!((shop.stack().tag().as_str(), shop.stack().health()), ("v1", Some(200)));
    let journal = Journal::newest(&shop.operator);
    does_what_was_planned(&plan, &journal);
    held(&journal);
    kept_the_evidence_first(&shop, &journal);
    shop.assert_nothing_left();
}

/// The plan as a program reads it. Making it, and drawing it, changes nothing.
fn planned(shop: &Shop<'_>) -> Value {
    let before = shop.stack().snapshot();
    let planned = shop.rollback("plan", "v1", &["-o", "json"]);
    planned.assert_code(0);
    let drawn = shop.rollback("plan", "v1", &["--diff"]);
    drawn.assert_code(0);
    assert_fits(&drawn.stdout);
    for told in ["bad_tag = v2", "window    2s", "IMAGE_TAG=v1", "503 Service Unavailable"] {
        assert!(drawn.stdout.contains(told), "{told}: {drawn}");
    }
    assert_eq!(shop.stack().snapshot(), before, "a plan changes nothing");
    assert_eq!(Journal::count(&shop.operator), 0, "a plan is no run");
    shop.assert_nothing_left();
    serde_json::from_str(&planned.stdout).expect("a plan is one JSON document")
}

/// While the hold lasts the app answers 200, asked from outside.
fn stays_well(shop: &Shop<'_>, terminal: &Terminal) {
    terminal.wait_for("✓ up");
    while !terminal.screen().contains("Who owns") {
        assert_eq!(shop.stack().health(), Some(200));
    }
}

/// The steps of the plan and of the run are the same, and of each change the very bytes.
fn does_what_was_planned(plan: &Value, journal: &Journal) {
    let steps = plan["steps"].as_array().expect("a plan has steps");
    let ended = journal.facts().filter_map(|fact| match fact {
        Event::StepEnded { step, status: StepStatus::Done, .. } => Some(step.to_string()),
        _ => None,
    });
    let planned = steps.iter().map(|step| step["id"].as_str().expect("a step has an id"));
    assert_eq!(ended.collect::<Vec<_>>(), planned.collect::<Vec<_>>());

    let changes: Vec<_> = journal.sent().into_iter().filter(|sent| sent.1 > Effect::Read).collect();
    assert_eq!(changes.len(), 3);
    assert_eq!(plan["ledger"]["changes"], changes.len());
    for (attempt, _, payload) in changes {
        let step = steps.iter().find(|step| step["id"] == attempt.step.as_str());
        let (host, planned) = pair(&step.expect("it was planned")["payloads"][0]);
        assert_eq!(host, attempt.host.as_str());
        // the run's own id is the one value that a plan cannot know
        let sent = serde_json::to_string(payload).expect("what was sent is data");
        let sent = sent.replace(&format!(":\"{}\"", journal.run), ":\"preview\"");
        assert_eq!(serde_json::from_str::<Value>(&sent).expect("it was JSON"), *planned);
    }
}

fn pair(value: &Value) -> (&str, &Value) {
    (value[0].as_str().expect("a host"), &value[1])
}

/// Every sample of the hold held.
fn held(journal: &Journal) {
    let samples =
        journal.facts().filter_map(|fact| match fact {
            Event::Sampled {
                about: About::Step { step, slot: Slot::Checks, .. }, verdict, ..
            } if step.as_str() == "hold" => Some(verdict.held()),
            _ => None,
        });
    let samples: Vec<bool> = samples.collect();
    assert!(samples.len() >= 4 && samples.iter().all(|held| *held), "{samples:?}");
}

/// What the bad release said was kept before anything was changed, and can be read afterwards.
fn kept_the_evidence_first(shop: &Shop<'_>, journal: &Journal) {
    let kept = journal.place(
        "the end of `evidence`",
        |fact| matches!(fact, Event::Exited { attempt, .. } if attempt.step.as_str() == "evidence"),
    );
    let changed = journal
        .place("a change", |fact| matches!(fact, Event::Intended { effect: Effect::Change, .. }));
    assert!(kept < changed, "{kept} {changed}");
    let logs = shop.operator.run(&["logs", &journal.run, "evidence"]);
    logs.assert_code(0);
    assert!(logs.stdout.contains("app v2: listening"), "{logs}");
    let history = shop.operator.run(&["history"]);
    history.assert_code(0);
    assert!(history.stdout.contains(&journal.run), "{history}");
}
