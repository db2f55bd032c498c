//! A rollback to a release that does not start, and a person who decides what then.

use runbook_core::run::StepStatus;
use runbook_tests::{Engine, HostOptions, Images, Need, Sudo, Terminal, ready};

use crate::journal::Journal;
use crate::person::Person as _;
use crate::shop::Shop;
use crate::single::Single;

/// Goes to the card of the failure.
fn fail(shop: &Shop<'_>) -> Terminal {
    let terminal = shop.rollback_by_hand("run", "v3", &[]);
    terminal.answer("may not survive", "image");
    terminal.answer("to agree", "yes");
    terminal.is_asked("Your options");
    terminal
}

#[test]
fn the_card_says_why_and_q_leaves_it_there() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1"]);
    let mut terminal = fail(&shop);
    let card = terminal.transcript();
    for told in [
        "FAILED",
        "Where things stand",
        "app1    FAILED",
        "$ docker compose logs --no-color --tail 50",
        "relation \"orders\" does not exist",
        "$ docker compose ps -a",
        "Exited (1)",
        "r  retry up on app1",
        "u  undo up on app1",
    ] {
        assert!(card.contains(told), "{told}: {card}");
    }
    terminal.type_line("q");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("NOT RESOLVED"), "{shown}");
    let journal = Journal::newest(&shop.operator);
    assert_eq!(journal.changes(), ["pull app1", "pin app1", "up app1"]);
    assert_eq!(journal.status("up"), StepStatus::Failed);
    assert_eq!((shop.stack().tag().as_str(), shop.stack().health()), ("v3", None));
    shop.assert_nothing_left();
}

#[test]
fn undo_brings_the_old_release_back() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1"]);
    let mut terminal = fail(&shop);
    terminal.type_line("u");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 1, "{shown}");
    let journal = Journal::newest(&shop.operator);
    assert_eq!(journal.changes(), ["pull app1", "pin app1", "up app1", "undo up app1"]);
    let image = Images::shared().id(Engine::shared(), "v2");
    assert_eq!(shop.stack().image_ids()["app"], image);
    assert_eq!((shop.stack().tag().as_str(), shop.stack().health()), ("v2", Some(503)));
    assert!(shown.contains("undone       up on app1"), "{shown}");
    shop.assert_nothing_left();
}

#[test]
fn a_stack_without_containers_is_rolled_back_all_the_same() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::closed("v2", &["app1"]);
    assert!(shop.stack().image_ids().is_empty());
    let mut terminal = shop.rollback_by_hand("run", "v1", &[]);
    terminal.answer("may not survive", "image");
    terminal.answer("to agree", "yes");
    terminal.answer("Who owns", "Ada");
    terminal.answer("when it is done", "done");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 0, "{shown}");
    assert_eq!((shop.stack().tag().as_str(), shop.stack().health()), ("v1", Some(200)));
    shop.assert_nothing_left();
}

#[test]
fn what_a_timeout_could_not_kill_is_told_with_its_processes() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Sudo]) {
        return;
    }
    let options = HostOptions::new().deploy_user(Sudo::Passwordless);
    let there = Single::with(
        &options,
        r#"
format = 1
title = "Do not end"
[role.db]
[[step]]
id = "stay"
change = '''
sudo sh -c "trap '' TERM; exec sleep 3600"
'''
timeout = "1s"
verify = { read = "true" }
no_undo = "nothing was changed"
"#,
    );
    let ended = there.run(&["--yes"]);
    ended.assert_code(1);
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, pid) = said.split_once("NOT KILLED: its process ").unwrap_or_else(|| panic!("{ended}"));
    let (pid, _) = pid.split_once(' ').expect("and what it does");
    // it is the one that lives
    there.host.run(&format!("sudo kill -KILL {pid}")).assert_code(0);
    there.assert_nothing_left();
}
