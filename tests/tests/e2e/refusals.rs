//! A rollback that must not begin: it says why, what to do, and leaves everything as it was.

use runbook_tests::{Engine, Images, Registry};

use crate::journal::Journal;
use crate::person::assert_fits;
use crate::shop::Shop;

/// Runs it, and asserts that it ended with 3 and changed nothing; what it said.
#[track_caller]
fn refused(shop: &Shop<'_>, tag: &str) -> String {
    let before: Vec<_> = shop.stacks.iter().map(|stack| stack.snapshot()).collect();
    let ended = shop.rollback("run", tag, &["--yes"]);
    println!("{ended}");
    ended.assert_code(3);
    let after: Vec<_> = shop.stacks.iter().map(|stack| stack.snapshot()).collect();
    assert_eq!(after, before);
    Journal::newest(&shop.operator).assert_only_reads();
    shop.assert_nothing_left();
    assert_fits(&ended.stdout);
    ended.stdout + &ended.stderr
}

#[test]
fn a_tag_that_the_registry_does_not_have() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1"]);
    let said = refused(&shop, "v9");
    assert!(said.contains("the tag can be pulled"), "{said}");
    assert!(said.contains("does not hold"), "{said}");
    assert!(said.contains("was the tag pruned from the registry?"), "{said}");
}

#[test]
fn a_registry_that_does_not_answer_is_not_a_missing_tag() {
    if !Shop::can_open() {
        return;
    }
    let (engine, registry) = (Engine::start(), Registry::start());
    let images = Images::publish(&engine, &registry);
    let shop = Shop::open_on(&engine, &images, "v2", &["app1"]);
    drop(registry);
    let said = refused(&shop, "v1");
    assert!(said.contains("the tag can be pulled"), "{said}");
    assert!(said.contains("no answer"), "{said}");
    assert!(said.contains("connection refused"), "{said}");
}

#[test]
fn the_tag_is_pinned_already() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v1", &["app1"]);
    let said = refused(&shop, "v1");
    assert!(said.contains("v1 is already pinned: the release is not the cause"), "{said}");
}
