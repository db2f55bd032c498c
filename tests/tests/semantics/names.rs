//! Rules 1 to 13: values and names.

use runbook_core::run::{Payload, StepStatus};

use crate::world::{Exits, Prints, World};

#[test]
fn rule_1_values_have_one_text_form_in_the_environment() {
    let story = World::of(
        r#"
[param.ok]
type = "bool"
[param.window]
type = "duration"
[param.room]
type = "bytes"
[param.rate]
type = "number"
[param.names]
type = "list"
[[step]]
id = "show"
on = "local"
read = 'echo "$ok $window $room $rate $names"'
"#,
    )
    .param("ok", "true")
    .param("window", "5m")
    .param("room", "2 KiB")
    .param("rate", "1.50")
    .param("names", "a")
    .param("names", "b")
    .run();
    let env = &story.command("echo").env;
    let texts = ["ok", "window", "room", "rate", "names"].map(|name| env[name].as_str());
    assert_eq!(texts, ["true", "300", "2048", "1.5", "a\nb"]);
}

#[test]
fn rule_2_an_argv_element_stays_one_argument_and_stdin_is_a_template() {
    let story = World::of(
        r#"
[param.what]
type = "string"
[[step]]
id = "show"
on = "local"
read = ["printf", "%s", "{{ what }}"]
stdin = "<{{ what }}>"
[[step]]
id = "literal"
on = "local"
read = 'echo "{{ what }}"'
"#,
    )
    .param("what", "a b; c")
    .run();
    let Payload::Command(command) = &story.orders[0].payload else { panic!("a program") };
    let words = serde_json::to_value(&command.program).unwrap();
    assert_eq!(words["argv"], serde_json::json!(["printf", "%s", "a b; c"]));
    assert_eq!(command.stdin.as_deref(), Some("<a b; c>"));
    assert_eq!(story.log[1], "literal.local.1");
    let sent = serde_json::to_string(&story.orders[1].payload).unwrap();
    assert!(sent.contains("{{ what }}"), "nothing is interpolated in a script: {sent}");
}

#[test]
fn rule_2_an_amount_may_be_one_name() {
    let story = World::of(
        r#"
[param.window]
type = "duration"
default = "30s"
[[step]]
id = "hold"
on = "local"
check = { read = "up", hold = "{{ window }}", every = "10s" }
"#,
    )
    .run();
    assert_eq!(story.seconds("up"), [0, 10, 20]);
}

#[test]
fn rule_3_a_script_gets_the_names_in_it_and_every_entry_of_env() {
    let story = World::of(
        r#"
[param.tag]
type = "version"
[param.other]
type = "string"
[[step]]
id = "up"
on = "local"
env = { ALWAYS = "{{ other }}" }
change = "sh -c 'pull \"$0\"' \"$tag\""
"#,
    )
    .param("tag", "v1")
    .param("other", "o")
    .run();
    let env = &story.command("pull").env;
    assert_eq!(env.len(), 2, "{env:?}");
    assert_eq!((env["tag"].as_str(), env["ALWAYS"].as_str()), ("v1", "o"));
    assert_eq!(story.command("pull").stdin, None);
}

#[test]
fn rule_3_a_value_that_no_host_takes_is_an_error_before_anything_is_sent() {
    let long = Box::leak("x".repeat(50 * 1024).into_boxed_str());
    let story = World::of(
        r#"
[[step]]
id = "look"
on = "local"
read = "look"
capture = { text = "string" }
[[step]]
id = "up"
on = "local"
change = "up"
env = { THRICE = "{{ text }}{{ text }}{{ text }}" }
on_failure = "stop"
"#,
    )
    .when("look", Prints(long))
    .run();
    assert_eq!((story.code, story.changes()), (1, vec![]));
    assert!(story.sentence.contains("128 KiB"), "{}", story.sentence);
}

