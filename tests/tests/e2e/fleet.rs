//! Several hosts: one after the other, and not at all where one of them is missing.

use runbook_core::run::{Effect, Event, StepStatus};

use crate::journal::Journal;
use crate::person::Person as _;
use crate::shop::Shop;

#[test]
fn the_second_host_waits_until_the_first_is_well() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1", "app2"]);
    let mut terminal = shop.rollback_by_hand("run", "v1", &[]);
    terminal.answer("may not survive", "image");
    terminal.answer("to agree", "yes");
    terminal.answer("Who owns", "Ada");
    terminal.answer("when it is done", "done");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 0, "{shown}");
    for stack in &shop.stacks {
        assert_eq!((stack.tag().as_str(), stack.health()), ("v1", Some(200)));
    }
    let journal = Journal::newest(&shop.operator);
    let first_is_well = journal.place("the end of `up` on app1", |fact| {
        matches!(fact, Event::HostEnded { step, host, status: StepStatus::Done, .. }
            if step.as_str() == "up" && host.as_str() == "app1")
    });
    let second_starts = journal.place("`up` on app2", |fact| {
        matches!(fact, Event::Intended { attempt, effect: Effect::Change, .. }
            if attempt.step.as_str() == "up" && attempt.host.as_str() == "app2")
    });
    assert!(first_is_well < second_starts, "{first_is_well} {second_starts}");
    shop.assert_nothing_left();
}

#[test]
fn nothing_is_changed_anywhere_when_one_host_cannot_be_reached() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1", "app2"]);
    let before: Vec<_> = shop.stacks.iter().map(|stack| stack.snapshot()).collect();
    shop.hosts[1].cut();
    let ended = shop.rollback("run", "v1", &["--yes"]);
    ended.assert_code(8);
    assert!(ended.stdout.contains("app2"), "{ended}");
    shop.hosts[1].mend();
    let after: Vec<_> = shop.stacks.iter().map(|stack| stack.snapshot()).collect();
    assert_eq!(after, before);
    Journal::newest(&shop.operator).assert_only_reads();
    shop.assert_nothing_left();
}

#[test]
fn a_run_on_one_of_the_hosts_is_kept_out_meanwhile() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1", "app2"]);
    let mut terminal = shop.rollback_by_hand("run", "v1", &[]);
    terminal.is_asked("may not survive");
    let holder = Journal::newest(&shop.operator).run;
    let second = shop.rollback("run", "v1", &["--yes", "--limit", "app1"]);
    second.assert_code(6);
    // however it is wrapped
    let said = second.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in ["LOCKED", "on app1", &holder, "of operator", "since 2"] {
        assert!(said.contains(told), "{told}: {second}");
    }
    terminal.type_line("q");
    assert_eq!(terminal.leaves().0, 4);
    Journal::newest(&shop.operator).assert_only_reads();
    shop.assert_nothing_left();
}
