//! What is found in scripts.

use super::*;

fn texts(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.text.as_str()).collect()
}

fn nested(script: &str) -> Vec<String> {
    read(script).nested.into_iter().map(|n| format!("{} {}", n.interpreter, n.variable)).collect()
}

#[test]
fn syntax_errors_have_their_place() {
    let found = |script: &str| {
        let finding = read(script).syntax.expect(script);
        (script[finding.range.clone()].to_owned(), finding.text)
    };
    assert_eq!(found("a | | b").0, "|");
    assert_eq!(found("echo é $x ); b").0, ");");
    assert_eq!(found("true\nif true; then").0, "if true; then");
    assert!(found("echo 'abc").1.contains("never closed"));
    assert!(found("cat <<EOF\nabc\n").1.contains("`EOF`"));
    assert!(found("echo \"$(if x)\"").1.contains("middle of a command"));
    assert!(read("for id in \"$@\"; do docker rm \"$id\" || true; done # x").syntax.is_none());
}

#[test]
fn variables_are_unquoted_where_the_shell_splits() {
    assert_eq!(texts(&read("rm $x \"$y\" ${z%/} > $out").unquoted), ["x", "z", "out"]);
    assert!(read("x=$y; case $x in $z) ;; esac; [[ $x == $y ]]").unquoted.is_empty());
    assert!(read("for i in $list; do echo \"$i\"; done; echo $? $# $$").unquoted.is_empty());
    assert_eq!(texts(&read("a \"$(b $c)\"").unquoted), ["c"]);
    let script = "echo \"é $(rm $c)\"";
    assert_eq!(&script[read(script).unquoted[0].range.clone()], "$c");
}

#[test]
fn programs_inside_programs_are_seen_wherever_they_stand() {
    assert_eq!(nested("sh -c \"rm $tag\""), ["sh -c tag"]);
    assert_eq!(nested("sudo -u x bash -ec 'a '\"$tag\""), ["bash -ec tag"]);
    assert_eq!(
        nested("docker exec db psql -XAtc \"select $x\" -c \"$y\""),
        ["psql -XAtc x", "psql -c y"]
    );
    assert_eq!(nested("ssh -p 22 \"$h\" \"rm $x\""), ["ssh x"]);
    assert_eq!(nested("eval \"$x\""), ["eval x"]);
    assert_eq!(nested("python3 -c \"print($x)\""), ["python3 -c x"]);
    assert_eq!(nested("psql -X <<SQL\ndrop $x\nSQL\n"), ["psql << x"]);
    assert_eq!(nested("sqlite3 -readonly \"$db\" \"select $x\""), ["sqlite3 x"]);
}

#[test]
fn values_beside_a_program_are_no_part_of_it() {
    for fine in [
        "sh -c 'rm \"$1\"' _ \"$tag\"",
        "psql -v db=\"$db\" -d \"$db\" -f file.sql",
        "psql -XAt -d \"$db\" -c \"select 1\"",
        "psql -X -v x=\"$x\" <<'SQL'\nselect :'x', $y\nSQL\n",
        "ssh \"$host\" uptime",
        "echo \"sh -c $x\"",
    ] {
        assert_eq!(nested(fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn negation_is_seen_by_conditions_and_at_the_end() {
    let seen =
        |script: &str| read(script).negated.iter().map(|n| (n.of_test, n.seen)).collect::<Vec<_>>();
    assert_eq!(seen("! grep -q x f\ntrue"), [(false, false)]);
    assert_eq!(seen("if ! grep -q x f; then exit 1; fi"), [(false, true)]);
    assert_eq!(seen("true; ! command -v docker"), [(true, true)]);
    assert_eq!(seen("! [ -e x ] || exit 1"), [(true, true)]);
    assert_eq!(seen("! docker ps | grep -q x"), [(false, true)]);
}

#[test]
fn pipelines_say_whether_a_dead_producer_shows() {
    let fact = |script: &str| {
        let pipeline = &read(script).pipelines[0];
        (pipeline.counts, pipeline.needs_input)
    };
    assert_eq!(fact("docker ps | wc -l"), (true, false));
    assert_eq!(fact("docker ps | grep -q x"), (false, true));
    assert_eq!(fact("df -P / | awk 'NR==2 { print $5 }'"), (false, false));
    assert_eq!(fact("x | awk 'END { print n + 0 }'"), (true, false));
    assert_eq!(read("echo \"$(a | b)\"").pipelines.len(), 1);
}

#[test]
fn losses_are_recognised_and_comments_are_not() {
    for text in [
        "rm -rf /x",
        "rm -r -f /x",
        "rm -fr x",
        "docker system prune -f",
        "dropdb x",
        "docker compose down -v",
        "psql -c 'DROP TABLE x'",
        "git push --force",
        "psql <<'SQL'\ndrop table x;\nSQL\n",
        "mkfs.ext4 /dev/sda",
    ] {
        assert_eq!(read(text).destructive.len(), 1, "{text}");
    }
    for text in ["true # prune", "rm x", "rm -rf \"$runbook_tmp/x\"", "docker compose down"] {
        assert!(read(text).destructive.is_empty(), "{text}");
    }
}

#[test]
fn names_tools_arguments_and_counts() {
    let facts =
        read("sudo docker ps; x=${tag:-none}; awk -v n=\"$keep\" '{ print ENVIRON[\"other\"] }'");
    assert_eq!(texts(&facts.tools), ["docker"]);
    let words: Vec<&str> = names_in("awk -v n=\"$keep\" '{ ENVIRON[\"other\"] }'").collect();
    assert_eq!(words, ["awk", "v", "n", "keep", "ENVIRON", "other"]);
    assert!(facts.tolerated.contains("tag"));
    assert_eq!((facts.commands, facts.uses_arguments), (2, false));
    assert!(read("docker rm -- \"$@\"").uses_arguments);
    assert!(read("for x; do true; done").uses_arguments);
    assert_eq!(read("grep -c x f").counted.len(), 1);
}
