//! A plan file is executed where everything it rests on is still so, and once; what is only shown may
//! have changed.

use std::sync::Arc;

use runbook_core::report;
use runbook_core::run::state::Phase;
use runbook_core::run::{Answer, Difference, Ending, Event};

use crate::world::{Exits, Prints, Reply, Story, World};

/// One of everything that a plan rests on, and values that are only shown.
const EVERYTHING: &str = r#"
[role.web]
[role.db]
[[goal]]
on = "local"
read = "is it well"
[[precondition]]
on = "local"
read = "may we"
[[step]]
id = "look"
on = "web"
read = "versions"
capture = { version = "string", seen = "string" }
[[step]]
id = "count"
on = "db"
pick = 1
read = "counts"
capture = { in_script = { type = "string", line = 1 }, in_argv = { type = "string", line = 2 }, in_stdin = { type = "string", line = 3 }, in_env = { type = "string", line = 4 }, in_confirm = { type = "string", line = 5 }, in_when = { type = "string", line = 6 }, in_loses = { type = "string", line = 7 } }
finish_if = { read = "all well" }
stop_if = { read = "not this" }
[[step]]
id = "more"
on = "db"
pick = 1
when = "in_when == 'yes'"
read = "more"
[[step]]
id = "up"
on = "web"
where = "version != 'new'"
exactly = "0.."
skip_if = { read = "is up" }
change = 'up "$in_script"'
no_undo = "none"
[[step]]
id = "send"
on = "db"
pick = 1
needs = ["more"]
change = ["send", "{{ in_argv }}"]
stdin = "{{ in_stdin }}"
env = { A = "{{ in_env }}" }
no_undo = "none"
[[step]]
id = "drop"
on = "db"
pick = 1
needs = ["more"]
items = "list"
destroy = 'drop "$@"'
title = "drop, {{ all.seen | join(' ') }}"
affects = "nobody"
loses = "{{ in_loses }} rows"
confirm = "{{ in_confirm }}"
no_undo = "none"
"#;

const COUNTS: &str = "1\n2\n3\n4\n5\nyes\n7";

fn world() -> World {
    World::of(EVERYTHING)
        .when("is it well", Exits(1))
        .when("versions", Prints("old"))
        .when("all well", Exits(1))
        .when("not this", Exits(1))
        .when("is up", Exits(1))
        .when("list", Prints("a\nb"))
        .types(&["5"])
}

/// What a plan rests on; every part of the world that `world` leaves open is as told here.
fn planned() -> Story {
    let planned = world().when("counts", Prints(COUNTS)).plan_only();
    assert_eq!(planned.code, 0, "{}", planned.sentence);
    planned
}

/// The differences by which a run of the plan ended before it changed anything.
#[track_caller]
fn stale(world: World) -> Vec<Difference> {
    let story = world.foreseen(&planned()).run();
    assert_eq!(story.code, 7, "{}: {:#?}", story.sentence, story.log);
    assert_eq!(story.changes(), Vec::<String>::new());
    assert!(story.questions.is_empty(), "nobody is asked: {:?}", story.questions);
    let ending = story.run.state().ending.clone();
    let Some(Ending::Stale { sentence, differences }) = ending else { panic!("{ending:?}") };
    assert!(sentence.starts_with("the plan is stale"), "{sentence}");
    assert!(differences.iter().any(|one| sentence.contains(&one.to_string())), "{sentence}");
    differences
}

#[track_caller]
fn names(found: &[Difference], wanted: &str) {
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(shown.iter().any(|line| line == wanted), "{wanted:?} is none of {shown:#?}");
}

#[test]
fn an_unchanged_world_is_changed_as_planned_and_the_plan_is_used_up_before() {
    let story = world().when("counts", Prints(COUNTS)).foreseen(&planned()).run();
    assert_eq!(story.changes().len(), 5, "{:?}", story.changes());
    assert_eq!(story.cards().len(), 1);
    assert!(story.place("uses the plan up") < story.place("up.app1.1"));
    assert_eq!(story.log.iter().filter(|line| *line == "uses the plan up").count(), 1);
    // The goal does not hold at the end, as nobody told this world that it does.
    assert_eq!(story.code, 1, "{}", story.sentence);
}

