//! The lab itself: that its systems are real, apart from each other, and gone afterwards.
//! It must not test the command.

use std::process::Command;

use runbook_tests::{
    Engine, HostOptions, Images, Key, Need, Place, Program, Registry, Size, SshConfig, SshHost,
    Stack, Sudo, Terminal, processes, ready,
};
use rustix::process::Signal;

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

#[test]
fn two_hosts_have_homes_and_variables_of_their_own() {
    if !ready(&[Need::Ssh]) {
        return;
    }
    let hosts = ["web-1", "web-2"].map(|name| HostOptions::new().env("ROLE", name).start(name));
    for host in &hosts {
        let seen = host.run("echo $HOME $XDG_STATE_HOME $ROLE");
        seen.assert_code(0);
        let (home, state) = (host.home(), host.state());
        let expected = format!("{} {} {}\n", home.display(), state.display(), host.name());
        assert_eq!(seen.stdout, expected);
    }
    assert_ne!(hosts[0].address(), hosts[1].address());
}

#[test]
fn two_hosts_are_different_machines() {
    if !ready(&[Need::Ssh, Need::Namespaces]) {
        return;
    }
    let identity = "hostname; cat /etc/machine-id /proc/sys/kernel/random/boot_id";
    let mut hosts = ["db-1", "db-2"].map(SshHost::start);
    let seen = hosts.each_ref().map(|host| host.run(identity).assert_code(0).stdout.clone());
    assert!(seen[0].starts_with("db-1\n") && seen[1].starts_with("db-2\n"), "{seen:?}");
    let lines = seen.each_ref().map(|text| text.lines().collect::<Vec<_>>());
    assert!((0..3).all(|line| lines[0][line] != lines[1][line]), "{lines:?}");

    hosts[0].power_off();
    assert_eq!(hosts[0].run("true").code, Some(255));
    hosts[0].boot();
    let again = hosts[0].run(identity).assert_code(0).stdout.clone();
    let again: Vec<_> = again.lines().collect();
    assert_eq!(again[..2], lines[0][..2], "the same machine");
    assert_ne!(again[2], lines[0][2], "booted anew");
}

#[test]
fn what_runs_on_a_host_outlives_its_network_and_not_its_power() {
    if !ready(&[Need::Ssh, Need::Namespaces]) {
        return;
    }
    let mut host = SshHost::start("db-1");
    let job = "setsid sh -c 'echo started; exec sleep 1000' </dev/null >~/job 2>&1 & \
               while ! grep -q started ~/job; do :; done";
    host.run(job).assert_code(0);
    let running = host.processes();
    let job = running.iter().find(|(_, command)| command.contains("sleep 1000"));
    let (pid, _) = *job.unwrap_or_else(|| panic!("{running:?}"));

    host.cut();
    assert_eq!(host.run("true").code, Some(255));
    assert!(processes::is_alive(pid));
    host.mend();
    host.run("true").assert_code(0);
    assert!(processes::is_alive(pid));

    host.power_off();
    assert!(!processes::is_alive(pid));
}

#[test]
fn a_dropped_connection_ends_with_255_and_the_next_one_works() {
    if !ready(&[Need::Ssh]) {
        return;
    }
    let host = SshHost::start("web-1");
    let config = SshConfig::for_hosts(&[&host]);
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(config.path()).args(["web-1", "echo connected; exec sleep 1000"]);
    let session = Program::start("ssh", &ssh);
    session.wait_for_stdout("connected");
    assert!(!host.connections().is_empty());
    host.drop_connections();
    assert_eq!(session.wait().code, Some(255));
    host.run("true").assert_code(0);
}

#[test]
fn a_frozen_host_answers_nobody_until_it_thaws() {
    if !ready(&[Need::Ssh]) {
        return;
    }
    let host = SshHost::start("web-1");
    let config = SshConfig::with(&[&host], "ConnectTimeout 1");
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(config.path()).args(["web-1", "true"]);
    host.freeze();
    assert_eq!(Program::run("ssh", &ssh).code, Some(255));
    host.thaw();
    Program::run("ssh", &ssh).assert_code(0);
}

