//! A run that is taken up again: what was under way is looked for, what nobody knows is decided by a
//! person, and nothing is done twice.

use runbook_core::base::Value;
use runbook_core::run::{Answer, Event, Found, Loss, Question, StepStatus};

use crate::world::{Exits, Prints, Reply, Story, World};

const TWO: &str = r#"
[role.db]
[[step]]
id = "first"
change = "first"
verify.read = "look"
[[step]]
id = "second"
change = "second"
"#;

fn two() -> World {
    World::of(TWO)
}

/// Everything up to the intent of the first change was recorded, and then the process was killed.
fn cut() -> Vec<Event> {
    two().run().until_intent("first.")
}

fn unknown() -> Found {
    Found::Unknown("the host rebooted while it ran".to_owned())
}

fn cards(story: &Story) -> usize {
    story.questions.iter().filter(|question| matches!(question, Question::Unknown(_))).count()
}

#[test]
fn what_still_runs_is_followed_and_not_sent_again() {
    for found in [Found::Running, Found::Ended] {
        let story = two().alone().found("first.", found).resume(&cut());
        assert_eq!(story.code, 0, "{}", story.sentence);
        assert!(story.place("seeks first") < story.place("follows first.db1.1"));
        assert_eq!(story.changes(), ["second.db1.1"], "only what had not been sent");
        assert_eq!(story.status("first"), Some(StepStatus::Done));
    }
}

#[test]
fn what_never_started_goes_once_more_by_itself() {
    let story = two().alone().resume(&cut());
    assert_eq!(story.changes(), ["first.db1.2", "second.db1.1"]);
    assert_eq!(story.code, 0, "{}", story.sentence);
}

#[test]
fn nothing_is_begun_before_every_host_has_answered() {
    let story = two().alone().found("first.", Found::Running).resume(&cut());
    let first_probe = story.place("? look");
    assert!(story.place("follows first") < first_probe);
    assert!(first_probe < story.place("second."));
}

#[test]
fn an_unknown_outcome_stays_unknown_without_a_person() {
    let story = two().alone().found("first.", unknown()).resume(&cut());
    assert_eq!((story.code, story.status("first")), (5, Some(StepStatus::Unknown)));
    assert!(
        story.changes().is_empty() && story.sentence.contains("rebooted"),
        "{}",
        story.sentence
    );
    // It is asked again each time, and never decided by itself.
    let again = two().alone().found("first.", unknown()).resume(&[cut(), story.events].concat());
    assert_eq!((again.code, again.place("seeks first")), (5, 0));
}

#[test]
fn a_person_takes_an_unknown_outcome_as_done_with_the_evidence_before_them() {
    let story = two().found("first.", unknown()).says(Answer::Accept).resume(&cut());
    let Question::Unknown(card) = &story.questions[0] else { panic!("{:?}", story.questions) };
    assert!(card.evidence.as_ref().is_some_and(|verdict| verdict.held()), "{card:?}");
    assert_eq!(story.status("first"), Some(StepStatus::Accepted));
    assert_eq!(story.changes(), ["second.db1.1"], "what needs it goes on");
    assert_eq!(story.code, 10, "{}", story.sentence);
    assert!(story.why("first").contains("ana took it as done"), "{}", story.why("first"));
}

#[test]
fn a_person_has_it_run_again_or_leaves_it_or_asks_once_more() {
    let again = two().found("first.", unknown()).says(Answer::Again).resume(&cut());
    assert_eq!(
        (again.code, again.changes()),
        (0, vec!["first.db1.2".into(), "second.db1.1".into()])
    );
    let left = two().found("first.", unknown()).says(Answer::Quit).resume(&cut());
    assert_eq!((left.code, left.changes().len()), (5, 0));
    let asked = two().found("first.", unknown()).found("first.", Found::Ended).says(Answer::Seek);
    let asked = asked.resume(&cut());
    assert_eq!((asked.code, cards(&asked), asked.changes().len()), (0, 1, 1));
}

#[test]
fn a_request_that_was_not_answered_is_unknown_and_is_never_sent_again_by_itself() {
    let text = "[role.db]\n[[step]]\nid = \"post\"\nchange = { http = { url = \"http://x/\" } }\n";
    let cut = World::of(text).run().until_intent("post");
    let story = World::of(text).alone().resume(&cut);
    assert_eq!((story.code, story.orders.len()), (5, 0));
    let story = World::of(text).says(Answer::Accept).resume(&cut);
    assert_eq!((story.code, story.orders.len()), (10, 0));
}

#[test]
fn rule_37_what_was_accepted_by_hand_is_no_proof() {
    let text = r#"
[role.db]
[[step]]
id = "dump"
change = "dump"
[[step]]
id = "drop"
destroy = "drop"
affects = "all"
no_undo = "gone"
proof = ["dump"]
"#;
    let cut = World::of(text).types(&["db1"]).run().until_intent("dump");
    let world = World::of(text).found("dump.", unknown()).says(Answer::Accept);
    let story = world.says(Answer::Quit).resume(&cut);
    assert!(story.changes().is_empty() && story.cards().is_empty(), "{:?}", story.log);
    assert!(story.failure_cards()[0].why.contains("its proof `dump` is accepted, not done"));
}