#[test]
fn every_verdict_that_changed_is_named() {
    let counts = |world: World| world.when("counts", Prints(COUNTS));
    // What is said first wins over what `world` says.
    let first = |part: &'static str, reply: Reply| {
        let rest = world().when("counts", Prints(COUNTS));
        rest.before(part, reply)
    };
    let cases: [(World, &str); 7] = [
        (first("is it well", Prints("")), "goal (is it well): was does not hold, is holds"),
        (first("may we", Exits(1)), "precondition (may we): was holds, is does not hold"),
        (
            first("all well", Prints("")),
            "step `count`: finish_if (all well): was does not hold, is holds",
        ),
        (
            first("not this", Prints("")),
            "step `count`: stop_if (not this): was does not hold, is holds",
        ),
        (
            first("is up", Prints("")),
            "step `up` on app2: skip_if (is up): was does not hold, is holds",
        ),
        (first("list", Prints("a\nb\nc")), "step `drop` on db1: items: was a, b, is a, b, c"),
        (
            counts(world()).before_on("app2", "versions", Prints("new")),
            "step `up`: hosts: was app1, app2, app3, is app1, app3",
        ),
    ];
    let mut count = 0;
    for (world, wanted) in cases {
        names(&stale(world), wanted);
        count += 1;
    }
    println!("{count} verdicts");
}

#[test]
fn every_value_that_can_act_is_named_when_it_changed() {
    let cases = [
        ("9\n2\n3\n4\n5\nyes\n7", "in_script: was 1, is 9"),
        ("1\n9\n3\n4\n5\nyes\n7", "in_argv: was 2, is 9"),
        ("1\n2\n9\n4\n5\nyes\n7", "in_stdin: was 3, is 9"),
        ("1\n2\n3\n9\n5\nyes\n7", "in_env: was 4, is 9"),
        ("1\n2\n3\n4\n9\nyes\n7", "in_confirm: was 5, is 9"),
        ("1\n2\n3\n4\n5\nno\n7", "in_when: was yes, is no"),
    ];
    for (counts, wanted) in cases {
        let found = stale(world().when("counts", Prints(counts)));
        names(&found, &format!("step `count`: {wanted}"));
    }
    names(
        &stale(world().when("counts", Prints("1\n2\n3\n4\n5\nno\n7"))),
        "step `more`: when: was true, is false",
    );
    let versions =
        world().when("counts", Prints(COUNTS)).before_on("app3", "versions", Prints("x"));
    names(&stale(versions), "step `look` on app3: version: was old, is x");
}

#[test]
fn another_machine_under_the_name_is_named() {
    let with = |change: fn(&mut runbook_core::plan::Identity)| {
        stale(world().when("counts", Prints(COUNTS)).machine("app2", change))
    };
    names(&with(|it| it.machine_id = "2".into()), "app2: machine-id: was 1, is 2");
    names(&with(|it| it.hostname = "web".into()), "app2: hostname: was app2, is web");
    // A key that was not shown is not compared; one that was, and is another, or is not shown, is.
    let key = |key: &'static str| {
        world().when("counts", Prints(COUNTS)).machine("db1", move |it| {
            it.fingerprint = Some(format!("SHA256:{key}"));
        })
    };
    let known = key("a").plan_only();
    let other = key("b").foreseen(&known).run();
    assert_eq!((other.code, other.changes().len()), (7, 0), "{}", other.sentence);
    assert!(
        other.sentence.contains("db1: host key: was SHA256:a, is SHA256:b"),
        "{}",
        other.sentence
    );
    let hidden = world().when("counts", Prints(COUNTS)).foreseen(&known).run();
    assert_eq!(hidden.code, 7);
    assert!(hidden.sentence.contains("is not known"), "{}", hidden.sentence);
    assert_ne!(key("a").foreseen(&planned()).run().code, 7);
}

