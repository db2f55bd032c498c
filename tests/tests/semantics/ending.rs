//! Rules 32 and 33: how a run ends, and with which code.

use runbook_core::run::{Answer, Event, Loss, StepStatus};

use crate::world::{Exits, Prints, Reply, Story, World};

const GOAL: &str = "[goal]\nread = \"well\"\non = \"local\"\n";

fn steps(first: &str) -> String {
    format!(
        "{GOAL}[[step]]\nid = \"first\"\non = \"local\"\n{first}\n[[step]]\nid = \"second\"\non = \"local\"\nchange = \"second\"\n"
    )
}

#[test]
fn rule_32_finish_if_ends_the_run_green() {
    let story = World::of(&steps(
        "read = \"first\"\nfinish_if = { read = \"fine\", title = \"all is well\" }",
    ))
    .run();
    assert_eq!((story.code, story.status("second")), (0, Some(StepStatus::NotNeeded)));
    assert_eq!((story.sentence.as_str(), story.asked("well")), ("all is well", 2));
    let bad = World::of(&steps("change = \"first\"\nfinish_if = { read = \"fine\" }"))
        .when("well", Exits(1))
        .run();
    assert_eq!(bad.code, 1, "the goal is asked once more: {}", bad.sentence);
}

#[test]
fn rule_32_stop_if_ends_it_with_its_sentence() {
    let stop = "stop_if = { read = \"other\", title = \"not the cause\" }\nfinish_if = { read = \"broken\" }";
    let before =
        World::of(&steps(&format!("read = \"first\"\n{stop}"))).when("broken", Exits(2)).run();
    assert_eq!((before.code, before.sentence.as_str()), (3, "not the cause"));
    assert_eq!(before.asked("broken"), 0, "what comes after is not asked");
    let after = World::of(&steps(&format!("change = \"first\"\n{stop}"))).run();
    assert_eq!((after.code, after.sentence.as_str()), (1, "not the cause"));
    assert_eq!(after.asked("well"), 2, "then the goal is asked once");
    assert_eq!(after.status("second"), Some(StepStatus::Cancelled));
}

#[test]
fn rule_32_a_choice_that_stops_does_as_stop_if_does() {
    let story = World::of(
        r#"
[[step]]
id = "path"
choose = "which?"
options.go = "go on"
options.lead = { label = "call the lead", stop = true }
[[step]]
id = "up"
on = "local"
change = "up"
"#,
    )
    .says(Answer::Chosen("lead".to_owned()))
    .run();
    assert_eq!(
        (story.code, story.sentence.as_str(), story.changes().len()),
        (3, "call the lead", 0)
    );
}

fn unknown() -> Reply {
    Reply::Lost(Loss::Unknown("the link dropped".to_owned()))
}

const LOCKED: &str = r#"
lock = "deploy"
[role.web]
[goal]
read = "well"
on = "local"
[[precondition]]
read = "quiet"
on = "local"
[[step]]
id = "look"
read = "look"
[[step]]
id = "up"
change = "up"
"#;

#[test]
fn rule_33_before_the_first_change() {
    assert_eq!(World::of(LOCKED).down("app1").run().code, 8);
    assert_eq!(World::of(LOCKED).locked_by("bob").run().code, 6);
    assert_eq!(
        World::of(LOCKED).when("look", Reply::After(9, Box::new(Prints("")))).stop_at(5).run().code,
        9
    );
    assert_eq!(World::of(LOCKED).when("look", Exits(1)).says(Answer::Quit).run().code, 1);
    assert_eq!(World::of(LOCKED).when("quiet", Exits(1)).run().code, 3);
    assert_eq!(World::of(LOCKED).alone().run().code, 4);
    assert_eq!(World::of(LOCKED).when("well", Exits(1)).run().code, 1, "the goal, at the end");
    assert_eq!(World::of(LOCKED).run().code, 0);
}

#[test]
fn rule_33_before_the_first_change_the_graver_is_said_first() {
    let lost = Reply::Lost(Loss::NotStarted("no route".to_owned()));
    let story = World::of(LOCKED)
        .when_on("app1", "look", lost)
        .when("look", Reply::After(9, Box::new(Exits(1))))
        .run();
    assert_eq!(story.code, 8, "8 before 1: {}", story.sentence);
    let story = World::of(LOCKED)
        .when("look", Reply::After(9, Box::new(Exits(1))))
        .when("quiet", Reply::After(9, Box::new(Exits(1))))
        .stop_at(5)
        .run();
    assert_eq!(story.code, 9, "9 before 3");
}

#[test]
fn rule_33_after_the_first_change() {
    let text = format!("{LOCKED}[[step]]\nid = \"tell\"\nmanual = \"tell\"\n");
    let done = || World::of(&text).says(Answer::Done(Vec::new()));
    assert_eq!(done().when_on("app2", "up", unknown()).run().code, 5);
    assert_eq!(
        done().when_on("app2", "up", Reply::After(9, Box::new(Prints("")))).stop_at(5).run().code,
        9
    );
    assert_eq!(World::of(&text).when_on("app2", "up", Exits(1)).says(Answer::Quit).run().code, 1);
    assert_eq!(World::of(&text).says(Answer::No).run().code, 4, "not attested");
    assert_eq!(World::of(&text).says(Answer::Quit).when("well", Exits(1)).run().code, 4);
    let passed = World::of(&text)
        .when_on("app2", "up", Exits(1))
        .says(Answer::PassOver)
        .says(Answer::Done(Vec::new()))
        .run();
    assert_eq!(passed.code, 10, "{}", passed.sentence);
    assert_eq!(done().run().code, 0);
}

