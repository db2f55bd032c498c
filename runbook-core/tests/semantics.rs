//! The rules of the semantics that hold when a runbook is loaded, each by its number.

use std::time::Duration;

use runbook_core::base::{Source, StepId};
use runbook_core::document::RunbookDocument;
use runbook_core::runbook::{
    Amount, CountRange, How, Items, Kind, Method, Place, Probe, Proof, Runbook, Rung, Shell, Step,
    Undo, UndoAction,
};

const HEAD: &str = "format = 1\ntitle = \"T\"\n[role.web]\n";

/// The codes of what is said of a runbook of these steps.
fn codes(text: &str) -> Vec<&'static str> {
    let parsed = RunbookDocument::parse(Source::new("t.toml", format!("{HEAD}{text}")));
    let (_, found) = Runbook::validate(&parsed, "t");
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn runbook(text: &str) -> Runbook {
    let parsed = RunbookDocument::parse(Source::new("t.toml", format!("{HEAD}{text}")));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let (runbook, found) = Runbook::validate(&parsed, "t");
    runbook.unwrap_or_else(|| panic!("{found:?}"))
}

fn step<'a>(runbook: &'a Runbook, id: &str) -> &'a Step {
    runbook.step(&id.parse::<StepId>().expect("an id")).expect("a step")
}

fn minutes(minutes: u64) -> Amount<Duration> {
    Amount::Fixed(Duration::from_secs(60 * minutes))
}

fn seconds(seconds: u64) -> Amount<Duration> {
    Amount::Fixed(Duration::from_secs(seconds))
}

#[test]
fn rule_2_scripts_are_no_templates_and_argvs_are() {
    let runbook = runbook(
        "[[step]]\nid = \"a\"\nread = \"docker ps --format '{{.ID}}'\"\n\
         [[step]]\nid = \"b\"\nread = [\"docker\", \"ps\", \"{% raw %}{{.ID}}{% endraw %}\"]\n",
    );
    let Kind::Read(How::Script(script)) = &step(&runbook, "a").kind else { panic!("a script") };
    assert_eq!(&*script.text, "docker ps --format '{{.ID}}'");
    assert_eq!(codes("[[step]]\nid = \"a\"\nread = [\"x\", \"{{.ID}}\"]"), ["bad-template"]);
}

#[test]
fn rule_3_only_names_that_occur_are_sent() {
    let runbook = runbook(
        "[param]\na = { type = \"int\", default = 1 }\nb = { type = \"int\", default = 1 }\n\
         c = { type = \"int\", default = 1 }\n[[step]]\nid = \"s\"\n\
         read = '''\nawk -v n=\"$a\" 'BEGIN { print ENVIRON[\"b\"] }'\n\
         echo \"$runbook_run $runbook_tmp\"'''\n\
         title = \"{{ c }}\"\n",
    );
    let Kind::Read(How::Script(script)) = &step(&runbook, "s").kind else { panic!("a script") };
    let names: Vec<&str> = script.names.iter().map(AsRef::as_ref).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(script.engine_names, ["run", "tmp"]);
}

#[test]
fn rule_4_the_engine_sets_six_variables() {
    assert_eq!(codes("[[step]]\nid = \"a\"\nread = 'echo \"$runbook_tpm\"'"), ["unknown-name"]);
}

#[test]
fn rule_5_one_namespace() {
    let twice = "[param]\nway = { type = \"int\", default = 1 }\n[[step]]\nid = \"way\"\n\
                 choose = \"{{ way }}?\"\noptions = { a = \"A\" }\n";
    assert_eq!(codes(twice), ["defined-twice"]);
    let fine = "[param]\nway = { type = \"int\", default = 1 }\n[[step]]\nid = \"way\"\n\
                read = 'echo \"$way\"'\n";
    assert_eq!(codes(fine), Vec::<&str>::new(), "the id of another step is no name");
}

#[test]
fn rule_7_one_value_where_one_host_is_known() {
    let with = |keys: &str| {
        let text = format!(
            "[[step]]\nid = \"a\"\n{keys}\nread = \"hostname\"\ncapture = {{ x = \"name\" }}\n\
             [[step]]\nid = \"b\"\nwhen = \"x == 'app1'\"\nread = \"uptime\"\n"
        );
        codes(&text)
    };
    assert_eq!(with(""), ["per-host-name"]);
    for one in ["pick = 1", "exactly = 1", "on = \"local\""] {
        assert_eq!(with(one), Vec::<&str>::new(), "{one}");
    }
}