#[test]
fn what_is_only_shown_may_have_changed() {
    let shown = "1\n2\n3\n4\n5\nyes\nmany";
    let story = world()
        .when("counts", Prints(shown))
        .machine("db1", |it| it.boot_id = "another boot".into())
        .foreseen(&planned())
        .run();
    assert_eq!(story.changes().len(), 5, "{}", story.sentence);
    assert_eq!(story.value("in_loses").unwrap(), "many");
}

#[test]
fn a_plan_that_was_used_or_is_too_old_ends_7_and_nothing_was_sent() {
    let world = world().when("counts", Prints(COUNTS));
    let story = world.foreseen(&planned()).used("the plan was used by run abc123").run();
    assert_eq!((story.code, story.sentence.as_str()), (7, "the plan was used by run abc123"));
    assert_eq!(story.changes(), Vec::<String>::new());
}

#[test]
fn rule_19_without_a_terminal_a_plan_of_changes_needs_yes() {
    let changes = "[role.web]\n[[step]]\nid = \"up\"\nchange = \"up\"\nno_undo = \"none\"\n";
    let planned = World::of(changes).plan_only();
    let alone = World::of(changes).alone().foreseen(&planned).run();
    assert_eq!((alone.code, alone.changes().len()), (4, 0), "{}", alone.sentence);
    assert!(!alone.log.contains(&"uses the plan up".to_owned()), "it can be used later");
    let yes = World::of(changes).alone().yes().foreseen(&planned).run();
    assert_eq!((yes.code, yes.changes().len()), (0, 3), "{}", yes.sentence);
}

#[test]
fn a_choice_is_made_in_the_run_and_is_no_difference() {
    let text = r#"
[[step]]
id = "path"
choose = "which?"
options = { a = "a", b = "b" }
[[step]]
id = "look"
on = "local"
when = "path == 'a'"
read = "look"
capture = { found = "string" }
[[step]]
id = "act"
on = "local"
change = 'act "$found"'
no_undo = "none"
when = "path == 'a'"
"#;
    let planned = World::of(text).plan_only();
    let story = World::of(text).says(Answer::Chosen("a".into())).foreseen(&planned).run();
    assert_eq!((story.code, story.changes().len()), (0, 1), "{}", story.sentence);
}

#[test]
fn nobody_is_asked_about_a_plan_that_is_stale_already() {
    let text = r#"
[[step]]
id = "look"
on = "local"
read = "look"
capture = { found = "string" }
[[step]]
id = "path"
choose = "which?"
options = { a = "a", b = "b" }
[[step]]
id = "act"
on = "local"
change = 'act "$found"'
no_undo = "none"
"#;
    let planned = World::of(text).when("look", Prints("1")).plan_only();
    let story = World::of(text).when("look", Prints("2")).foreseen(&planned).run();
    assert_eq!((story.code, story.questions.len()), (7, 0), "{}", story.sentence);
}

#[test]
fn planned_again_it_says_whether_it_stands_and_uses_nothing_up() {
    let stands = world().when("counts", Prints(COUNTS)).foreseen(&planned()).plan_only();
    assert_eq!(stands.code, 0);
    assert!(!stands.log.contains(&"uses the plan up".to_owned()));
    let changed = world().when("counts", Prints("9\n2\n3\n4\n5\nyes\n7"));
    assert_eq!(changed.foreseen(&planned()).plan_only().code, 7);
}

#[test]
fn a_plan_that_ends_early_ends_so_again_or_is_stale() {
    let well = || world().when("counts", Prints(COUNTS)).before("is it well", Prints(""));
    let planned = well().before("all well", Prints("")).plan_only();
    assert_eq!(planned.code, 0, "{}", planned.sentence);
    let same = well().before("all well", Prints("")).foreseen(&planned).run();
    assert_eq!((same.code, same.changes().len()), (0, 0), "{}", same.sentence);
    let other = well().foreseen(&planned).run();
    assert_eq!((other.code, other.changes().len()), (7, 0), "{}", other.sentence);
    assert!(other.sentence.contains("finish_if"), "{}", other.sentence);
}