#[test]
fn rule_4_the_engine_has_variables_of_its_own() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "show"
read = 'echo "$runbook_run $runbook_step $runbook_host $runbook_env $runbook_started"'
"#,
    )
    .only("app2")
    .run();
    let env = &story.command("echo").env;
    let texts = ["run", "step", "host", "env", "started"]
        .map(|name| env[&format!("runbook_{name}")].as_str());
    assert_eq!(texts, ["r8F3", "show", "app2", "prod", "1970-01-01T00:00:00Z"]);
}

#[test]
fn rule_5_a_name_is_defined_once_and_none_that_is_reserved() {
    let twice = World::of(
        r#"
[param.tag]
type = "version"
[[step]]
id = "look"
on = "local"
read = 'echo "$tag"'
capture = { tag = "version" }
"#,
    );
    assert!(twice.complaints().iter().any(|line| line.contains("tag")), "{:?}", twice.complaints());
    for reserved in ["host", "now", "steps", "runbook_x", "goal", "not"] {
        let text = format!(
            "[[step]]\nid = \"look\"\non = \"local\"\nread = \"x\"\ncapture = {{ {reserved} = \"string\" }}\n"
        );
        let complaints = World::of(&text).complaints();
        assert!(
            complaints.iter().any(|line| line.contains(reserved)),
            "{reserved}: {complaints:?}"
        );
    }
}

#[test]
fn rule_6_the_flags_of_a_step() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "some"
change = "some"
on_failure = "continue"
[[step]]
id = "never"
when = "host_count > 100"
change = "never"
[[step]]
id = "all_done"
change = "all_done"
[[step]]
id = "show"
on = "local"
needs = ["all_done", "some", "never"]
read = ["echo", "{{ steps.some.done }} {{ steps.some.failed }} {{ steps.some.started }}", "{{ steps.never.skipped }} {{ steps.never.started }}", "{{ steps.all_done.done }} {{ steps.all_done.unknown }} {{ steps.all_done.undone }} {{ steps.all_done.declined }}"]
[param.host_count]
type = "int"
default = "3"
"#,
    )
    .when_on("app2", "some", Exits(1))
    .run();
    let sent = serde_json::to_value(&story.orders.last().unwrap().payload).unwrap().to_string();
    assert!(sent.contains("false true true"), "{sent}");
    assert!(sent.contains("true false\""), "{sent}");
    assert!(sent.contains("true false false false"), "{sent}");
}

#[test]
fn rule_6_names_that_are_always_there() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "show"
read = ["echo", "{{ host }}", "{{ vars.port }}", "{{ hosts.web | map(attribute='name') | join(',') }}", "{{ env }}", "{{ run.id }} {{ run.operator }}", "{{ now }}"]
"#,
    )
    .inventory("[env.prod]\nroles = { web = [\"app1\", \"app2\"] }\n[host.app2]\nvars = { port = 81 }\n[host.app1]\nvars = { port = 80 }\n")
    .run();
    let sent = serde_json::to_value(&story.orders[1].payload).unwrap().to_string();
    for text in ["app2", "\"81\"", "app1,app2", "\"prod\"", "r8F3 ada", "1970-01-01T00:00:00Z"] {
        assert!(sent.contains(text), "{text} in {sent}");
    }
}

const LAG: &str = r#"
[role.web]
[role.db]
[[step]]
id = "lag"
on = "web"
read = "lag"
capture = { lag = "int" }
max_failed = 1
[[step]]
id = "own"
on = "web"
change = 'own "$lag"'
[[step]]
id = "outside"
on = "db"
read = ["outside", "{{ lag['app1'] }}", "{{ all.lag | sum }}"]
"#;

#[test]
fn rule_7_a_per_host_name_is_this_hosts_value_and_elsewhere_a_map() {
    let story = World::of(LAG)
        .when_on("app1", "lag", Prints("7"))
        .when_on("app2", "lag", Prints("5"))
        .when_on("app3", "lag", Exits(1))
        .run();
    assert_eq!(story.changes(), ["own.app1.1", "own.app2.1"], "what failed on a host gets no more");
    assert_eq!(story.command("own").env["lag"], "7");
    let sent = serde_json::to_value(&story.orders.last().unwrap().payload).unwrap().to_string();
    assert!(sent.contains("\"7\",\"12\""), "{sent}");
}