#[test]
fn rule_33_after_the_first_change_the_graver_is_said_first() {
    let text = format!("{LOCKED}[[step]]\nid = \"tell\"\nmanual = \"tell\"\n");
    let story = World::of(&text)
        .when_on("app2", "up", Reply::After(9, Box::new(unknown())))
        .stop_at(20)
        .run();
    assert_eq!(story.code, 5);
    let goal = World::of(&text)
        .when_on("app2", "up", Exits(1))
        .says(Answer::PassOver)
        .says(Answer::Done(Vec::new()))
        .once("well", Prints(""))
        .when("well", Exits(1))
        .run();
    assert_eq!(goal.code, 1, "1 before 10: {}", goal.sentence);
}

#[test]
fn rule_33_what_changed_nothing_promises_it_and_nothing_else_does() {
    let lost = Reply::Lost(Loss::NotStarted("no route".to_owned()));
    let story = World::of(LOCKED).when_on("app2", "up", lost).run();
    assert_eq!(story.code, 1, "a host that is lost after a change is no 8: {}", story.sentence);
    let lost = Reply::Lost(Loss::NotStarted("no route".to_owned()));
    assert_eq!(World::of(LOCKED).when_on("app2", "look", lost).run().code, 8);
}

#[test]
fn a_lock_is_taken_here_and_then_on_every_host_that_answers_before_anything_is_read() {
    let story = World::of(LOCKED).run();
    let order: Vec<_> = story
        .events
        .iter()
        .filter_map(|event| match event {
            Event::LockTaken { name, host } => {
                let host = host.as_ref().map_or("here", |host| host.as_str());
                Some(format!("{name} {host}"))
            }
            Event::InquiryBegan { .. } => Some("read".to_owned()),
            _ => None,
        })
        .collect();
    let first = order.iter().position(|what| what == "read").unwrap();
    let on: Vec<_> = order[..first].iter().map(|what| what.as_str()).collect();
    assert!(on.contains(&"deploy app1"), "{order:?}");
    let here = on.iter().filter(|what| what.ends_with(" here")).count();
    assert!(here > 0 && on[..here].iter().all(|what| what.ends_with(" here")), "{order:?}");
    assert!(!order[first..].iter().any(|what| what.starts_with("deploy")), "{order:?}");
}

/// What began and what became of the lock of app1, in order, from its loss on.
fn since_the_loss(story: &Story) -> Vec<String> {
    let lost = |event: &Event| matches!(event, Event::LockLost { .. });
    let from = story.events.iter().position(lost).expect("it was lost");
    let told = |event: &Event| match event {
        Event::LockLost { .. } => Some("lost".to_owned()),
        Event::LockAsked { .. } => Some("asked".to_owned()),
        Event::LockTaken { .. } => Some("taken".to_owned()),
        Event::LockRefused { .. } => Some("refused".to_owned()),
        Event::Intended { attempt, .. } => Some(format!("{} begins", attempt.step)),
        _ => None,
    };
    story.events[from..].iter().filter_map(told).collect()
}

#[test]
fn a_lock_that_is_lost_is_taken_again_before_anything_else_begins() {
    let slow = || World::of(LOCKED).when("look", Reply::After(9, Box::new(Prints(""))));
    let story = slow().lock_lost_at(5, None).run();
    assert_eq!(story.code, 0, "{}", story.sentence);
    let since = since_the_loss(&story);
    assert_eq!(since[..3], ["lost", "asked", "taken"], "{since:?}");
    assert!(since[3..].contains(&"up begins".to_owned()), "{since:?}");
}

#[test]
fn a_lock_that_somebody_else_took_meanwhile_ends_the_run_and_nothing_begins() {
    let slow = || World::of(LOCKED).when("look", Reply::After(9, Box::new(Prints(""))));
    let story = slow().lock_lost_at(5, Some("bob")).run();
    assert_eq!((story.code, story.changes().len()), (6, 0), "{}", story.sentence);
    assert!(story.sentence.contains("bob"), "{}", story.sentence);
    assert_eq!(since_the_loss(&story), ["lost", "asked", "refused"]);

    // Once something was changed, what runs is waited for and the run has failed.
    let slow = World::of(LOCKED).when("up", Reply::After(9, Box::new(Prints(""))));
    let story = slow.lock_lost_at(5, Some("bob")).run();
    assert_eq!(story.code, 1, "{}", story.sentence);
    assert!(story.sentence.contains("bob"), "{}", story.sentence);
    assert_eq!(since_the_loss(&story), ["lost", "asked", "refused"]);
}
