//! What was misspelled is answered with what may have been meant, and nothing is run.

use runbook_tests::Runbook;

const RUNBOOK: &str = r#"
format = 1
title = "Look at a host"
[role.web]
[param.tag]
type = "version"
[[step]]
id = "look"
read = "echo $tag"
"#;

const HOSTS: &str = "format = 1\n[env.prod]\nroles = { web = [\"app1\"] }\n";

fn operator() -> Runbook {
    let operator = Runbook::new();
    operator.write("runbooks/look-around.toml", RUNBOOK.trim_start());
    operator.write("hosts.toml", HOSTS);
    operator
}

#[track_caller]
fn refused(arguments: &[&str], said: &[&str]) {
    let finished = operator().run(arguments);
    finished.assert_code(2);
    assert_eq!(finished.stdout, "", "{finished}");
    for words in said {
        assert!(finished.stderr.contains(words), "{words:?} was not said: {finished}");
    }
}

#[test]
fn a_verb() {
    refused(&["chekc"], &["unrecognized subcommand 'chekc'", "'check'"]);
}

#[test]
fn a_runbook() {
    refused(&["plan", "look-arund"], &["no runbook `look-arund`", "did you mean `look-around`?"]);
    refused(&["show", "look-arund"], &["did you mean `look-around`?"]);
}

#[test]
fn a_parameter() {
    let said = ["no parameter `tga`", "did you mean `tag`?"];
    refused(&["plan", "look-around", "-e", "prod", "tga=v1"], &said);
}

#[test]
fn an_environment() {
    let said = ["no environment `pord`", "did you mean `prod`?"];
    refused(&["plan", "look-around", "-e", "pord", "tag=v1"], &said);
}

#[test]
fn a_host() {
    let arguments = ["plan", "look-around", "-e", "prod", "tag=v1", "--limit", "ap1"];
    refused(&arguments, &["no role has a host `ap1`", "did you mean `app1`?"]);
}

#[test]
fn a_step_of_a_choice() {
    let arguments = ["run", "look-around", "--local", "tag=v1", "--choose", "lok=a"];
    refused(&arguments, &["no step `lok`", "did you mean `look`?"]);
}

#[test]
fn missing_parameters_are_one_error_without_a_terminal() {
    refused(&["plan", "look-around", "-e", "prod"], &["no value for `tag`", "tag=VERSION"]);
}

#[test]
fn a_value_is_a_pair() {
    refused(&["plan", "look-around", "v1.3.9"], &["`v1.3.9` is not a value", "KEY=VALUE"]);
}

#[test]
fn alone_it_lists_the_runbooks_and_what_to_try() {
    let said = operator().run(&[]);
    said.assert_code(0);
    assert!(
        said.stdout.contains("look-around") && said.stdout.contains("Look at a host"),
        "{said}"
    );
    assert!(said.stdout.contains("runbook plan "), "{said}");
}

#[test]
fn no_screen_names_a_verb_that_does_not_exist() {
    let help = operator().run(&["--help"]);
    help.assert_code(0);
    for absent in ["undo", "report"] {
        assert!(!help.stdout.contains(&format!("  {absent} ")), "{absent}: {help}");
    }
}

#[test]
fn an_inventory_that_others_can_write_is_not_taken() {
    use std::os::unix::fs::PermissionsExt as _;
    let operator = operator();
    let path = operator.working_directory().join("hosts.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("it is ours");
    let said = operator.run(&["plan", "look-around", "-e", "prod", "tag=v1"]);
    said.assert_code(2);
    assert!(said.stderr.contains("hosts.toml is not taken: others can write"), "{said}");
}

#[test]
fn a_schema_is_printed_for_an_editor() {
    for of in ["runbook", "hosts"] {
        let said = operator().run(&["schema", of]);
        said.assert_code(0);
        let schema: serde_json::Value = serde_json::from_str(&said.stdout).expect("it is JSON");
        assert!(schema["properties"]["format"].is_object(), "{said}");
    }
}