#[test]
fn a_deploy_user_may_do_what_its_host_says() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Sudo]) {
        return;
    }
    for (sudo, seen) in [
        (Sudo::Passwordless, "deploy\nroot\n"),
        (Sudo::AsksPassword, "deploy\n"),
        (Sudo::Forbidden, "deploy\n"),
    ] {
        let host = HostOptions::new().deploy_user(sudo).start("web-1");
        let finished = host.run("id -un; touch ~/own && sudo -n id -un");
        assert_eq!(finished.stdout, seen, "{finished}");
    }
}

#[test]
fn a_good_release_a_bad_one_and_one_that_does_not_start() {
    if !ready(&[Need::Docker]) {
        return;
    }
    let (engine, images) = (Engine::shared(), Images::shared());
    let stack = Stack::new(engine, images, "shop", "v1");
    stack.up().assert_code(0);
    assert_eq!(stack.health(), Some(200));
    let good = stack.image_ids();
    assert_eq!(good["app"], images.id(engine, "v1"));
    let before = stack.snapshot();
    assert_eq!(stack.snapshot(), before);

    stack.write_tag("v2");
    assert_ne!(stack.snapshot(), before);
    stack.up().assert_code(0);
    assert_eq!(stack.health(), Some(503));
    assert_eq!(stack.image_ids()["app"], images.id(engine, "v2"));
    stack.set_health(Some(200));
    assert_eq!(stack.health(), Some(200));

    stack.write_tag("v3");
    assert_eq!(stack.tag(), "v3");
    assert_ne!(stack.up().code, Some(0));
    assert_eq!(stack.health(), None);

    stack.write_tag("v1");
    stack.set_health(None);
    stack.up().assert_code(0);
    assert_eq!((stack.health(), stack.image_ids()), (Some(200), good));
}

#[test]
fn two_hosts_work_on_stacks_of_one_engine() {
    if !ready(&[Need::Ssh, Need::Docker]) {
        return;
    }
    let (engine, images) = (Engine::shared(), Images::shared());
    let stacks = ["shop", "blog"].map(|name| Stack::new(engine, images, name, "v1"));
    for (stack, name) in stacks.iter().zip(["web-1", "web-2"]) {
        let host = HostOptions::new().engine(engine).start(name);
        let up = format!("cd {} && docker compose up -d --wait", stack.directory().display());
        host.run(&up).assert_code(0);
    }
    assert_eq!(stacks.each_ref().map(Stack::health), [Some(200), Some(200)]);
}

#[test]
fn a_release_comes_back_from_the_registry() {
    if !ready(&[Need::Docker]) {
        return;
    }
    let (engine, registry) = (Engine::start(), Registry::start());
    let images = Images::publish(&engine, &registry);
    let id = images.id(&engine, "v1");
    assert!(images.digest(&engine, "v1").contains("@sha256:"));
    images.forget(&engine, "v1");
    assert_ne!(engine.docker(&["image", "inspect", &images.name("v1")]).code, Some(0));
    engine.docker(&["pull", &images.name("v1")]).assert_code(0);
    assert_eq!(images.id(&engine, "v1"), id);
}

