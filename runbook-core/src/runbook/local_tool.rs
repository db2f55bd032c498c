//! The tools in a program that act on whatever the caller's environment points at. Which variables
//! are set, and where the program runs, is not known here.

use super::rules::shell;
use super::step::How;

impl How {
    /// The tools it calls that take their target from a variable: `kubectl`, `aws` and their like.
    pub(crate) fn aimed_tools(&self) -> Vec<&'static str> {
        let called: Vec<String> = match self {
            Self::Script(script) => {
                shell::read(&script.text).tools.into_iter().map(|tool| tool.text).collect()
            }
            Self::Argv(words) => {
                words.first().map(|word| word.source().to_owned()).into_iter().collect()
            }
            Self::Request(_) => Vec::new(),
        };
        let is_called = |tool: &&&'static str| called.iter().any(|name| name == **tool);
        shell::TOOLS.iter().filter(is_called).copied().collect()
    }
}