#[test]
fn rule_9_a_when_guards_all_of_its_step() {
    let with = |when: &str| {
        let text = format!(
            "[[step]]\nid = \"a\"\npick = 1\non_failure = \"continue\"\nread = \"hostname\"\n\
             capture = {{ x = \"name\" }}\n\
             [[step]]\nid = \"b\"\n{when}\nread = [\"echo\", \"{{{{ x }}}}\"]\n"
        );
        codes(&text)
    };
    assert_eq!(with(""), ["may-be-undelivered"]);
    for guard in [
        "when = \"steps.a.done\"",
        "when = \"x is defined\"",
        "when = \"steps.a.done and x == 'y'\"",
    ] {
        assert_eq!(with(guard), Vec::<&str>::new(), "{guard}");
    }
}

#[test]
fn rule_13_defaults_apply_where_on_is_the_default() {
    let runbook = runbook(
        "[role.db]\n[defaults]\non = \"web\"\ncwd = \"/opt\"\nsudo = true\nshell = \"bash\"\n\
         env = { A = \"1\", B = \"1\" }\n\
         [[step]]\nid = \"a\"\nread = \"uptime\"\nenv = { B = \"2\" }\n\
         [[step]]\nid = \"b\"\non = \"db\"\nread = \"uptime\"\n\
         [[step]]\nid = \"c\"\nsudo = false\nshell = \"sh\"\nread = \"uptime\"\n",
    );
    let a = step(&runbook, "a");
    assert_eq!(a.setting.cwd.as_ref().map(|cwd| cwd.source()), Some("/opt"));
    let env: Vec<(&str, &str)> =
        a.setting.env.iter().map(|(name, value)| (name.as_str(), value.source())).collect();
    assert_eq!(env, [("A", "1"), ("B", "2")], "merged key by key");
    let Kind::Read(How::Script(script)) = &a.kind else { panic!("a script") };
    assert_eq!(script.shell, Shell::Bash);
    assert_eq!(step(&runbook, "b").setting, runbook_core::runbook::Setting::default());
    assert_eq!(step(&runbook, "c").setting.sudo, None);
}

#[test]
fn rule_14_needs_default_to_the_step_above_and_order_the_steps() {
    let runbook = runbook(
        "[[step]]\nid = \"a\"\nneeds = [\"c\"]\nread = \"uptime\"\n\
         [[step]]\nid = \"b\"\nread = \"uptime\"\n\
         [[step]]\nid = \"c\"\nneeds = []\nread = \"uptime\"\n",
    );
    let order: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(order, ["c", "a", "b"]);
    assert_eq!(step(&runbook, "b").needs, ["a"]);
    assert!(step(&runbook, "c").needs.is_empty());
}

#[test]
fn rules_15_and_16_how_many_hosts() {
    let runbook = runbook(
        "[[step]]\nid = \"a\"\nread = \"uptime\"\nexactly = \"0..\"\nkeep = \"x\"\n\
         [[step]]\nid = \"b\"\nchange = \"true\"\nverify = { tcp = \"h:1\" }\n\
         [[step]]\nid = \"c\"\nchange = \"true\"\nverify = { tcp = \"h:1\" }\n\
         at_once = [1, \"30%\", \"100%\"]\n",
    );
    assert_eq!(step(&runbook, "a").exactly, CountRange { min: 0, max: None });
    assert_eq!(step(&runbook, "a").at_once, [Rung::All]);
    assert_eq!(step(&runbook, "b").exactly, CountRange { min: 1, max: None });
    assert_eq!(step(&runbook, "b").at_once, [Rung::Count(1)]);
    assert_eq!(step(&runbook, "c").at_once, [Rung::Count(1), Rung::Percent(30), Rung::All]);
}

#[test]
fn rule_20_a_negated_check_is_refused() {
    let with =
        |script: &str| codes(&format!("[[step]]\nid = \"a\"\ncheck = {{ read = '{script}' }}\n"));
    assert_eq!(with("! docker ps | grep -q x"), ["negated-check"]);
    for fine in ["! command -v docker", "! [ -e x ]", "! test -e x"] {
        assert_eq!(with(fine), Vec::<&str>::new(), "{fine}");
    }
}

