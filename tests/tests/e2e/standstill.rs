//! A run that is stopped by Ctrl-Z and goes on later: what runs on hosts goes on meanwhile.

use rustix::process::Signal;

use crate::interrupted::Changing;
use crate::person::Person as _;
use crate::single::Single;

#[test]
fn a_change_that_ended_meanwhile_is_heard_of_when_the_run_goes_on() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let mut terminal = run.there.run_by_hand(&["--yes"]);
    run.started.wait();
    terminal.suspend();
    run.started.open();
    run.ended.wait();
    assert_eq!(run.counted(), "copy\ncopied\n", "it went on without the run");
    terminal.signal(Signal::CONT);
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n", "each once");
    run.there.assert_nothing_left();
}

#[test]
fn a_question_is_there_again_when_the_run_goes_on() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let mut terminal = run.there.run_by_hand(&[]);
    terminal.is_asked("to agree");
    terminal.suspend();
    // half a word is no answer to anything
    terminal.type_text("n");
    terminal.signal(Signal::CONT);
    terminal.wait_until("a second prompt", |screen| screen.matches("\n >").count() == 2);
    terminal.type_line("yes");
    run.started.wait();
    run.started.open();
    run.ended.wait();
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 0, "{shown}");
    run.there.assert_nothing_left();
}
