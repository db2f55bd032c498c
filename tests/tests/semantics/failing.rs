//! Rules 30 and 44: a step that fails, and what that means for the others.

use runbook_core::run::{Answer, Event, Loss, StepStatus};

use crate::world::{Exits, Reply, World};

const TWO: &str = r#"
[role.web]
[[step]]
id = "a"
change = "a"
[[step]]
id = "b"
change = "b"
"#;

#[test]
fn rule_31_a_shell_is_recorded_before_it_is_opened_and_the_card_is_put_again() {
    let text = "[[step]]\nid = \"up\"\non = \"local\"\nchange = \"up\"\nno_undo = \"no\"\n";
    let story = World::of(text)
        .once("up", Exits(1))
        .says(Answer::Shell)
        .says(Answer::Shell)
        .says(Answer::Retry)
        .run();
    assert_eq!(story.code, 0, "{}", story.sentence);
    let shells: Vec<bool> = story.failure_cards().iter().map(|card| card.shell).collect();
    assert_eq!(shells, [false, true, true], "each card brings the shell that was asked for");
    let told: Vec<&str> = story
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Asked { .. } => Some("asked"),
            Event::Answered { answer: Answer::Shell, .. } => Some("shell"),
            Event::ShellOpened { by, .. } => Some(by.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told[1..], ["asked", "shell", "ana", "asked", "shell", "ana", "asked"]);
    assert_eq!(story.sent(), ["up.local.1", "up.local.2"]);
}

#[test]
fn rule_30_what_needs_a_failed_step_does_not_run() {
    let text = TWO.replace("change = \"a\"", "change = \"a\"\non_failure = \"stop\"");
    let story = World::of(&text).when_on("app1", "a", Exits(1)).run();
    assert_eq!((story.code, story.changes()), (1, vec!["a.app1.1".to_owned()]));
    assert_eq!(story.status("b"), Some(StepStatus::Cancelled));
    let declined = World::of(
        r#"
[[step]]
id = "path"
choose = "which?"
options = { a = "A", b = "B" }
[[step]]
id = "b"
on = "local"
read = "b"
"#,
    )
    .says(Answer::Quit)
    .run();
    assert_eq!((declined.code, declined.log.len()), (4, 0));
}

#[test]
fn rule_30_continue_blocks_nothing_and_counts_on_a_change() {
    let text = TWO.replace("change = \"a\"", "change = \"a\"\non_failure = \"continue\"");
    let story = World::of(&text).when_on("app1", "a", Exits(1)).run();
    assert_eq!(story.code, 10, "{}", story.sentence);
    assert_eq!(story.changes().len(), 6, "and the host gets its later steps");
    let read = "[[step]]\nid = \"a\"\non = \"local\"\non_failure = \"continue\"\nread = \"a\"\n[[step]]\nid = \"b\"\non = \"local\"\nchange = \"b\"\n";
    assert_eq!(World::of(read).when("a", Exits(1)).run().code, 0, "on a read it does not count");
}

#[test]
fn rule_30_a_host_that_failed_a_step_gets_no_later_one() {
    let text = TWO.replace("change = \"a\"", "change = \"a\"\nmax_failed = 1");
    let story = World::of(&text).when_on("app2", "a", Exits(1)).run();
    assert_eq!(story.changes(), ["a.app1.1", "a.app2.1", "a.app3.1", "b.app1.1", "b.app3.1"]);
    assert_eq!(story.code, 10);
}

#[test]
fn rule_30_a_host_that_failed_in_another_branch_gets_no_turn_in_this_one() {
    let text = r#"
[role.web]
[[step]]
id = "a"
change = "a"
at_once = "all"
max_failed = 1
[[step]]
id = "b"
needs = []
change = "b"
"#;
    let story = World::of(text)
        .when_on("app2", "a", Exits(1))
        .when_on("app1", "b", Reply::After(60, Box::new(Exits(0))))
        .run();
    assert_eq!(story.on("b", "app2"), Some(StepStatus::Blocked));
    assert!(!story.changes().contains(&"b.app2.1".to_owned()), "{:?}", story.changes());
    assert_eq!(story.on("b", "app3"), Some(StepStatus::Done));
}

#[test]
fn rule_30_unreachable_is_always_such_a_failure() {
    let text = TWO.replace("change = \"a\"", "change = \"a\"\non_failure = \"continue\"");
    let lost = Reply::Lost(Loss::NotStarted("the link dropped".to_owned()));
    let story = World::of(&text).when_on("app1", "a", lost).run();
    assert!(!story.changes().contains(&"b.app1.1".to_owned()), "{:?}", story.changes());
    let down = World::of(TWO).down("app2").run();
    assert_eq!((down.code, down.log.len()), (8, 0));
}

#[test]
fn rule_30_when_one_branch_fails_nothing_new_starts_and_what_runs_ends() {
    let story = World::of(
        r#"
[[step]]
id = "a"
on = "local"
change = "a"
on_failure = "stop"
[[step]]
id = "b"
on = "local"
needs = []
change = "b"
verify = { read = "ver" }
[[step]]
id = "c"
on = "local"
change = "c"
"#,
    )
    .when("a", Exits(1))
    .when("b", Reply::After(60, Box::new(Exits(0))))
    .run();
    assert_eq!(story.log, ["a.local.1", "b.local.1", "? ver local"]);
    assert_eq!((story.code, story.status("b")), (1, Some(StepStatus::Done)));
}

#[test]
fn rule_44_max_failed_counts_the_hosts_of_its_step() {
    let text =
        TWO.replace("change = \"a\"", "change = \"a\"\nmax_failed = 1\non_failure = \"stop\"");
    let one = World::of(&text).when_on("app1", "a", Exits(1)).run();
    assert_eq!(one.status("a"), Some(StepStatus::Done));
    let two = World::of(&text).when_on("app1", "a", Exits(1)).when_on("app2", "a", Exits(1)).run();
    assert_eq!((two.code, two.changes().len()), (1, 2), "the third is not tried");
}

#[test]
fn rule_30_a_change_is_tried_again_by_itself_only_where_that_is_said() {
    let text = "[[step]]\nid = \"a\"\non = \"local\"\nchange = \"a\"\nidempotent = true\nretry = { times = 2, wait = \"10s\", backoff = 3 }\ndiagnose = [\"why\"]\n";
    let story = World::of(text).times(2, "a", Exits(1)).run();
    assert_eq!(
        (story.code, story.sent()),
        (0, ["a.local.1", "a.local.2", "a.local.3"].map(str::to_owned).to_vec())
    );
    let plain =
        "[[step]]\nid = \"a\"\non = \"local\"\nchange = \"a\"\ndiagnose = [\"why\", \"where\"]\n";
    let story =
        World::of(plain).times(2, "a", Exits(1)).says(Answer::Retry).says(Answer::Retry).run();
    assert_eq!(
        story.sent(),
        [
            "a.local.1",
            "a.diagnose0.local.1",
            "a.diagnose1.local.1",
            "a.local.2",
            "a.diagnose0.local.2",
            "a.diagnose1.local.2",
            "a.local.3"
        ]
    );
}
