//! A bad release is rolled back.

use runbook_core::run::StepStatus;
use runbook_tests::{Engine, Images};

use crate::journal::Journal;
use crate::person::Person as _;
use crate::shop::Shop;

#[test]
fn a_bad_release_is_rolled_back_as_the_plan_said() {
    if !Shop::can_open() {
        return;
    }
    let shop = Shop::open("v2", &["app1"]);
    let before = shop.stack().snapshot();
    let planned = shop.rollback("plan", "v1", &["-o", "json"]);
    println!("{planned}");
    planned.assert_code(0);
    assert_eq!(shop.stack().snapshot(), before, "a plan changes nothing");
    println!("{}", shop.rollback("plan", "v1", &["--diff"]));

    let mut terminal = shop.rollback_by_hand("run", "v1", &[]);
    terminal.answer("survive", "image");
    terminal.answer("to agree", "yes");
    terminal.answer("Who owns", "Ada");
    terminal.answer("when it is done", "done");
    let (code, shown) = terminal.leaves();
    println!("{shown}");
    assert_eq!(code, 0, "{shown}");
    let journal = Journal::newest(&shop.operator);
    assert_eq!(journal.status("up"), StepStatus::Done);
    let image = Images::shared().id(Engine::shared(), "v1");
    assert_eq!(shop.stack().image_ids()["app"], image);
    shop.assert_nothing_left();
}