#[test]
fn rule_28_before_the_first_change_everything_is_read_anew_and_agreed_to_again() {
    let text = r#"
[role.db]
[[precondition]]
read = "ready"
[[step]]
id = "look"
read = "look"
capture = { seen = "string" }
[[step]]
id = "act"
change = "act $seen"
"#;
    let cut = World::of(text).when("look", Prints("old")).run().until(|e| *e == Event::Previewed);
    let story = World::of(text).when("look", Prints("new")).resume(&cut);
    assert_eq!(story.sent(), ["look.db1.2", "act.db1.1"], "numbers are used once");
    assert_eq!(story.asked("ready"), 2, "at the start and after the yes");
    assert_eq!(story.command("act").env["seen"], "new");
    assert!(matches!(story.questions[0], Question::Changes { .. }));
}

#[test]
fn after_the_first_change_what_was_agreed_to_stands_and_preconditions_are_not_asked() {
    let text = format!("[[precondition]]\nread = \"ready\"\n{TWO}");
    let cut = World::of(&text).run().until_intent("second.");
    let story = World::of(&text).resume(&cut);
    assert_eq!((story.code, story.questions.len(), story.asked("ready")), (0, 0, 0));
}

#[test]
fn an_approval_of_before_is_not_used_again() {
    let text = r#"
[role.db]
[[step]]
id = "drop"
destroy = "drop"
affects = "all"
no_undo = "gone"
"#;
    let approved = |event: &Event| matches!(event, Event::Approved { .. });
    let cut = World::of(text).types(&["db1"]).run().until(approved);
    let story = World::of(text).types(&["db1"]).resume(&cut);
    assert_eq!((story.cards().len(), story.changes()), (1, vec!["drop.db1.1".into()]));
    // What was sent with it and never started is approved anew, as another attempt.
    let cut = World::of(text).types(&["db1"]).run().until_intent("drop");
    let story = World::of(text).types(&["db1"]).resume(&cut);
    assert_eq!((story.cards().len(), story.changes()), (1, vec!["drop.db1.2".into()]));
    let story = World::of(text).found("drop", Found::Ended).resume(&cut);
    assert_eq!((story.code, story.cards().len(), story.changes().len()), (0, 0, 0));
}

#[test]
fn what_was_declined_or_stopped_at_is_asked_again() {
    let failed = two().when("first", Exits(1)).says(Answer::Quit).run();
    assert_eq!(failed.code, 1);
    let story = two().says(Answer::Retry).resume(&failed.events);
    assert_eq!((story.code, story.changes().len()), (0, 2), "{}", story.sentence);
    let still = two().alone().resume(&failed.events);
    assert_eq!((still.code, still.changes().len()), (1, 0), "{}", still.sentence);
}

#[test]
fn rule_26_a_yes_stands_and_a_no_is_asked_again() {
    let text = r#"
[role.db]
[[step]]
id = "act"
change = "act"
[[step]]
id = "hand"
manual = "do it"
precondition.ask = "is the mail out?"
"#;
    let no = World::of(text).says(Answer::No).says(Answer::Quit).run();
    let world = World::of(text).says(Answer::Retry).says(Answer::Yes);
    let story = world.says(Answer::Done(Vec::new())).resume(&no.events);
    assert_eq!(story.code, 0, "{}", story.sentence);
    let attested = story.until(|e| matches!(e, Event::Answered { answer: Answer::Yes, .. }));
    let events = [no.events, attested].concat();
    let story = World::of(text).says(Answer::Done(Vec::new())).resume(&events);
    assert!(matches!(&story.questions[..], [Question::Manual { .. }]), "{:?}", story.questions);
}

#[test]
fn a_person_is_not_sent_to_work_before_its_precondition_holds() {
    let text =
        "[role.db]\n[[step]]\nid = \"hand\"\nmanual = \"do it\"\nprecondition.read = \"ready\"\n";
    let story = World::of(text).when("ready", Exits(1)).says(Answer::Quit).run();
    assert!(matches!(&story.questions[..], [Question::Failure(_)]), "{:?}", story.questions);
}

#[test]
fn rule_33_a_lock_that_someone_took_meanwhile_is_exit_6() {
    let text = format!("lock = \"app\"\n{TWO}");
    let cut = World::of(&text).run().until_intent("second.");
    let story = World::of(&text).locked_by("ben").resume(&cut);
    // What was under way is looked for all the same.
    assert_eq!((story.code, story.changes().len()), (6, 0), "{}", story.sentence);
}

#[test]
fn a_verify_that_was_cut_off_is_asked_anew() {
    let cut = two().run().until(|event| matches!(event, Event::ProbeSent { .. }));
    let story = two().alone().resume(&cut);
    assert_eq!((story.code, story.asked("look"), story.changes().len()), (0, 1, 1));
}