#[test]
fn rules_23_and_24_where_checks_are_asked_and_what_they_inherit() {
    let runbook = runbook(
        "[role.db]\n[defaults]\non = \"web\"\n[goal]\ntcp = \"h:1\"\n\
         [[step]]\nid = \"a\"\nsudo = true\ncwd = \"/opt\"\nenv = { A = \"1\" }\nread = \"uptime\"\n\
         verify = [{ read = \"true\" }, { read = \"true\", on = \"db\" }, { read = \"true\", sudo = false, on = \"web\" }]\n",
    );
    assert_eq!(runbook.goal[0].place, Place::Role("web".parse().expect("a role")));
    let [own, other, same] = &*step(&runbook, "a").verify else { panic!("three checks") };
    assert_eq!((&own.place, own.setting.sudo.is_some()), (&Place::StepHost, true));
    assert_eq!(own.setting.cwd.as_ref().map(|cwd| cwd.source()), Some("/opt"));
    assert_eq!(other.place, Place::Role("db".parse().expect("a role")));
    assert_eq!((other.setting.sudo.is_some(), other.setting.cwd.is_some()), (false, false));
    assert_eq!(other.setting.env.len(), 1);
    assert_eq!((&same.place, same.setting.sudo.is_some()), (&Place::StepHost, false));
}

#[test]
fn rule_24_the_goal_uses_parameters_only() {
    let text = "[goal]\nread = 'echo \"$x\"'\n[[step]]\nid = \"a\"\npick = 1\nread = \"hostname\"\n\
                capture = { x = \"name\" }\n";
    assert_eq!(codes(text), ["not-known-there"]);
}

#[test]
fn rule_27_a_check_step_captures_its_verdict() {
    let runbook = runbook(
        "[[step]]\nid = \"a\"\ncheck = { tcp = \"h:1\" }\ncapture = { ok = \"bool\" }\n\
         [[step]]\nid = \"b\"\nwhere = \"ok\"\nread = \"uptime\"\n",
    );
    let capture = step(&runbook, "a").capture.values().next().expect("a capture");
    assert!(capture.verdict && capture.per_host);
}

#[test]
fn rule_29_defaults_of_time() {
    let runbook = runbook(
        "[goal]\ntcp = \"h:1\"\n\
         [[step]]\nid = \"a\"\nread = \"uptime\"\nkeep = \"x\"\nverify = [{ read = \"true\", within = \"1m\" }, { goal = true }]\n\
         [[step]]\nid = \"b\"\nchange = \"true\"\nverify = { tcp = \"h:1\", hold = \"1m\" }\n\
         [[step]]\nid = \"c\"\ncheck = { tcp = \"h:1\" }\n",
    );
    let a = step(&runbook, "a");
    assert_eq!(a.timeout, Some(minutes(2)));
    assert_eq!((&a.verify[0].timeout, &a.verify[0].patience.every), (&minutes(1), &seconds(2)));
    assert_eq!((&a.verify[1].timeout, &a.verify[1].probe), (&seconds(10), &Probe::Goal));
    let b = step(&runbook, "b");
    assert_eq!((&b.timeout, &b.verify[0].patience.every), (&Some(minutes(30)), &seconds(10)));
    assert_eq!(step(&runbook, "c").timeout, None);
    let shorter = runbook_with_timeout();
    assert_eq!(step(&shorter, "a").timeout, Some(minutes(5)));
    assert_eq!(step(&shorter, "b").timeout, Some(minutes(1)));
    let Kind::Check(checks) = &step(&shorter, "c").kind else { panic!("checks") };
    assert_eq!(checks[0].timeout, seconds(10), "a step's timeout does not cover probes");
}

fn runbook_with_timeout() -> Runbook {
    runbook(
        "[defaults]\ntimeout = \"5m\"\n[[step]]\nid = \"a\"\nread = \"uptime\"\n\
         [[step]]\nid = \"b\"\nread = \"uptime\"\ntimeout = \"1m\"\n\
         [[step]]\nid = \"c\"\ncheck = { tcp = \"h:1\" }\n",
    )
}