#[test]
fn rule_7_this_hosts_value_is_never_the_map_of_the_others() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "lag"
read = "lag"
capture = { lag = "int" }
skip_if = { that = "host == 'app2'" }
[[step]]
id = "own"
when = "steps.lag.started"
change = ["own", "{{ lag | default(0) }}"]
"#,
    )
    .only("app1,app2")
    .when("lag", Prints("7"))
    .run();
    let words: Vec<String> = story
        .orders
        .iter()
        .filter(|order| order.id.step == "own")
        .map(|order| serde_json::to_value(&order.payload).unwrap().to_string())
        .collect();
    assert!(words[0].contains("\"7\"") && words[1].contains("\"0\""), "{words:?}");
}

#[test]
fn rule_7_a_difference_between_hosts_fails_the_step_that_says_there_is_none() {
    let text = r#"
[role.web]
[[step]]
id = "current"
read = "current"
capture = { tag = { type = "version", same_on_all_hosts = true } }
[[step]]
id = "show"
on = "local"
read = ["echo", "{{ tag }}"]
"#;
    let same = World::of(text).when("current", Prints("v1")).run();
    assert_eq!((same.code, same.value("tag")), (0, Some("v1".to_owned())));
    let differs = World::of(text)
        .when_on("app3", "current", Prints("v2"))
        .when("current", Prints("v1"))
        .alone()
        .run();
    assert_eq!(differs.status("current"), Some(StepStatus::Failed));
    assert!(differs.why("current").contains("app3 has `v2`"), "{}", differs.why("current"));
}

#[test]
fn rule_7_a_value_that_is_taken_again_is_compared_with_the_last_one_of_each_host() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "current"
read = "current"
capture = { tag = { type = "version", same_on_all_hosts = true }, twice = { type = "string", that = "tag ~ tag" } }
verify = { read = "settled" }
"#,
    )
    .only("app1")
    .once("current", Prints("v1"))
    .when("current", Prints("v2"))
    .once("settled", Exits(1))
    .says(runbook_core::run::Answer::Retry)
    .run();
    assert_eq!((story.code, story.value("tag")), (0, Some("v2".to_owned())), "{}", story.sentence);
    assert!(story.value("twice").unwrap().contains("v2v2"), "{:?}", story.value("twice"));
}

#[test]
fn rule_9_an_optional_value_that_was_not_given_leaves_its_entry_unset() {
    let story = World::of(
        r#"
[param.tag]
type = "version"
optional = true
[[step]]
id = "up"
on = "local"
env = { TAG = "{{ tag }}", TEXT = "{{ 'x' if tag is defined else 'y' }}" }
change = 'up "${tag:-}"'
title = "up {{ tag }}"
"#,
    )
    .run();
    let env = &story.command("up").env;
    assert_eq!(env.keys().collect::<Vec<_>>(), ["TEXT"], "neither the entry nor the variable");
    assert_eq!(story.preview().steps[0].title, "up none");
}

#[test]
fn rule_9_a_skipped_choice_is_none() {
    let story = World::of(
        r#"
[param.ask]
type = "bool"
default = "false"
[[step]]
id = "path"
when = "ask"
choose = "which?"
options = { a = "A", b = "B" }
[[step]]
id = "up"
on = "local"
when = "path is defined and path == 'a'"
change = "up"
[[step]]
id = "other"
on = "local"
when = "path is not defined"
change = "other"
"#,
    )
    .run();
    assert_eq!(story.changes(), ["other.local.1"]);
}

