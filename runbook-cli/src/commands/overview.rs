//! `runbook` alone: the runbooks, a line each, and the two commands to try.

use super::list::{lines, listed};
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::terminal::theme::{FAINT, LIVE, paint};

/// Runs it.
pub(crate) fn run(session: &Session) -> ExitCode {
    let all = listed(session);
    let name = all.first().map_or("NAME", |listed| listed.name.as_str());
    let mut screen = match all.is_empty() {
        true => "There are no runbooks here yet: write one to `runbooks/NAME.toml`.\n".to_owned(),
        false => lines(&all),
    };
    let tries = [
        (format!("runbook show {name}"), "what it does, and when to take it"),
        (format!("runbook plan {name}"), "what it would do here, changing nothing"),
    ];
    screen.push('\n');
    let width = tries[1].0.len();
    for (command, what) in tries {
        screen +=
            &format!("  {}  {}\n", paint(LIVE, format!("{command:<width$}")), paint(FAINT, what));
    }
    session.shell.out(&screen);
    ExitCode::Success
}
