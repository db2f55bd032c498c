//! Rules 31 and 36 to 38: what loses something, its list, its proof and its card.

use runbook_core::run::{Answer, StepStatus};

use crate::world::{Exits, Prints, World};

const WIPE: &str = r#"
[role.web]
[[step]]
id = "wipe"
destroy = "wipe"
affects = "whoever uses {{ host }}"
no_undo = "gone"
[[step]]
id = "after"
change = "after"
"#;

#[test]
fn rule_31_the_typed_words_admit_it_s_passes_it_over_q_stops() {
    let one = |answer: Answer| World::of(WIPE).only("app1").says(answer).run();
    let typed = one(Answer::Typed(vec!["app1".to_owned()]));
    assert_eq!(
        (typed.code, typed.changes()),
        (0, vec!["wipe.app1.1".to_owned(), "after.app1.1".to_owned()])
    );
    let passed = one(Answer::PassOver);
    assert_eq!((passed.code, passed.changes()), (10, vec!["after.app1.1".to_owned()]));
    assert_eq!(passed.status("wipe"), Some(StepStatus::PassedOver));
    for answer in [Answer::Quit, Answer::No, Answer::Yes, Answer::Typed(vec!["app2".to_owned()])] {
        let declined = one(answer.clone());
        assert_eq!((declined.code, declined.changes().len()), (4, 0), "{answer:?}");
        assert_eq!(declined.on("wipe", "app1"), Some(StepStatus::Declined));
    }
}

#[test]
fn rule_31_a_run_whose_only_destroy_was_passed_over_is_no_success() {
    let text = WIPE.split("[[step]]\nid = \"after\"").next().unwrap();
    let story = World::of(text).only("app1").says(Answer::PassOver).run();
    assert_eq!((story.code, story.changes().len()), (10, 0));
}

#[test]
fn rule_31_what_must_be_typed_never_has_a_hole() {
    let text = r#"
[param.look_first]
type = "bool"
default = "false"
[[step]]
id = "look"
on = "local"
when = "look_first"
read = "look"
capture = { name = "name" }
[[step]]
id = "wipe"
on = "local"
destroy = "wipe"
affects = "all"
confirm = "local/{{ name }}"
no_undo = "gone"
on_failure = "stop"
"#;
    let story = World::of(text).run();
    assert_eq!((story.code, story.cards().len(), story.changes().len()), (1, 0, 0));
}

const LIST: &str = r#"
[[step]]
id = "wipe"
on = "local"
items = "list"
max_items = 2
precondition = { read = "pre" }
destroy = 'wipe "$@"'
affects = "all"
verify = { read = "ver" }
undo.change = 'back "$@"'
"#;

#[test]
fn rule_36_no_items_skip_the_step_and_too_many_are_refused_before_anyone_is_asked() {
    let none = World::of(LIST).run();
    assert_eq!((none.code, none.status("wipe")), (0, Some(StepStatus::Skipped)));
    assert_eq!(none.why("wipe"), "nothing to do");
    let many = World::of(LIST).when("list", Prints("a\nb\nc")).says(Answer::Quit).run();
    assert_eq!((many.code, many.cards().len(), many.asked("pre")), (1, 0, 0));
}

#[test]
fn rule_36_the_list_is_passed_to_the_step_its_checks_and_its_undo() {
    let story = World::of(LIST)
        .when("list", Prints("a\nb"))
        .when("ver", Exits(1))
        .types(&["local"])
        .says(Answer::Undo)
        .run();
    for part in ["pre", "wipe", "ver", "back"] {
        assert_eq!(story.command(part).args, ["a", "b"], "{part}");
    }
    assert!(story.changes().contains(&"wipe.undo.local.1".to_owned()));
}

#[test]
fn rule_36_a_list_that_changed_after_the_yes_voids_it_and_a_new_one_is_needed() {
    let story = World::of(LIST)
        .times(2, "list", Prints("a"))
        .once("list", Prints("a\nb"))
        .when("list", Prints("a"))
        .types(&["local"])
        .says(Answer::Retry)
        .types(&["local"])
        .run();
    assert_eq!((story.code, story.cards().len()), (0, 2), "{}", story.sentence);
    assert_eq!(story.changes(), ["wipe.local.1"]);
    assert!(story.failure_cards()[0].why.contains("the list changed"));
}

