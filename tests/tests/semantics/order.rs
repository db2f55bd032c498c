//! Rules 14 to 19: which step, on which hosts, in which order, and what a preview knows.

use runbook_core::base::StepId;
use runbook_core::run::{Answer, Event, Question, StepStatus, What};

use crate::world::{Exits, Prints, Reply, World};

fn after(step: &str) -> Option<StepId> {
    step.parse().ok()
}

#[test]
fn rule_14_a_step_starts_when_what_it_needs_has_ended_on_all_hosts() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "a"
change = "a"
at_once = "all"
[[step]]
id = "b"
change = "b"
"#,
    )
    .when_on("app2", "a", Reply::After(60, Box::new(Prints(""))))
    .run();
    assert_eq!(story.changes()[..4], ["a.app1.1", "a.app2.1", "a.app3.1", "b.app1.1"]);
    let ended = |step: &str, event: &Event| matches!(event, Event::StepEnded { step: id, .. } if *id == *step);
    let a = story.events.iter().position(|event| ended("a", event)).unwrap();
    let b = |event: &Event| matches!(event, Event::Intended { attempt, .. } if attempt.step == "b");
    assert!(story.events.iter().position(b).unwrap() > a);
}

#[test]
fn rule_14_steps_that_need_nothing_of_each_other_run_in_parallel() {
    let story = World::of(
        r#"
[[step]]
id = "a"
on = "local"
read = "a"
[[step]]
id = "b"
on = "local"
needs = []
read = "b"
"#,
    )
    .when("a", Reply::After(60, Box::new(Prints(""))))
    .run();
    let b = |event: &Event| matches!(event, Event::Exited { attempt, .. } if attempt.step == "b");
    let a = |event: &Event| matches!(event, Event::Exited { attempt, .. } if attempt.step == "a");
    assert!(story.events.iter().position(b) < story.events.iter().position(a));
}

#[test]
fn rule_15_one_steps_life() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "up"
where = "host != 'app3'"
skip_if = { read = "skip" }
items = "list"
precondition = { read = "pre" }
change = 'up "$@"'
verify = { read = "ver" }
stop_if = { read = "stop", expect = "never" }
finish_if = { read = "fin", expect = "never" }
"#,
    )
    .when("skip", Exits(1))
    .when("list", Prints("one\ntwo"))
    .run();
    let host = |name: &str| {
        ["up.items.HOST.1", "? pre one two HOST", "up.HOST.1", "? ver one two HOST"]
            .map(|line| line.replace("HOST", name))
    };
    let mut wanted = vec!["? skip app1".to_owned(), "? skip app2".to_owned()];
    wanted.extend(host("app1"));
    wanted.extend(host("app2"));
    wanted.extend(["? stop app1", "? stop app2", "? fin app1", "? fin app2"].map(str::to_owned));
    assert_eq!(story.log, wanted);
    assert_eq!(story.code, 0, "{}", story.sentence);
}

#[test]
fn rule_15_a_window_of_hosts_slides() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "up"
at_once = 2
change = "up"
verify = { read = "ver" }
"#,
    )
    .when_on("app1", "ver", Reply::After(60, Box::new(Prints(""))))
    .run();
    assert_eq!(story.changes(), ["up.app1.1", "up.app2.1", "up.app3.1"]);
    assert!(story.place("up.app3") > story.place("? ver app2"), "its verify is part of the turn");
}

#[test]
fn rule_15_a_rung_starts_when_all_of_the_last_passed() {
    let text = r#"
[role.web]
[[step]]
id = "up"
at_once = [1, "50%", "100%"]
change = "up"
verify = { read = "ver" }
on_failure = "stop"
"#;
    let inventory = "[env.prod]\nroles = { web = [\"a\", \"b\", \"c\", \"d\", \"e\"] }\n";
    let story = World::of(text).inventory(inventory).run();
    let place = |part: &str| story.place(part);
    assert!(place("up.b") > place("? ver a"));
    assert!(place("up.c") < place("? ver b") && place("up.d") > place("? ver c"), "50% of 5 is 3");
    assert!(place("up.d") > place("? ver b") && place("up.e") < place("? ver d"));
    let stopped = World::of(text).inventory(inventory).when_on("a", "ver", Exits(1)).run();
    assert_eq!((stopped.code, stopped.changes()), (1, vec!["up.a.1".to_owned()]));
}

#[test]
fn rule_15_neither_stop_if_nor_finish_if_is_asked_of_a_skipped_step() {
    let story = World::of(
        r#"
[[step]]
id = "up"
on = "local"
skip_if = { read = "skip" }
change = "up"
stop_if = { read = "stop" }
finish_if = { read = "fin" }
"#,
    )
    .run();
    assert_eq!((story.log, story.code), (vec!["? skip local".to_owned()], 0));
}

