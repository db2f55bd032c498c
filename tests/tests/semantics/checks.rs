//! Rules 20 to 29: checks.

use runbook_core::run::{Answer, Question, StepStatus};

use crate::world::{Exits, Prints, Reply, Status, World};

fn local(step: &str) -> String {
    format!("[[step]]\nid = \"it\"\non = \"local\"\non_failure = \"stop\"\n{step}\n")
}

#[test]
fn rule_20_a_check_whose_when_is_false_is_left_out_and_a_goal_of_none_does_not_hold() {
    let story = World::of(
        r#"
[param.deep]
type = "bool"
default = "false"
[[goal]]
read = "deep"
on = "local"
when = "deep"
[[step]]
id = "up"
on = "local"
change = "up"
"#,
    )
    .run();
    assert_eq!((story.code, story.asked("deep")), (1, 0), "{}", story.sentence);
}

#[test]
fn rule_20_a_goal_is_left_out_in_the_same_way_where_a_step_asks_for_it() {
    let story = World::of(
        r#"
[param.deep]
type = "bool"
default = "false"
[[goal]]
read = "deep"
on = "local"
when = "deep"
[[goal]]
read = "shallow"
on = "local"
[[step]]
id = "up"
on = "local"
change = "up"
verify = { goal = true }
"#,
    )
    .run();
    assert_eq!((story.code, story.asked("deep"), story.asked("shallow")), (0, 0, 3));
}

#[test]
fn rule_20_not_met_and_error_of_requests_and_programs() {
    let http = local("check = { http = \"http://x/\" }");
    for (reply, code) in [(Status(204), 0), (Status(503), 1), (Reply::Unanswered, 1)] {
        assert_eq!(World::of(&http).when("http", reply.clone()).run().code, code, "{reply:?}");
    }
    let skip = local("change = \"up\"\nskip_if = { http = \"http://x/\" }");
    for reply in [Status(503), Reply::Unanswered] {
        let story = World::of(&skip).when("http", reply).run();
        assert_eq!((story.code, story.changes().len()), (0, 1), "an answer is an answer");
    }
}

#[test]
fn rule_21_an_error_is_never_a_no() {
    for key in ["skip_if", "finish_if", "stop_if"] {
        let text = local(&format!("change = \"up\"\n{key} = {{ read = \"probe\" }}"));
        let no = World::of(&text).when("probe", Exits(1)).run();
        assert_eq!((no.code, no.status("it")), (0, Some(StepStatus::Done)), "{key}");
        let error = World::of(&text).when("probe", Exits(2)).run();
        assert_eq!((error.code, error.status("it")), (1, Some(StepStatus::Failed)), "{key}");
    }
    for key in ["precondition", "verify"] {
        let text = local(&format!("change = \"up\"\n{key} = {{ read = \"probe\" }}"));
        for exit in [1, 2] {
            assert_eq!(World::of(&text).when("probe", Exits(exit)).run().code, 1, "{key} {exit}");
        }
    }
}

#[test]
fn rule_21_within_asks_again_after_both_and_reports_the_last() {
    let text = local("check = { read = \"probe\", within = \"10s\", every = \"2s\" }");
    let story = World::of(&text).once("probe", Exits(2)).once("probe", Exits(1)).run();
    assert_eq!((story.code, story.seconds("probe")), (0, vec![0, 2, 4]));
    let story = World::of(&text).times(4, "probe", Exits(2)).when("probe", Exits(1)).run();
    assert_eq!(story.code, 1);
    assert!(story.sentence.contains("exit 1"), "{}", story.sentence);
}

#[test]
fn rule_23_all_must_hold_and_of_stop_if_any() {
    let both = "[{ read = \"one\" }, { read = \"two\" }]";
    let text = local(&format!("read = \"look\"\nstop_if = {both}"));
    let story = World::of(&text).when("one", Exits(1)).run();
    assert_eq!(story.code, 3);
    let text = local(&format!("read = \"look\"\nfinish_if = {both}"));
    assert_eq!(World::of(&text).when("one", Exits(1)).run().status("it"), Some(StepStatus::Done));
    let text = local(&format!("change = \"up\"\nverify = {both}"));
    assert_eq!(World::of(&text).when("one", Exits(1)).run().code, 1);
}

#[test]
fn rule_23_it_holds_when_it_holds_on_every_host() {
    let check =
        "[role.web]\n[[step]]\nid = \"it\"\non_failure = \"stop\"\ncheck = { read = \"probe\" }\n";
    assert_eq!(World::of(check).run().asked("probe"), 3);
    assert_eq!(World::of(check).when_on("app2", "probe", Exits(1)).run().code, 1);
    let stop =
        "[role.web]\n[[step]]\nid = \"it\"\nread = \"look\"\nstop_if = { read = \"probe\" }\n";
    let any = World::of(stop).when_on("app2", "probe", Prints("")).when("probe", Exits(1)).run();
    assert_eq!(any.code, 3);
    assert_eq!(World::of(stop).when("probe", Exits(1)).run().code, 0);
}

