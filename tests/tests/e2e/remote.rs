//! What a host is asked through its connection, and what runs there as another user.

use std::net::TcpListener;

use runbook_core::plan::Verdict;
use runbook_core::run::{Event, StepStatus};
use runbook_tests::{Engine, HostOptions, Images, Need, Runbook, SshConfig, Stack, Sudo, ready};

use crate::journal::Journal;
use crate::shop::{Shop, assert_nothing_left};
use crate::single::Single;

/// A goal that is asked from the host.
const HEALTH: &str = r#"
format = 1
title = "Is it well?"
[role.db]
[param.url]
type = "url"
[goal]
http = "{{ url }}"
on = "db"
expect = 200
[[step]]
id = "look"
read = "true"
"#;

#[test]
fn a_request_goes_through_the_connection_of_its_host() {
    if !Shop::can_open() {
        return;
    }
    let stack = Stack::new(Engine::shared(), Images::shared(), "shop", "v1");
    stack.up().assert_code(0);
    let url = format!("url={}", stack.health_url());
    let open = Single::start(HEALTH);
    let ended = open.run(&[&url]);
    ended.assert_code(0);
    open.assert_nothing_left();

    // where the host forwards nothing the same service cannot be asked, though it can from here: that
    // is no answer
    let closed = HostOptions::new().sshd_line("AllowTcpForwarding no");
    let closed = Single::with(&closed, HEALTH);
    let ended = closed.run(&[&url]);
    ended.assert_code(1);
    assert!(ended.stdout.contains("NOT RESOLVED"), "{ended}");
    assert!(ended.stdout.contains("AllowTcpForwarding local"), "{ended}");
    let verdicts: Vec<Verdict> = Journal::newest(&closed.operator)
        .facts()
        .filter_map(|fact| match fact {
            Event::ProbeAnswered { verdict, .. } => Some(verdict.clone()),
            _ => None,
        })
        .collect();
    assert!(!verdicts.is_empty() && verdicts.iter().all(Verdict::is_error), "{verdicts:?}");
    assert_eq!(stack.health(), Some(200));
    closed.assert_nothing_left();
}

/// A port that somebody listens on, and one that nobody does, as the host sees them.
const PORTS: &str = r#"
format = 1
title = "Who listens?"
[role.db]
[param.open]
type = "int"
[param.closed]
type = "int"
[[step]]
id = "listens"
check = { tcp = "127.0.0.1:{{ open }}" }
[[step]]
id = "silent"
check = { tcp = "127.0.0.1:{{ closed }}" }
"#;

#[test]
fn a_port_is_reached_only_where_somebody_listens() {
    if !Single::can_start() {
        return;
    }
    let listeners = ["127.0.0.1:0"; 2].map(|at| TcpListener::bind(at).expect("a free port"));
    let port = |at: usize| listeners[at].local_addr().expect("it is bound").port();
    let arguments = [format!("open={}", port(0)), format!("closed={}", port(1))];
    let [_open, closed] = listeners;
    drop(closed);
    let there = Single::start(PORTS);
    let ended = there.run(&[&arguments[0], &arguments[1]]);
    ended.assert_code(1);
    let journal = Journal::newest(&there.operator);
    let status = ["listens", "silent"].map(|step| journal.status(step));
    assert_eq!(status, [StepStatus::Done, StepStatus::Failed], "{ended}");
    there.assert_nothing_left();
}

/// Becomes root on the host.
const AS_ROOT: &str = r#"
format = 1
title = "Write what only root may"
[role.db]
[[step]]
id = "who"
sudo = true
read = "id -un"
capture = { name = "string" }
[[step]]
id = "write"
sudo = true
change = 'echo "$(id -un) after $name" > /run/written'
verify = { read = "cat /run/written", expect = "root after root" }
no_undo = "a file harms nothing"
"#;

#[test]
fn a_step_becomes_root_where_it_may() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Sudo]) {
        return;
    }
    let there = Single::with(&HostOptions::new().deploy_user(Sudo::Passwordless), AS_ROOT);
    let ended = there.run(&["--yes"]);
    ended.assert_code(0);
    assert_eq!(Journal::newest(&there.operator).changes(), ["write db1"]);
    there.assert_nothing_left();
}

#[test]
fn where_it_may_not_the_line_for_sudoers_is_told() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Sudo]) {
        return;
    }
    for sudo in [Sudo::AsksPassword, Sudo::Forbidden] {
        let there = Single::with(&HostOptions::new().deploy_user(sudo), AS_ROOT);
        let ended = there.run(&["--yes"]);
        ended.assert_code(1);
        let said = ended.stdout.clone() + &ended.stderr;
        assert!(said.contains("deploy ALL=(root) NOPASSWD"), "{said}");
        assert!(!said.contains("cannot be reached"), "{said}");
        let journal = Journal::newest(&there.operator);
        journal.assert_only_reads();
        let tries = journal.facts().filter(|fact| matches!(fact, Event::Intended { .. }));
        assert_eq!(tries.count(), 1, "it would be refused again");
        there.assert_nothing_left();
    }
}

#[test]
fn a_program_that_reads_its_input_does_not_eat_the_rest_of_the_script() {
    if !Shop::can_open() {
        return;
    }
    let engine = Engine::shared();
    let stack = Stack::new(engine, Images::shared(), "shop", "v1");
    let host = HostOptions::new().engine(engine).start("db1");
    let config = SshConfig::for_hosts(&[&host]);
    let operator = Runbook::new().ssh_config(&config);
    let directory = stack.directory().display();
    operator.write(
        "runbooks/own.toml",
        &format!(
            r#"
format = 1
title = "Migrate, then go on"
[role.db]
[[step]]
id = "migrate"
cwd = "{directory}"
change = '''
echo before > told
docker compose run --rm app cat
echo after >> told
'''
verify = {{ read = "cat told", expect = "before\nafter" }}
no_undo = "a migration stays"
"#
        ),
    );
    let ended = operator.run(&["run", "own", "--host", "db=db1", "--yes"]);
    ended.assert_code(0);
    let told = std::fs::read_to_string(stack.directory().join("told")).expect("it was written");
    assert_eq!(told, "before\nafter\n");
    assert_nothing_left(&host);
}