#[test]
fn rule_16_nothing_left_is_an_error_unless_the_range_contains_0() {
    let text = |exactly: &str| {
        format!(
            "[role.web]\n[[step]]\nid = \"up\"\nwhere = \"host == 'x'\"\n{exactly}\nchange = \"up\"\non_failure = \"stop\"\n"
        )
    };
    let story = World::of(&text("")).run();
    assert_eq!((story.code, story.status("up")), (1, Some(StepStatus::Failed)));
    let story = World::of(&text("exactly = \"0..\"")).run();
    assert_eq!((story.code, story.status("up")), (0, Some(StepStatus::Skipped)));
    let story =
        World::of(&text("").replace("== 'x'", "!= 'x'").replace("change", "exactly = 2\nchange"))
            .run();
    assert_eq!(story.code, 1);
}

#[test]
fn rule_16_pick_keeps_the_first_that_can_be_reached() {
    let text = "[role.web]\n[[step]]\nid = \"look\"\npick = 1\nread = \"look\"\n";
    assert_eq!(World::of(text).down("app1").run().sent(), ["look.app2.1"]);
    let none = World::of(text).down("app1").down("app2").down("app3").run();
    assert_eq!((none.code, none.sent()), (8, vec![]));
}

const FLOW: &str = r#"
[role.web]
[[step]]
id = "look"
read = "look"
capture = { tag = "version" }
[[step]]
id = "pull"
change = "pull"
skip_if = { read = "pulled" }
[[step]]
id = "up"
change = "up"
[[step]]
id = "seen"
pick = 1
read = "seen"
capture = { seen = "string" }
[[step]]
id = "maybe"
when = "seen == 'x'"
change = "maybe"
[[step]]
id = "tell"
manual = "tell them"
"#;

#[test]
fn rule_17_run_and_plan_are_one_flow_and_the_reads_are_not_repeated() {
    let world = || World::of(FLOW).only("app1").when("look", Prints("v1")).when("pulled", Exits(1));
    let plan = world().plan_only();
    assert_eq!(plan.log, ["look.app1.1", "? pulled app1"]);
    assert_eq!((plan.code, plan.questions.len()), (0, 0));
    let run = world().when("seen", Prints("x")).says(Answer::Done(Vec::new())).run();
    assert_eq!(run.log[..2], plan.log[..]);
    assert_eq!(run.log[2..], ["pull.app1.1", "up.app1.1", "seen.app1.1", "maybe.app1.1"]);
    assert!(matches!(run.questions[0], Question::Changes { changes: 3, .. }));
}

#[test]
fn rule_18_what_follows_a_change_that_was_not_made_is_not_run() {
    let plan = World::of(FLOW)
        .only("app1")
        .when("look", Prints("v1"))
        .when("pulled", Exits(1))
        .plan_only();
    assert_eq!(plan.what("pull"), What::Would);
    assert_eq!(plan.what("seen"), What::NotRun { after: after("up") });
    assert_eq!(plan.what("maybe"), What::NotKnown { after: after("seen") });
    assert_eq!(plan.what("tell"), What::WouldAsk);
    let ledger = plan.preview().ledger;
    assert_eq!((ledger.reads, ledger.changes, ledger.unknown), (2, 2, 1));
}

#[test]
fn rule_18_a_change_whose_skip_if_held_in_the_preview_is_skipped_and_what_follows_is_read() {
    let text = r#"
[[step]]
id = "pull"
on = "local"
change = "pull"
skip_if = { read = "pulled" }
[[step]]
id = "seen"
on = "local"
read = "seen"
"#;
    let plan = World::of(text).plan_only();
    assert_eq!(plan.log, ["? pulled local", "seen.local.1"]);
    let run = World::of(text).run();
    assert_eq!((run.log, run.code), (plan.log, 0));
}

#[test]
fn rule_18_a_choice_is_not_known_in_a_plan_unless_it_was_made() {
    let text = r#"
[[step]]
id = "path"
choose = "which?"
options = { a = "A", b = "B" }
[[step]]
id = "look"
on = "local"
when = "path == 'b'"
read = "look"
"#;
    let plan = World::of(text).plan_only();
    assert_eq!((plan.what("path"), plan.code), (What::WouldAsk, 0));
    assert_eq!(plan.what("look"), What::NotKnown { after: after("path") });
    assert_eq!(World::of(text).chooses("path", "b").plan_only().log, ["look.local.1"]);
    assert_eq!(World::of(text).says(Answer::Chosen("b".to_owned())).run().log, ["look.local.1"]);
}

#[test]
fn rule_18_only_the_items_of_a_destroy_are_read_early_and_again_at_their_turn() {
    let story = World::of(
        r#"
[[step]]
id = "pull"
on = "local"
change = "pull"
[[step]]
id = "wipe"
on = "local"
items = "list"
destroy = 'wipe "$@"'
affects = "all"
no_undo = "gone"
"#,
    )
    .once("list", Prints("a"))
    .when("list", Prints("a\nb"))
    .types(&["local"])
    .run();
    assert_eq!(
        story.log,
        [
            "wipe.items.local.1",
            "pull.local.1",
            "wipe.items.local.2",
            "wipe.items.local.3",
            "wipe.local.1"
        ]
    );
    assert_eq!(
        story.cards()[0].hosts[0].items.as_deref(),
        Some(&["a".to_owned(), "b".to_owned()][..])
    );
    assert_eq!(story.preview().steps[1].items[0].1, ["a"]);
}