#[test]
fn rule_36_a_list_value_is_meant_as_well_and_is_appended_to_an_argv() {
    let story = World::of(
        r#"
[param.names]
type = "list"
[[step]]
id = "up"
on = "local"
items = "{{ names }}"
change = ["up"]
"#,
    )
    .param("names", "a b")
    .param("names", "c")
    .run();
    assert_eq!(story.command("up").args, ["a b", "c"]);
}

#[test]
fn rule_37_proof_counts_done_only() {
    let text = |first: &str| {
        format!(
            "[param.off]\ntype = \"bool\"\ndefault = \"false\"\n[[step]]\nid = \"copied\"\non = \"local\"\n{first}\nread = \"copied\"\n[[step]]\nid = \"wipe\"\non = \"local\"\ndestroy = \"wipe\"\naffects = \"all\"\nno_undo = \"gone\"\nproof = [\"copied\"]\non_failure = \"stop\"\n"
        )
    };
    assert_eq!(World::of(&text("")).types(&["local"]).run().changes().len(), 1);
    let skipped = World::of(&text("when = \"off\"")).run();
    assert_eq!((skipped.code, skipped.cards().len(), skipped.changes().len()), (1, 0, 0));
    let passed = World::of(&text("")).when("copied", Exits(1)).says(Answer::PassOver).run();
    assert_eq!((passed.cards().len(), passed.changes().len()), (0, 0));
}

const SEVERAL: &str =
    "[env.prod]\nmax_hosts_per_destroy = 2\nroles = { web = [\"app1\", \"app2\", \"app3\"] }\n";

#[test]
fn rule_38_a_card_covers_as_many_hosts_as_the_environment_says() {
    let text = WIPE.replace(
        "destroy = \"wipe\"",
        "destroy = \"wipe\"\nat_once = \"all\"\nprecondition = { read = \"pre\" }",
    );
    let story = World::of(&text).inventory(SEVERAL).types(&["app1", "app2"]).types(&["app3"]).run();
    assert_eq!(story.code, 0, "{}", story.sentence);
    let hosts: Vec<usize> = story.cards().iter().map(|card| card.hosts.len()).collect();
    assert_eq!(hosts, [2, 1]);
    assert_eq!(story.cards()[0].hosts[1].affects.as_deref(), Some("whoever uses app2"));
    assert_eq!(story.changes()[..3], ["wipe.app1.1", "wipe.app2.1", "wipe.app3.1"]);
    let unequal = World::of(&text).inventory(SEVERAL).types(&["app1", "app1"]).run();
    assert_eq!((unequal.code, unequal.changes().len()), (4, 0), "it is typed for each");
}

#[test]
fn rule_38_a_card_that_is_passed_over_is_passed_over_for_all_of_its_hosts() {
    let text = WIPE.replace("destroy = \"wipe\"", "destroy = \"wipe\"\nat_once = \"all\"");
    let story = World::of(&text).inventory(SEVERAL).says(Answer::PassOver).types(&["app3"]).run();
    assert_eq!((story.code, story.cards().len()), (10, 2));
    assert_eq!(story.changes()[0], "wipe.app3.1");
}

#[test]
fn rule_15_nothing_of_a_rung_starts_before_all_its_cards_are_answered() {
    let text = WIPE.replace("destroy = \"wipe\"", "destroy = \"wipe\"\nat_once = \"all\"");
    let story = World::of(&text).only("app1,app2").types(&["app1"]).says(Answer::Quit).run();
    assert_eq!((story.code, story.changes().len(), story.cards().len()), (4, 0, 2));
}

#[test]
fn rule_38_each_host_has_its_own_card_by_default() {
    let story = World::of(WIPE).types(&["app1"]).types(&["app2"]).types(&["app3"]).run();
    assert_eq!((story.code, story.cards().len()), (0, 3));
    assert_eq!(story.log[..3], ["wipe.app1.1", "wipe.app2.1", "wipe.app3.1"]);
}