#[test]
fn nothing_is_left_of_what_was_dropped() {
    if !ready(&[Need::Ssh, Need::Docker, Need::Namespaces]) {
        return;
    }
    let (engine, registry) = (Engine::start(), Registry::start());
    let images = Images::publish(&engine, &registry);
    let host = HostOptions::new().engine(&engine).start("web-1");
    host.run("setsid sleep 1000 </dev/null >/dev/null 2>&1 &").assert_code(0);
    let mut pids = vec![registry.pid()];
    let mut directories = vec![engine.directory().to_owned(), host.directory().to_owned()];
    {
        let stack = Stack::new(&engine, &images, "shop", "v1");
        stack.up().assert_code(0);
        let first = engine.first_process().expect("the engine runs");
        pids.extend(processes::descendants(first));
        pids.push(first);
        directories.push(stack.directory().to_owned());
    }
    pids.extend(host.processes().iter().map(|(pid, _)| *pid));
    assert!(pids.len() > 5, "{pids:?}");
    drop((host, engine, registry));
    let left: Vec<_> = pids.iter().filter(|&&pid| processes::is_alive(pid)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(directories.iter().all(|directory| !directory.exists()), "{directories:?}");
}

#[test]
fn a_terminal_shows_what_is_typed_and_what_is_said() {
    let script = "test -t 0 && stty size && printf 'name? ' && read -r name </dev/tty && \
                  printf '\\033[1mhello %s\\033[0m\\n' \"$name\" && exit 3";
    let mut terminal = Terminal::start(&shell(script), Size::WINDOW);
    terminal.wait_for("name? ");
    terminal.type_text("Adq");
    terminal.press(Key::Backspace);
    terminal.type_line("a");
    assert_eq!(terminal.wait_for_exit(), 3);
    assert_eq!(terminal.screen().lines().next(), Some("40 100"));
    assert!(terminal.screen().contains("hello Ada"), "{}", terminal.screen());
    assert!(String::from_utf8_lossy(&terminal.raw()).contains("\x1b[1mhello"));
}

#[test]
fn a_terminal_interrupts_resizes_and_remembers() {
    let script = "trap 'stty size; exit 7' INT; seq 1 100; echo ready; while :; do read -r _; done";
    let mut terminal = Terminal::start(&shell(script), Size::CLASSIC);
    terminal.wait_for("ready");
    assert!(!terminal.screen().contains("\n42\n"));
    assert!(terminal.transcript().contains("\n42\n"), "{}", terminal.transcript());
    terminal.resize(Size { columns: 120, rows: 30 });
    terminal.press(Key::Ctrl('c'));
    assert_eq!(terminal.wait_for_exit(), 7);
    assert!(terminal.screen().contains("30 120"), "{}", terminal.screen());
}

/// The owner of the next test: starts what must not outlive it, says what that is, and stays.
#[test]
#[ignore = "started and killed by `a_killed_test_leaves_nothing`"]
fn an_owner_that_will_be_killed() {
    let place = Place::new();
    let host = SshHost::start("web-1");
    host.run("setsid sleep 1000 </dev/null >/dev/null 2>&1 &").assert_code(0);
    let mut pids: Vec<u32> = host.processes().iter().map(|(pid, _)| *pid).collect();
    let stack = ready(&[Need::Docker]).then(|| {
        let stack = Stack::new(Engine::shared(), Images::shared(), "shop", "v1");
        stack.up().assert_code(0);
        let first = Engine::shared().first_process().expect("the engine runs");
        pids.extend(processes::descendants(first));
        stack
    });
    let root = place.path().parent().expect("a place is in the directory of the process");
    println!("\nowned {} {pids:?} .", root.display());
    Program::start("sleep", &shell("exec sleep 1000")).wait_for("never said");
    drop(stack);
}

#[test]
fn a_killed_test_leaves_nothing() {
    if !ready(&[Need::Ssh, Need::Namespaces]) {
        return;
    }
    let mut test = Command::new(std::env::current_exe().expect("a test knows its own file"));
    test.args(["--exact", "--ignored", "--nocapture", "an_owner_that_will_be_killed"]);
    let owner = Program::start("the owner", &test);
    owner.wait_for_stdout("] .\n");
    let said = owner.said();
    let said = said.lines().find_map(|line| line.strip_prefix("owned ")).expect("it was said");
    let (root, pids) = said.split_once(" [").expect("a directory and a list");
    let pids = pids.trim_end_matches("] .").split(", ");
    let pids: Vec<u32> = pids.map(|pid| pid.parse().expect("a process id")).collect();
    let alive = pids.iter().filter(|&&pid| processes::is_alive(pid)).count();
    assert!(alive > 0, "{pids:?}");

    // the script of the lifeline ends last; its own end is what is waited for
    let lifeline = processes::descendants(owner.pid())
        .into_iter()
        .find(|&pid| processes::command_line(pid).ends_with(&format!("lifeline {root}")))
        .expect("the owner has a lifeline");
    owner.signal(Signal::KILL);
    assert_eq!(owner.wait().signal, Some(9));
    processes::wait_for_end(lifeline);
    let left: Vec<_> = pids.into_iter().filter(|&pid| processes::is_alive(pid)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!std::path::Path::new(root).exists());
}