#[test]
fn rule_18_a_check_with_patience_is_asked_once_in_a_plan_and_does_not_fail_it() {
    let text = r#"
[[step]]
id = "settled"
on = "local"
check = { read = "settled", within = "90s" }
[[step]]
id = "look"
on = "local"
read = "look"
"#;
    let plan = World::of(text).when("settled", Exits(1)).plan_only();
    assert_eq!((plan.code, plan.log.clone()), (0, vec!["? settled local".to_owned()]));
    let What::Waits { why } = plan.what("settled") else { panic!("{:?}", plan.what("settled")) };
    assert!(why.contains("not met now") && why.contains("keeps asking for 1m30s"), "{why}");
    assert_eq!(plan.what("look"), What::NotRun { after: after("settled") });
    assert_eq!(World::of(text).plan_only().log, ["? settled local", "look.local.1"]);
    let strict = text.replace(", within = \"90s\"", "");
    assert_eq!(World::of(&strict).when("settled", Exits(1)).plan_only().code, 1);
}

#[test]
fn rule_18_a_question_that_may_still_turn_takes_no_branch_in_a_plan() {
    let text = r#"
[[step]]
id = "settled"
on = "local"
check = { read = "settled", within = "90s" }
capture = { ok = "bool" }
[[step]]
id = "mend"
on = "local"
when = "not ok"
change = "mend"
"#;
    let plan = World::of(text).when("settled", Exits(1)).plan_only();
    assert_eq!(plan.what("mend"), What::NotKnown { after: after("settled") });
    let run = World::of(text).when("settled", Exits(1)).run();
    assert_eq!((run.code, run.changes()), (0, vec!["mend.local.1".to_owned()]));
}

#[test]
fn rule_19_nobody_is_needed_when_the_reads_end_the_run() {
    let text = r#"
[[step]]
id = "look"
on = "local"
read = "look"
finish_if = { read = "fine" }
[[step]]
id = "attest"
on = "local"
needs = []
check = { ask = "is it so?" }
[[step]]
id = "up"
on = "local"
change = "up"
"#;
    let fine = World::of(text).alone().run();
    assert_eq!((fine.code, fine.changes()), (0, vec![]), "{}", fine.sentence);
    let needed = World::of(text).alone().when("fine", Exits(1)).run();
    assert_eq!((needed.code, needed.changes()), (4, vec![]));
}

#[test]
fn rule_19_without_a_terminal_a_person_is_missed_before_the_first_change() {
    let kinds = [
        ("change = \"up\"", "", true),
        ("destroy = \"wipe\"\naffects = \"all\"\nno_undo = \"gone\"", "yes", true),
        ("manual = \"do it\"", "yes", true),
        ("choose = \"which?\"\noptions = { a = \"A\", b = \"B\" }", "yes", true),
        ("check = { ask = \"so?\" }", "yes", true),
        ("change = \"up\"", "yes", false),
    ];
    for (kind, yes, missed) in kinds {
        let place = if kind.starts_with("choose") { "" } else { "on = \"local\"" };
        let text = format!(
            "[[step]]\nid = \"first\"\non = \"local\"\nchange = \"first\"\n[[step]]\nid = \"then\"\n{place}\n{kind}\n"
        );
        let mut world = World::of(&text).alone();
        if yes == "yes" {
            world = world.yes();
        }
        let story = world.run();
        assert_eq!(story.code == 4 && story.log.is_empty(), missed, "{kind}: {}", story.sentence);
    }
}

#[test]
fn rule_19_a_step_that_is_known_to_be_skipped_needs_nobody() {
    let text = r#"
[param.ask]
type = "bool"
default = "false"
[[step]]
id = "first"
on = "local"
change = "first"
[[step]]
id = "tell"
on = "local"
when = "ask"
manual = "tell"
[[step]]
id = "later"
on = "local"
when = "steps.first.failed"
manual = "later"
"#;
    let story = World::of(text).alone().yes().run();
    assert_eq!((story.code, story.log.len()), (4, 0));
    assert!(story.sentence.contains("`later`"), "what is not known counts: {}", story.sentence);
    let known = text.split("[[step]]\nid = \"later\"").next().unwrap();
    assert_eq!(World::of(known).alone().yes().run().code, 0);
}

#[test]
fn rule_19_a_choice_that_does_not_exist_is_found_out_before_the_first_change() {
    let text = r#"
[[step]]
id = "first"
on = "local"
change = "first"
[[step]]
id = "path"
choose = "which?"
options = { a = "A", b = "B" }
"#;
    let story = World::of(text).yes().chooses("path", "c").run();
    assert_eq!((story.code, story.log.len()), (4, 0));
    assert!(story.sentence.contains("`a`, `b`"), "{}", story.sentence);
}
