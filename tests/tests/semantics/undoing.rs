//! Rule 34, as far as the failed step goes: the way back.

use runbook_core::run::{Answer, Loss, StepStatus};

use crate::world::{Exits, Prints, Reply, World};

fn step(undo: &str) -> String {
    format!(
        "[role.web]\n[role.db]\n[[step]]\nid = \"up\"\non = \"web\"\nat_once = \"all\"\ncwd = \"/srv\"\nchange = \"up\"\nverify = {{ read = \"ver\" }}\n{undo}\n"
    )
}

#[test]
fn rule_34_the_failed_step_is_undone_where_it_started_with_its_own_directory() {
    let story = World::of(&step("undo = \"back\""))
        .only("web=app1,app2")
        .only("db=db1")
        .when_on("app2", "ver", Exits(1))
        .says(Answer::Undo)
        .run();
    assert_eq!(story.changes(), ["up.app1.1", "up.app2.1", "up.undo.app2.1"]);
    assert_eq!(story.command("back").cwd.as_deref(), Some("/srv"));
    assert_eq!(story.code, 1);
    assert!(story.sentence.contains("it was undone"), "{}", story.sentence);
    assert!(story.failure_cards()[0].may.undo);
}

#[test]
fn rule_34_an_undo_has_its_own_precondition_and_verify() {
    let undo = "undo = { change = \"back\", precondition = { read = \"may\" }, verify = { read = \"was\" } }";
    let world = || World::of(&step(undo)).only("web=app1").only("db=db1").when("ver", Exits(1));
    let good = world().says(Answer::Undo).run();
    assert_eq!(good.log[2..], ["? may app1", "up.undo.app1.1", "? was app1"]);
    let kept = world().when("may", Exits(1)).says(Answer::Undo).run();
    assert_eq!(kept.changes(), ["up.app1.1"]);
    assert!(kept.sentence.contains("undo failed"), "{}", kept.sentence);
    let bad = world().when("was", Exits(1)).says(Answer::Undo).run();
    assert!(bad.sentence.contains("undo failed: verify"), "{}", bad.sentence);
}

#[test]
fn rule_34_it_goes_where_the_undo_says_the_last_host_first() {
    let undo = "undo = { change = \"back\", on = \"db\", where = \"host != 'db2'\", verify = { read = \"was\" } }";
    let story = World::of(&step(undo))
        .inventory("[env.prod]\nroles = { web = [\"app1\"], db = [\"db1\", \"db2\", \"db3\"] }\n")
        .when("ver", Exits(1))
        .says(Answer::Undo)
        .run();
    assert_eq!(story.log[2..], ["up.undo.db3.1", "up.undo.db1.1", "? was db3", "? was db1"]);
}

#[test]
fn rule_34_two_hosts_are_undone_one_at_a_time_each_by_its_own() {
    let undo = "undo = { change = \"back\", on = \"local\" }\nmax_failed = 0";
    let story = World::of(&step(undo))
        .only("web=app1,app2")
        .only("db=db1")
        .when("ver", Exits(1))
        .when("back", Reply::After(5, Box::new(Prints(""))))
        .says(Answer::Undo)
        .says(Answer::Undo)
        .run();
    let undone: Vec<_> = story.changes().into_iter().filter(|id| id.contains("undo")).collect();
    assert_eq!(undone, ["up.undo.local.1", "up.undo.local.2"]);
}

#[test]
fn rule_34_it_is_offered_after_a_retry_that_did_not_start() {
    let text = step("undo = \"back\"\nprecondition = { read = \"pre\" }");
    let story = World::of(&text)
        .only("web=app1")
        .only("db=db1")
        .when("ver", Exits(1))
        .once("pre", Prints(""))
        .when("pre", Exits(1))
        .says(Answer::Retry)
        .says(Answer::Undo)
        .run();
    assert_eq!(story.changes(), ["up.app1.1", "up.undo.app1.1"]);
    let never = World::of(&text)
        .only("web=app1")
        .only("db=db1")
        .when("pre", Exits(1))
        .says(Answer::Quit)
        .run();
    assert!(!never.failure_cards()[0].may.undo, "what did not start is not undone");
}

#[test]
fn rule_34_by_hand_a_person_says_that_it_is_undone_for_each_host() {
    let text = step("undo = { manual = \"put {{ host }} back\" }");
    let world = || World::of(&text).only("web=app1,app2").only("db=db1").when("ver", Exits(1));
    let done = || Answer::Done(Vec::new());
    let story = world().says(Answer::Undo).says(Answer::Undo).says(done()).says(done()).run();
    assert_eq!(story.by_hand(), ["put app1 back", "put app2 back"]);
    assert_eq!(story.code, 1);
}

#[test]
fn rule_34_a_destroying_undo_is_approved_as_such() {
    let undo = "undo = { destroy = \"back\", affects = \"all\", confirm = \"{{ host }}/back\" }";
    let world = || World::of(&step(undo)).only("web=app1").only("db=db1").when("ver", Exits(1));
    let story = world().says(Answer::Undo).types(&["app1/back"]).run();
    assert_eq!(story.changes(), ["up.app1.1", "up.undo.app1.1"]);
    assert!(story.cards()[0].undo);
    let no = world().says(Answer::Undo).says(Answer::No).run();
    assert_eq!(no.changes(), ["up.app1.1"]);
    let lost = Reply::Lost(Loss::Unknown("gone".to_owned()));
    let unknown = world().when("back", lost).says(Answer::Undo).types(&["app1/back"]).run();
    assert_eq!((unknown.code, unknown.status("up")), (5, Some(StepStatus::Failed)));
}

#[test]
fn rule_34_by_a_program_after_a_person_did_the_work() {
    let text = "[[step]]\nid = \"swap\"\non = \"local\"\nmanual = \"swap\"\nverify = { read = \"ver\" }\nundo = \"back\"\n";
    let story = World::of(text)
        .when("ver", Exits(1))
        .says(Answer::Done(Vec::new()))
        .says(Answer::Undo)
        .run();
    assert_eq!(story.changes(), ["swap.undo.local.1"]);
}
