//! The person at the terminal: waits for a question to be put, and answers it.
//! Must not know what is asked.

use runbook_tests::{Size, Terminal};

/// Wide enough to see a line that is too long, and high enough for a whole card.
pub(crate) const DESK: Size = Size { columns: 110, rows: 100 };

/// How wide every screen of the command is at most.
const WIDTH: usize = 80;

/// What a person does at a terminal.
pub(crate) trait Person {
    /// Waits until the last lines of the screen ask `question`, and the prompt is there.
    fn is_asked(&self, question: &str);
    /// Answers a question when it is put.
    fn answer(&self, question: &str, answer: &str);
    /// Waits for the end, checks that no line was too long, and gives the exit code and everything
    /// that was shown.
    fn leaves(&mut self) -> (i32, String);
}

impl Person for Terminal {
    #[track_caller]
    fn is_asked(&self, question: &str) {
        self.wait_until(&format!("{question:?} and a prompt"), |screen| {
            is_at_a_prompt(screen) && since_last_answer(screen).contains(question)
        });
    }

    #[track_caller]
    fn answer(&self, question: &str, answer: &str) {
        self.is_asked(question);
        let before = prompts(&self.screen());
        self.type_line(answer);
        // what is typed next is no answer to this question
        self.wait_until(&format!("that {answer:?} was typed"), |screen| {
            !is_at_a_prompt(screen) || prompts(screen) > before
        });
    }

    #[track_caller]
    fn leaves(&mut self) -> (i32, String) {
        let code = self.wait_for_exit();
        let shown = self.transcript();
        assert_fits(&shown);
        (code, shown)
    }
}

/// Whether the last line is a prompt at which nothing was typed yet.
fn is_at_a_prompt(screen: &str) -> bool {
    screen.trim_end().ends_with("\n >")
}

/// How many prompts the screen shows.
fn prompts(screen: &str) -> usize {
    screen.lines().filter(|line| line.starts_with(" >")).count()
}

/// What stands between the last prompt but one and the last.
fn since_last_answer(screen: &str) -> &str {
    let before = screen.trim_end().trim_end_matches('>');
    before.rfind("\n >").map_or(before, |typed| &before[typed..])
}

/// Asserts that every line fits into a terminal of the usual width.
#[track_caller]
pub(crate) fn assert_fits(shown: &str) {
    // a path alone on its line is as long as it is: broken, nobody could copy it
    let is_long = |line: &&str| line.chars().count() > WIDTH && line.trim().contains(' ');
    let long: Vec<&str> = shown.lines().filter(is_long).collect();
    assert!(long.is_empty(), "over {WIDTH} columns: {long:#?}\nof\n{shown}");
}