#[test]
fn rule_23_goal_true_is_asked_as_the_goal_says_once() {
    let story = World::of(
        r#"
[role.web]
[param.port]
type = "int"
[goal]
http = "http://{{ host }}:{{ port }}/"
on = "web"
[[step]]
id = "up"
change = "up"
verify = { goal = true }
"#,
    )
    .inventory(
        "[env.prod]\nroles = { web = [\"app1\", \"app2\"] }\n[host.app1]\nvars = { port = 81 }\n[host.app2]\nvars = { port = 82 }\n",
    )
    .run();
    let asked: Vec<_> =
        story.probes.iter().map(|(_, text, host)| format!("{text} {host}")).collect();
    let once = ["GET http://app1:81/ app1", "GET http://app2:82/ app2"];
    assert_eq!(asked, [once, once, once, once].concat(), "start, two verifies, end");
}

#[test]
fn rule_24_a_check_inherits_and_on_another_host_only_env_and_shell() {
    let story = World::of(
        r#"
[role.web]
[role.db]
[[step]]
id = "up"
on = "web"
cwd = "/srv"
sudo = "app"
env = { A = "1" }
shell = "bash"
change = "up"
verify = [{ read = "own" }, { read = 'other "$runbook_host"', on = "db" }, { read = "said", cwd = "/tmp" }]
"#,
    )
    .only("web=app1")
    .run();
    let own = story.command("own");
    assert_eq!(
        (own.cwd.as_deref(), own.sudo.as_deref(), own.env["A"].as_str()),
        (Some("/srv"), Some("app"), "1")
    );
    let other = story.command("other");
    assert_eq!((&other.cwd, &other.sudo, other.env["A"].as_str()), (&None, &None, "1"));
    assert_eq!(other.env["runbook_host"], "app1", "the host stays the step's");
    assert_eq!(story.probes[1].2, "db1");
    assert_eq!(story.command("said").cwd.as_deref(), Some("/tmp"));
}

#[test]
fn rule_25_two_minutes_every_ten_seconds_are_twelve_tries() {
    let text = local("check = { read = \"probe\", within = \"2m\", every = \"10s\" }");
    let story = World::of(&text).when("probe", Exits(1)).run();
    assert_eq!(story.seconds("probe"), (0..12).map(|n| n * 10).collect::<Vec<_>>());
    assert_eq!(story.code, 1);
}

#[test]
fn rule_25_a_late_probe_starts_at_the_next_multiple_and_never_two_at_once() {
    let text = local("check = { read = \"probe\", within = \"1m\", every = \"10s\" }");
    let story = World::of(&text)
        .once("probe", Reply::After(25, Box::new(Exits(1))))
        .once("probe", Exits(1))
        .run();
    assert_eq!((story.code, story.seconds("probe")), (0, vec![0, 30, 40]));
    let slow = World::of(&text).when("probe", Reply::After(25, Box::new(Exits(1)))).run();
    assert_eq!((slow.code, slow.seconds("probe")), (1, vec![0, 30]));
}

#[test]
fn rule_25_a_hold_begins_within_and_then_stays() {
    let text =
        local("check = { read = \"probe\", within = \"30s\", hold = \"30s\", every = \"10s\" }");
    let story = World::of(&text).times(2, "probe", Exits(1)).run();
    assert_eq!((story.code, story.seconds("probe")), (0, vec![0, 10, 20, 30, 40]));
    let late = World::of(&text).when("probe", Exits(1)).run();
    assert_eq!((late.code, late.seconds("probe")), (1, vec![0, 10, 20]));
}

#[test]
fn rule_25_misses_may_fail_and_one_more_starts_the_window_anew_while_within_lasts() {
    let check = |within: &str| {
        local(&format!(
            "check = {{ read = \"probe\", {within} hold = \"40s\", every = \"10s\", misses = 1 }}"
        ))
    };
    let one = World::of(&check("")).once("probe", Prints("")).once("probe", Exits(2)).run();
    assert_eq!((one.code, one.seconds("probe").len()), (0, 4), "an error is a miss");
    let two = World::of(&check("")).once("probe", Prints("")).times(2, "probe", Exits(1)).run();
    assert_eq!((two.code, two.seconds("probe").len()), (1, 3));
    let anew = World::of(&check("within = \"1m\","))
        .once("probe", Prints(""))
        .times(2, "probe", Exits(1))
        .run();
    assert_eq!((anew.code, anew.seconds("probe").len()), (0, 7), "3 broken, then 4 of 4");
}

#[test]
fn rule_26_an_ask_is_asked_once_a_run_and_its_answer_stands() {
    let text = r#"
[[step]]
id = "up"
on = "local"
change = "up"
precondition = { ask = "is the site quiet?" }
verify = { read = "ver" }
"#;
    let story = World::of(text).once("ver", Exits(1)).says(Answer::Yes).says(Answer::Retry).run();
    let attested = story.questions.iter().filter(|q| matches!(q, Question::Attest { .. })).count();
    assert_eq!((story.code, attested, story.changes().len()), (0, 1, 2));
    let no = World::of(text).says(Answer::No).says(Answer::Quit).run();
    assert_eq!((no.code, no.changes().len()), (1, 0));
}