#[test]
fn there_is_nothing_to_go_on_with_where_a_run_has_ended_well() {
    let story = two().run();
    assert_eq!(story.run.may_resume(), Err("it ended with exit 0".to_owned()));
}

#[test]
fn the_place_of_a_job_is_chosen_once_and_stands_in_its_intent() {
    let story = two().run();
    assert_eq!(story.bases, ["db1"]);
    let placed = story.events.iter().filter_map(|event| match event {
        Event::Intended { place, .. } => Some(place.as_ref().map(|place| place.base.path.clone())),
        _ => None,
    });
    assert_eq!(placed.collect::<Vec<_>>(), [Some("/jobs".to_owned()), Some("/jobs".to_owned())]);
    let full = two().without_base().says(Answer::Quit).run();
    assert!(full.changes().is_empty() && full.failure_cards()[0].why == "the disk is full");
}

#[test]
fn a_change_that_provably_did_not_start_is_sent_again() {
    let lost = || Reply::Lost(Loss::NotStarted("the link dropped before it was sent".to_owned()));
    let story = two().times(1, "first", lost()).run();
    assert_eq!(
        (story.code, story.changes()),
        (0, vec!["first.db1.1".into(), "first.db1.2".into(), "second.db1.1".into()])
    );
    let story = two().when("first", lost()).run();
    assert_eq!(story.changes().len(), 3, "three times, and no more");
}

#[test]
fn ctrl_c_asks_what_becomes_of_what_runs() {
    let slow = || {
        let prints = Box::new(Prints(""));
        two().when("first", Reply::After(60, prints)).interrupt_at(5)
    };
    let wait = slow().says(Answer::Wait).run();
    assert_eq!((wait.code, wait.changes()), (9, vec!["first.db1.1".to_owned()]));
    assert_eq!(wait.status("first"), None, "its end is decided when the run is taken up");
    assert_eq!(wait.on("first", "db1"), Some(StepStatus::Done), "its verify is part of it");
    assert_eq!(two().alone().resume(&wait.events).changes(), ["second.db1.1"]);

    let cancel = slow().says(Answer::Cancel).run();
    assert!(cancel.code == 9 && cancel.place("cancels first") > 0, "{:?}", cancel.log);
    let resumed = two().says(Answer::Retry).resume(&cancel.events);
    assert_eq!((resumed.code, resumed.changes().len()), (0, 2));

    let on = slow().says(Answer::GoOn).run();
    assert_eq!((on.code, on.changes().len()), (0, 2));

    let left = slow().says(Answer::Quit).run();
    assert_eq!((left.code, left.changes().len()), (9, 1));
    let resumed = two().alone().found("first", Found::Ended).resume(&left.events);
    assert_eq!((resumed.code, resumed.changes()), (0, vec!["second.db1.1".to_owned()]));
}

#[test]
fn ctrl_c_leaves_at_once_where_nothing_runs_that_cannot_be_sent_twice() {
    let text = "[role.db]\n[[step]]\nid = \"look\"\nread = \"look\"\n";
    let world = World::of(text).when("look", Reply::After(60, Box::new(Prints(""))));
    let story = world.interrupt_at(5).run();
    assert_eq!((story.code, story.questions.len()), (9, 0));
}

#[test]
fn rule_45_what_is_offered_is_read_anew_when_a_question_is_put_again() {
    let text = r#"
[role.db]
max = 1
[[step]]
id = "first"
change = "first"
[[step]]
id = "swap"
manual = "swap a disk"
ask.serial = { type = "string", suggest = "disks" }
"#;
    let done = || Answer::Done(vec![("serial".parse().unwrap(), Some(Value::Text("d2".into())))]);
    let world = || World::of(text).yes().says(done());
    let cut = world().when("disks", Prints("d1\n")).run().until_intent("swap.suggest0");
    let story = world().when("disks", Prints("d2\n")).resume(&cut);
    assert_eq!((story.code, story.sent()), (0, vec!["swap.suggest0.db1.2".to_owned()]));
    let Question::Manual { offers, .. } = &story.questions[0] else { panic!("it is asked again") };
    assert_eq!(offers["serial"], Ok(vec!["d2".to_owned()]));
}

#[test]
fn rule_31_a_shell_is_not_opened_again_by_itself() {
    let text = "[[step]]\nid = \"a\"\non = \"local\"\nchange = \"a\"\nno_undo = \"no\"\n";
    let world = || World::of(text).yes();
    let story = world().when("a", Exits(1)).says(Answer::Shell).says(Answer::Quit).run();
    let opened = story.events.iter().position(|event| matches!(event, Event::ShellOpened { .. }));
    let cut = &story.events[..opened.expect("it was opened") + 2];
    assert!(matches!(cut.last(), Some(Event::Asked { .. })), "the card was put again");
    let again = world().when("a", Exits(1)).says(Answer::Quit).resume(cut);
    let cards = again.failure_cards();
    assert!(!cards.is_empty() && cards.iter().all(|card| !card.shell), "{cards:?}");
}