#[test]
fn rule_34_ways_back() {
    let runbook = runbook(
        "[[step]]\nid = \"l\"\nread = \"uptime\"\nkeep = \"x\"\n\
         [[step]]\nid = \"a\"\nchange = \"true\"\nverify = { tcp = \"h:1\" }\nundo = \"false\"\n\
         [[step]]\nid = \"b\"\nchange = \"true\"\nverify = { tcp = \"h:1\" }\nundo = { by = \"a\" }\n\
         [[step]]\nid = \"c\"\nchange = \"true\"\nverify = { tcp = \"h:1\" }\nundo = { manual = \"x\", after = \"a\" }\n\
         [[step]]\nid = \"d\"\nchange = \"true\"\nverify = { tcp = \"h:1\" }\nno_undo = \"why\"\n",
    );
    let Undo::Step(undo) = &step(&runbook, "a").undo else { panic!("an undo") };
    assert!(matches!(&undo.action, UndoAction::Change(How::Script(s)) if &*s.text == "false"));
    assert_eq!((&undo.place, &undo.timeout), (&Place::StepHost, &minutes(30)));
    assert_eq!(step(&runbook, "b").undo, Undo::By("a".parse().expect("an id")));
    let Undo::Step(undo) = &step(&runbook, "c").undo else { panic!("an undo") };
    assert_eq!(undo.after, Some("a".parse().expect("an id")));
    assert_eq!(step(&runbook, "d").undo, Undo::Never("why".to_owned()));
}

#[test]
fn rule_36_items_are_read_or_are_a_list() {
    let runbook = runbook(
        "[param]\nunits = { type = \"list\", of = \"name\", default = [\"a\"] }\n\
         [[step]]\nid = \"a\"\nitems = \"{{ units }}\"\nread = 'ls \"$@\"'\n\
         [[step]]\nid = \"b\"\nitems = \"ls\"\nread = [\"ls\"]\n",
    );
    assert!(matches!(step(&runbook, "a").items, Some(Items::Value(_))));
    assert!(matches!(step(&runbook, "b").items, Some(Items::Read(How::Script(_)))));
}

#[test]
fn rule_37_a_proof_that_may_be_skipped_is_warned_of() {
    let with = |when: &str| {
        codes(&format!(
            "[[step]]\nid = \"a\"\nwhen = \"env == 'x'\"\nread = \"uptime\"\nkeep = \"x\"\n\
             [[step]]\nid = \"b\"\n{when}\ndestroy = \"true\"\naffects = \"x\"\nno_undo = \"y\"\n\
             proof = \"a\"\n"
        ))
    };
    assert_eq!(with(""), ["proof-may-be-skipped"]);
    assert_eq!(with("when = \"steps.a.done\""), Vec::<&str>::new());
    assert_eq!(with("when = \"env == 'x'\""), Vec::<&str>::new());
    let runbook = runbook(
        "[[step]]\nid = \"b\"\ndestroy = \"true\"\naffects = \"x\"\nno_undo = \"y\"\n\
         proof = { tcp = \"h:1\" }\n",
    );
    assert!(matches!(&*step(&runbook, "b").card.proof, [Proof::Check(_)]));
}

#[test]
fn rule_43_a_request_of_a_change_is_local_unless_said() {
    let runbook = runbook(
        "[[step]]\nid = \"a\"\nchange = { http = \"https://h/x\" }\n\
         [[step]]\nid = \"b\"\non = \"web\"\nchange = { http = { url = \"https://h/x\", method = \"PUT\" } }\n\
         [[step]]\nid = \"c\"\nread = { http = { url = \"http://localhost/x\" } }\n",
    );
    let method = |id: &str| match &step(&runbook, id).kind {
        Kind::Change(How::Request(request)) | Kind::Read(How::Request(request)) => request.method,
        _ => panic!("a request"),
    };
    assert_eq!((&step(&runbook, "a").place, method("a")), (&Place::Local, Method::Post));
    let web = Place::Role("web".parse().expect("a role"));
    assert_eq!((&step(&runbook, "b").place, method("b")), (&web, Method::Put));
    assert_eq!((&step(&runbook, "c").place, method("c")), (&web, Method::Get));
}

#[test]
fn where_the_reader_complained_nothing_is_called_missing() {
    let text = format!("{HEAD}[[step]]\nid = \"a\"\nchagne = \"true\"\n");
    let parsed = RunbookDocument::parse(Source::new("t.toml", text));
    let (runbook, found) = Runbook::validate(&parsed, "t");
    assert!(runbook.is_none() && parsed.diagnostics.has_errors());
    assert!(found.is_empty(), "{found:?}");
}