#[test]
fn rule_26_a_person_is_asked_once_not_once_a_host() {
    let story = World::of(
        r#"
[role.web]
[[precondition]]
ask = "is the site quiet?"
[[step]]
id = "sure"
check = { ask = "sure?" }
"#,
    )
    .says(Answer::Yes)
    .says(Answer::Yes)
    .run();
    assert_eq!((story.code, story.questions.len()), (0, 2));
}

#[test]
fn rule_26_an_ask_is_only_shown_in_a_plan() {
    let story = World::of(
        r#"
[[step]]
id = "sure"
on = "local"
check = { ask = "sure?" }
[[step]]
id = "look"
on = "local"
read = "look"
"#,
    )
    .plan_only();
    assert_eq!((story.code, story.questions.len(), story.log.len()), (0, 0, 0));
    assert_eq!(story.what("sure"), runbook_core::run::What::WouldAsk);
}

#[test]
fn rule_26_on_a_list_an_ask_is_asked_once_a_list() {
    let story = World::of(
        r#"
[[step]]
id = "up"
on = "local"
items = "list"
change = 'up "$@"'
precondition = { ask = "these?" }
verify = { read = "ver" }
"#,
    )
    .when("list", Prints("a"))
    .once("ver", Exits(1))
    .says(Answer::Yes)
    .says(Answer::Retry)
    .says(Answer::Yes)
    .run();
    assert_eq!((story.code, story.changes().len()), (0, 2));
}

#[test]
fn rule_27_a_check_that_is_captured_is_a_question() {
    let text = local("check = { read = \"probe\" }\ncapture = { ok = \"bool\" }");
    for (exit, value) in [(0, "true"), (1, "false")] {
        let story = World::of(&text).when("probe", Exits(exit)).run();
        assert_eq!((story.code, story.value("ok").as_deref()), (0, Some(value)));
    }
    let error = World::of(&text).when("probe", Exits(2)).run();
    assert_eq!((error.code, error.value("ok")), (1, None));
}

const GUARDED: &str = r#"
[[precondition]]
read = "quiet"
on = "local"
[[step]]
id = "up"
on = "local"
change = "up"
"#;

#[test]
fn rule_28_a_precondition_is_asked_at_the_start_and_again_after_the_yes() {
    let story = World::of(GUARDED).run();
    assert_eq!(
        (story.code, story.log),
        (0, ["? quiet local", "? quiet local", "up.local.1"].map(str::to_owned).to_vec())
    );
    let start = World::of(GUARDED).when("quiet", Exits(1)).run();
    assert_eq!((start.code, start.questions.len(), start.changes().len()), (3, 0, 0));
    let meanwhile = World::of(GUARDED).once("quiet", Prints("")).when("quiet", Exits(1)).run();
    assert_eq!((meanwhile.code, meanwhile.changes().len()), (3, 0));
    let error = World::of(GUARDED).when("quiet", Exits(7)).run();
    assert_eq!(error.code, 3, "one that errs is 3, too");
}

#[test]
fn rule_28_after_a_yes_to_a_destroy_its_precondition_and_proof_are_asked_again() {
    let text = r#"
[[step]]
id = "copied"
on = "local"
read = "copied"
[[step]]
id = "wipe"
on = "local"
destroy = "wipe"
affects = "all"
no_undo = "gone"
precondition = { read = "quiet" }
proof = ["copied", { read = "whole" }]
"#;
    let story = World::of(text).types(&["local"]).run();
    assert_eq!(
        story.log,
        [
            "copied.local.1",
            "? quiet local",
            "? whole local",
            "? quiet local",
            "? whole local",
            "wipe.local.1"
        ]
    );
    let gone = World::of(text)
        .once("whole", Prints(""))
        .when("whole", Exits(1))
        .types(&["local"])
        .says(Answer::Quit)
        .run();
    assert_eq!((gone.code, gone.changes().len()), (1, 0));
}

#[test]
fn rule_29_defaults() {
    use std::time::Duration;
    let story = World::of(
        r#"
[defaults]
timeout = "7m"
[[step]]
id = "plain"
on = "local"
read = "plain"
timeout = "2m"
[[step]]
id = "polled"
on = "local"
check = { read = "polled", within = "5s" }
[[step]]
id = "held"
on = "local"
check = { read = "held", hold = "20s" }
"#,
    )
    .when("polled", Exits(1))
    .says(Answer::PassOver)
    .run();
    assert_eq!(story.seconds("polled"), [0, 2, 4], "every 2 s");
    assert_eq!(story.seconds("held"), [4, 14], "in a hold every 10 s");
    assert_eq!(story.orders[0].timeout, Duration::from_secs(120));
    let plain = World::of(
        r#"
[[step]]
id = "a"
on = "local"
read = "a"
[[step]]
id = "b"
on = "local"
change = "b"
[[step]]
id = "c"
on = "local"
destroy = "c"
affects = "all"
no_undo = "no"
"#,
    )
    .types(&["local"])
    .run();
    let minutes: Vec<u64> = plain.orders.iter().map(|o| o.timeout.as_secs() / 60).collect();
    assert_eq!(minutes, [2, 30, 30]);
}