#[test]
fn rule_9_what_was_not_delivered_is_an_error_before_anything_is_sent() {
    let story = World::of(
        r#"
[param.read_it]
type = "bool"
default = "false"
[[step]]
id = "look"
on = "local"
when = "read_it"
read = "look"
capture = { tag = "version" }
[[step]]
id = "guarded"
on = "local"
when = "steps.look.done and tag == 'v1'"
change = "guarded"
[[step]]
id = "up"
on = "local"
change = ["up", "{{ tag }}"]
title = "up {{ tag }}"
on_failure = "stop"
"#,
    );
    let complaints = story.complaints();
    let story = story.run();
    assert_eq!(story.status("guarded"), Some(StepStatus::Skipped), "{complaints:?}");
    assert_eq!((story.code, story.changes()), (1, vec![]));
    assert_eq!(story.preview().steps[2].title, "up not known");
}

#[test]
fn rule_11_a_changes_output_is_captured_and_what_is_not_of_its_type_fails_the_step() {
    let text = r#"
[[step]]
id = "make"
on = "local"
change = "make"
capture = { count = "int", double = { type = "int", that = "count * 2" } }
on_failure = "stop"
"#;
    let good = World::of(text).when("make", Prints("21\n")).run();
    let values = (good.value("count"), good.value("double"));
    assert_eq!((good.code, values), (0, (Some("21".to_owned()), Some("42".to_owned()))));
    let bad = World::of(text).when("make", Prints("many")).run();
    assert_eq!((bad.code, bad.status("make")), (1, Some(StepStatus::Failed)));
}

#[test]
fn rule_13_defaults_apply_where_on_is_the_default_one() {
    let story = World::of(
        r#"
[role.web]
[role.db]
[defaults]
on = "web"
cwd = "/srv"
sudo = true
env = { A = "1", B = "1" }
[[step]]
id = "first"
read = "first"
env = { B = "2" }
[[step]]
id = "second"
on = "db"
read = "second"
"#,
    )
    .run();
    let first = story.command("first");
    assert_eq!((first.cwd.as_deref(), first.sudo.as_deref()), (Some("/srv"), Some("root")));
    assert_eq!((first.env["A"].as_str(), first.env["B"].as_str()), ("1", "2"));
    let second = story.command("second");
    assert_eq!((&second.cwd, &second.sudo, second.env.len()), (&None, &None, 0));
}

#[test]
fn rule_13_a_variable_that_aims_a_local_tool_and_is_not_passed_is_named() {
    let left = |rest: &str, set: &[&str]| {
        let text = format!("[role.web]\n[[step]]\nid = \"up\"\n{rest}\n");
        let found = World::of(&text).plan().left_behind(|name| set.contains(&name));
        found.map(|found| format!("{} {}", found.tool, found.variable))
    };
    let script = "on = \"local\"\nchange = 'x=$(sudo kubectl apply -f -)'";
    assert_eq!(left(script, &["KUBECONFIG"]).as_deref(), Some("kubectl KUBECONFIG"));
    assert_eq!(left(script, &["AWS_PROFILE"]), None, "it aims another tool");
    assert_eq!(left("change = 'kubectl apply'", &["KUBECONFIG"]), None, "it is not set there");
    let own = format!("{script}\nenv = {{ KUBECONFIG = \"/etc/prod\" }}");
    assert_eq!(left(&own, &["KUBECONFIG"]), None, "the step says it itself");
    let check = "on = \"local\"\nchange = 'up'\nverify = { read = [\"aws\", \"sts\"] }";
    assert_eq!(left(check, &["AWS_REGION"]).as_deref(), Some("aws AWS_REGION"));
    let undo = "on = \"local\"\nchange = 'up'\nundo = 'docker stop x'";
    assert_eq!(left(undo, &["DOCKER_HOST"]).as_deref(), Some("docker DOCKER_HOST"));
    let passed = World::of(
        "local_env = [\"KUBECONFIG\"]\n[[step]]\nid = \"up\"\non = \"local\"\nchange = 'kubectl apply'\n",
    );
    assert_eq!(passed.plan().left_behind(|_| true), None);
}
