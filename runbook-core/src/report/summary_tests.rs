//! What the summary says is what the records say.

use std::time::Duration;

use super::*;
use crate::run::samples::{attempt, every_event, host, outcome, step};
use crate::run::{Event, Part, Payload, QuestionId};

fn summary(facts: Vec<Event>) -> Summary {
    Summary::of(&records(facts))
}

/// A record a millisecond.
fn records(facts: Vec<Event>) -> Vec<Record> {
    let record = |(seq, fact): (u64, Event)| Record {
        seq,
        at: Timestamp::UNIX_EPOCH,
        elapsed_ms: seq,
        fact,
        prev: Digest::of(seq.to_string()),
        sum: Digest::of((seq + 1).to_string()),
    };
    (0..).zip(facts).map(record).collect()
}

fn intended(number: u32, effect: Effect) -> Event {
    Event::Intended {
        attempt: attempt(Part::Main, number),
        effect,
        payload: Payload::Command(crate::plan::Command::script("x")),
        digest: Digest::of("x"),
        place: None,
    }
}

fn exited(number: u32, failure: Option<&str>) -> Event {
    Event::Exited { attempt: attempt(Part::Main, number), outcome: outcome(failure) }
}

#[test]
fn a_retried_change_is_one_step_with_two_attempts() {
    let ended = |status| Event::StepEnded { step: step(), status, why: None };
    let summary = summary(vec![
        Event::TurnBegan { step: step(), host: host() },
        intended(1, Effect::Change),
        exited(1, Some("exit 1")),
        intended(2, Effect::Change),
        exited(2, None),
        Event::HostEnded { step: step(), host: host(), status: StepStatus::Done, why: None },
        ended(StepStatus::Done),
    ]);
    let line = &summary.steps["swap"];
    assert_eq!((line.status, line.took), (Some(StepStatus::Done), Duration::from_millis(6)));
    let on = &line.hosts[&host()];
    assert_eq!((on.attempts, on.failures, on.retries), (2, 1, 1));
    assert_eq!(on.took, Duration::from_millis(5));
    assert_eq!(summary.retries(), 1);
    assert_eq!(summary.touched(Effect::Change)[&step()], [&host()]);
    assert!(summary.touched(Effect::Destroy).is_empty());
    assert_eq!(summary.in_doubt().count(), 0);
    assert_eq!(summary.count(StepStatus::Done), 1);
    assert_eq!(summary.values.len(), outcome(None).captured.len(), "the last of each name");
}

#[test]
fn an_attempt_that_never_came_back_is_in_doubt() {
    let lost = |loss| Event::Lost { attempt: attempt(Part::Main, 1), loss };
    let fates = |facts| {
        let summary = summary(facts);
        (summary.in_doubt().count(), summary.touched(Effect::Destroy).len())
    };
    assert_eq!(fates(vec![intended(1, Effect::Destroy)]), (1, 1));
    let unknown = lost(Loss::Unknown("the host rebooted".into()));
    assert_eq!(fates(vec![intended(1, Effect::Destroy), unknown]), (1, 1));
    let never = lost(Loss::NotStarted("refused".into()));
    assert_eq!(fates(vec![intended(1, Effect::Destroy), never]), (0, 0));
    assert_eq!(fates(vec![intended(1, Effect::Read)]), (0, 0));
}

#[test]
fn samples_of_a_check_are_counted() {
    let probe = |sample| crate::run::ProbeId {
        about: About::GoalAtEnd,
        check: 0,
        part: None,
        sample,
        host: host(),
    };
    let answered = |sample, verdict| Event::ProbeAnswered { probe: probe(sample), verdict };
    let summary = summary(vec![
        Event::InquiryBegan { about: About::GoalAtEnd },
        answered(1, Verdict::NotMet { saw: "503".into() }),
        answered(2, Verdict::Held { saw: "200".into() }),
        Event::InquiryEnded {
            about: About::GoalAtEnd,
            verdict: Verdict::Held { saw: "200".into() },
        },
    ]);
    let goal = summary.goal().unwrap();
    assert!(goal.verdict.as_ref().unwrap().held());
    let tally = &goal.checks[0];
    assert_eq!((tally.asked, tally.held, tally.last.line()), (2, 1, "200"));
}

#[test]
fn waiting_for_a_person_is_set_apart() {
    let question = QuestionId(4);
    let summary = summary(vec![
        Event::Asked { question, about: Topic::Changes },
        Event::Previewed,
        Event::Answered { question, answer: Answer::Yes, by: "ana".into() },
        Event::Agreed,
    ]);
    assert_eq!(
        (summary.waited, summary.took),
        (Duration::from_millis(2), Duration::from_millis(3))
    );
    let decision = &summary.decisions[0];
    assert_eq!((decision.by.as_str(), &decision.about), ("ana", &Topic::Changes));
    assert!(summary.agreed);
}

#[test]
fn every_fact_is_taken_in_one_by_one_or_at_once_and_can_be_written_as_json() {
    let records = records(every_event());
    let mut live = Summary::default();
    records.iter().for_each(|record| live.observe(record));
    assert_eq!(live, Summary::of(&records));
    assert_eq!(live.head, Some(records.last().unwrap().sum));
    assert_eq!(live.ended.as_ref().unwrap().code, 10);
    let json = serde_json::to_value(&live).unwrap();
    assert_eq!(json["planned"]["run"], "r8f3kq");
    assert_eq!(json["steps"]["swap"]["status"], "not_needed");
}
