//! Facts first, bytes after: the write-ahead rule, seen from outside.

use std::sync::Arc;

use runbook_core::confirm::{Answering, Asked, Confirmer};
use runbook_core::drive::Engine;
use runbook_core::report::summary::Fate;
use runbook_core::run::{Effect, Event, Question};

use crate::bench::{Agreeable, Bench, LoggedJournal, Seen, Spied, soon, with_person};

/// A read, a change and a destroy, each with a word of its own.
const THREE: &str = r#"
[[step]]
id = "look"
read = "echo word_of_the_read"

[[step]]
id = "put"
change = "echo word_of_the_change > HOME/put"
verify = { read = "grep -q word HOME/put" }
undo = "rm HOME/put"

[[step]]
id = "drop"
destroy = "echo word_of_the_destroy; rm HOME/put"
affects = "nobody"
no_undo = "gone is gone"
proof = ["put"]
"#;

fn intends(wanted: Effect) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Intended { effect, .. } if *effect == wanted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_change_leaves_before_its_intent_is_synced() {
    let mut bench = Bench::new();
    let finished = bench.run(THREE).await;
    assert_eq!(finished.code, 0, "{}", finished.sentence);
    for (effect, word) in
        [(Effect::Change, "word_of_the_change"), (Effect::Destroy, "word_of_the_destroy")]
    {
        let intended = bench.log.synced(intends(effect)).expect("it is intended");
        let sent = bench.log.sent(word).expect("it is sent");
        assert!(intended < sent, "{effect:?}: synced at {intended}, sent at {sent}");
    }
    let approved = bench.log.synced(|event| matches!(event, Event::Approved { .. })).unwrap();
    assert!(approved < bench.log.sent("word_of_the_destroy").unwrap());
    let agreed = bench.log.synced(|event| matches!(event, Event::Agreed)).unwrap();
    assert!(agreed < bench.log.sent("word_of_the_change").unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_an_append_fails_nothing_more_is_sent() {
    let mut refused = 0;
    loop {
        let mut bench = Bench::new();
        let mut parts = bench.parts();
        parts.journal = Box::new(LoggedJournal::new(&bench.log, Some(refused)));
        let finished = soon(Engine::new(parts).run(bench.plan(THREE), with_person())).await;
        let seen = bench.log.seen();
        let Some(place) = seen.iter().position(|seen| matches!(seen, Seen::Refused)) else {
            assert_eq!(finished.code, 0, "{}", finished.sentence);
            assert!(refused >= 8, "a run of three steps has more than {refused} appends");
            return;
        };
        assert_eq!(finished.code, 5, "append {refused}: {}", finished.sentence);
        assert!(finished.sentence.contains("nothing more was sent"), "{}", finished.sentence);
        let after: Vec<_> = seen[place + 1..].iter().collect();
        assert!(after.is_empty(), "append {refused}: {after:?}");
        let written = |effect| bench.log.synced(intends(effect)).is_some();
        for (effect, word) in
            [(Effect::Change, "word_of_the_change"), (Effect::Destroy, "word_of_the_destroy")]
        {
            let sent = bench.log.sent(word).is_some();
            assert!(!sent || written(effect), "append {refused}: {effect:?} without an intent");
        }
        refused += 1;
    }
}

/// Agrees to everything, and while a destroy is looked at the host is replaced.
struct Replaced(Spied);

impl Confirmer for Replaced {
    fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a> {
        if matches!(asked.question, Question::Destroy(_)) {
            self.0.be_another();
        }
        Box::pin(async { Agreeable::default().ask(asked).await })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroy_that_was_approved_for_another_host_is_not_sent() {
    let mut bench = Bench::new();
    let mut parts = bench.parts();
    parts.confirmer = Arc::new(Replaced(bench.way.clone()));
    let finished = soon(Engine::new(parts).run(bench.plan(THREE), with_person())).await;
    assert_ne!(finished.code, 0);
    assert!(bench.log.synced(|event| matches!(event, Event::Approved { .. })).is_some());
    assert!(bench.log.sent("word_of_the_destroy").is_none());
    let why = finished.summary.effects.iter().find(|line| line.effect == Effect::Destroy);
    let Fate::NotStarted(why) = &why.unwrap().fate else { panic!("{why:?}") };
    assert!(why.contains("another host answers"), "{why}");
}