#[test]
fn a_lock_that_is_held_goes_before_a_plan_that_is_stale() {
    let text = EVERYTHING.replacen("[role.web]", "lock = \"x\"\n[role.web]", 1);
    let planned = World::of(&text).when("is it well", Exits(1)).plan_only();
    let story = World::of(&text).locked_by("ben").foreseen(&planned).run();
    assert_eq!((story.code, story.changes().len()), (6, 0), "{}", story.sentence);
}

#[test]
fn reads_alone_use_nothing_up_and_are_held_against_the_plan() {
    let text = "[[step]]\nid = \"a\"\non = \"local\"\nread = \"a\"\ncapture = { x = \"string\" }\n\
        [[step]]\nid = \"b\"\non = \"local\"\nread = 'echo \"$x\"'\n";
    let planned = World::of(text).when("a", Prints("1")).plan_only();
    let same = World::of(text).when("a", Prints("1")).foreseen(&planned).run();
    assert_eq!((same.code, same.log.contains(&"uses the plan up".to_owned())), (0, false));
    let other = World::of(text).when("a", Prints("2")).foreseen(&planned).run();
    assert_eq!(other.code, 7, "{}", other.sentence);
}

#[test]
fn taken_up_again_before_its_first_change_it_is_held_against_the_plan_again() {
    let cut = world().when("counts", Prints(COUNTS)).foreseen(&planned()).run();
    for last in ["previewed", "plan_asked", "plan_taken"] {
        let recorded =
            cut.until(|event| serde_json::to_value(event).is_ok_and(|json| json["event"] == last));
        // Whoever takes it up does not say what it executes, and cannot make it forget that.
        let again = world().when("counts", Prints(COUNTS)).resume(&recorded);
        assert_eq!(again.changes().len(), 5, "{last}: {}", again.sentence);
        assert!(again.place("uses the plan up") < again.place("up.app1"));
        let stale = world().when("counts", Prints("9\n2\n3\n4\n5\nyes\n7")).resume(&recorded);
        assert_eq!((stale.code, stale.changes().len()), (7, 0), "{last}: {}", stale.sentence);
    }
}

#[test]
fn taken_up_again_after_it_was_agreed_to_it_goes_on() {
    let cut = world().when("counts", Prints(COUNTS)).foreseen(&planned()).run();
    let recorded = cut.until_intent("up.app2");
    let again = world().when("counts", Prints("9\n2\n3\n4\n5\nyes\n7")).resume(&recorded);
    assert_eq!(again.run.state().phase, Phase::Execution);
    assert!(!again.log.contains(&"uses the plan up".to_owned()));
    assert!(!again.changes().is_empty(), "{}", again.sentence);
}

#[test]
fn an_audit_finds_that_a_stale_plan_was_agreed_to_or_not_used_up() {
    let planned = planned();
    let run = |counts| world().when("counts", Prints(counts)).foreseen(&planned);
    let good = run(COUNTS).run();
    let plan = Arc::new(run(COUNTS).plan());
    let findings = |facts: &[Event]| report::audit(&plan, facts).findings;
    assert_eq!(findings(&good.events), []);
    let is_taken = |event: &&Event| !matches!(event, Event::PlanTaken { .. });
    let unused: Vec<Event> = good.events.iter().filter(is_taken).cloned().collect();
    assert!(findings(&unused)[0].what.contains("was not used up"), "{:?}", findings(&unused));
    let forged = good.events.iter().cloned().map(|event| match event {
        Event::Planned { run, runbook, digest, environment, operator, mut options } => {
            options.foreseen.as_mut().unwrap().premises[0].is = "another".to_owned();
            Event::Planned { run, runbook, digest, environment, operator, options }
        }
        other => other,
    });
    let forged: Vec<Event> = forged.collect();
    assert!(findings(&forged)[0].what.contains("a stale plan was agreed to"));
}
