//! What can be known of a shell script without running it. Knows the shell language, not runbooks:
//! which finding is a complaint is decided by the rules.

mod command;
mod destructive;
mod interpreter;
mod walk;
mod word;

use std::collections::BTreeSet;
use std::ops::Range;

use brush_parser::{ParserOptions, TokenizerOptions, ast};

pub(in crate::runbook) use command::TOOLS;
pub(in crate::runbook) use destructive::destructive_text;
pub(in crate::runbook) use interpreter::program_words;

/// Something in a script, and where: bytes of the script's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Finding {
    /// Where.
    pub(in crate::runbook) range: Range<usize>,
    /// What, as a word or two of the script.
    pub(in crate::runbook) text: String,
}

/// A variable that is expanded inside the program text of a nested interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Nested {
    /// Where.
    pub(in crate::runbook) range: Range<usize>,
    /// The variable; `@`, `*` and digits are the positional ones.
    pub(in crate::runbook) variable: String,
    /// Who reads the program: `sh -c`, `psql -c`.
    pub(in crate::runbook) interpreter: String,
}

/// A command with `!` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Negation {
    /// The `!` and the command.
    pub(in crate::runbook) range: Range<usize>,
    /// Whether the command is `test`, `[`, `[[` or `command -v`, whose "no" is never an error.
    pub(in crate::runbook) of_test: bool,
    /// Whether something looks at the result: a condition, `&&`, `||`, or the end of the script.
    pub(in crate::runbook) seen: bool,
}

/// Two or more commands joined by `|`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct PipelineFact {
    /// Where.
    pub(in crate::runbook) range: Range<usize>,
    /// Whether the last command prints a number even when it reads nothing: `wc`, `grep -c`.
    pub(in crate::runbook) counts: bool,
    /// Whether the last command fails when it reads nothing: `grep`.
    pub(in crate::runbook) needs_input: bool,
}

/// Everything the rules ask of a script. Without a syntax tree (`syntax` says why) nothing
/// else is known.
#[derive(Clone, Debug, Default)]
pub(in crate::runbook) struct Facts {
    /// Why it does not parse.
    pub(in crate::runbook) syntax: Option<Finding>,
    /// Variables that are expanded where the shell splits and globs.
    pub(in crate::runbook) unquoted: Vec<Finding>,
    /// Variables inside the program of another interpreter.
    pub(in crate::runbook) nested: Vec<Nested>,
    /// Commands with `!` before them.
    pub(in crate::runbook) negated: Vec<Negation>,
    /// Pipelines.
    pub(in crate::runbook) pipelines: Vec<PipelineFact>,
    /// `grep -c`.
    pub(in crate::runbook) counted: Vec<Finding>,
    /// Text that looks like the loss of something.
    pub(in crate::runbook) destructive: Vec<Finding>,
    /// Tools that act on what the caller's environment points at.
    pub(in crate::runbook) tools: Vec<Finding>,
    /// Every variable that is expanded.
    pub(in crate::runbook) expanded: Vec<Finding>,
    /// Variables the script sets itself.
    pub(in crate::runbook) assigned: BTreeSet<String>,
    /// Variables that are expanded so that unset is not an error: `${x:-…}`, `${x+…}`.
    pub(in crate::runbook) tolerated: BTreeSet<String>,
    /// How many simple commands it has.
    pub(in crate::runbook) commands: usize,
    /// Whether it looks at its arguments.
    pub(in crate::runbook) uses_arguments: bool,
    /// Whether it is worth looking for losses, command by command.
    may_destroy: bool,
}

/// Reads a script.
pub(in crate::runbook) fn read(script: &str) -> Facts {
    let mut facts = Facts { may_destroy: destructive::may_destroy(script), ..Facts::default() };
    match parse(script) {
        Ok(program) => walk::Walk::new(script, &mut facts).program(&program),
        Err(finding) => facts.syntax = Some(finding),
    }
    facts
}

/// Every word of `text` that has the form of a variable's name.
pub(in crate::runbook) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

fn parse(script: &str) -> Result<ast::Program, Finding> {
    let tokens = brush_parser::uncached_tokenize_str(script, &TokenizerOptions::default())
        .map_err(|error| unterminated(script, &error))?;
    brush_parser::parse_tokens(&tokens, &ParserOptions::default()).map_err(|error| match error {
        brush_parser::ParseError::ParsingNear(position) => {
            let start = byte_of(script, position.index);
            let word = script[start..].split_whitespace().next().unwrap_or_default();
            let text = format!("unexpected `{word}`");
            Finding { range: start..start + word.len(), text }
        }
        _ => at_the_end(script, "it ends in the middle of a command"),
    })
}

fn unterminated(script: &str, error: &brush_parser::TokenizerError) -> Finding {
    use brush_parser::TokenizerError as E;
    let place = |position: &brush_parser::SourcePosition, text: &str| {
        let start = byte_of(script, position.index);
        let end = script[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        Finding { range: start..end, text: text.to_owned() }
    };
    match error {
        E::UnterminatedSingleQuote(position) => place(position, "a `'` that is never closed"),
        E::UnterminatedDoubleQuote(position) => place(position, "a `\"` that is never closed"),
        E::UnterminatedBackquote(position) => place(position, "a backquote that is never closed"),
        E::UnterminatedCommandSubstitution => at_the_end(script, "a `$(` that is never closed"),
        E::UnterminatedExpansion => at_the_end(script, "a `$(` or `${` that is never closed"),
        E::UnterminatedVariable => at_the_end(script, "a `${` that is never closed"),
        E::UnterminatedHereDocuments(tags, _) => {
            at_the_end(script, &format!("a here-document that is never ended by `{tags}`"))
        }
        other => at_the_end(script, &other.to_string()),
    }
}

fn at_the_end(script: &str, text: &str) -> Finding {
    let end = script.trim_end().len();
    let start = script[..end].rfind('\n').map_or(0, |at| at + 1);
    Finding { range: start..end, text: text.to_owned() }
}

/// The parser counts characters.
fn byte_of(script: &str, character: usize) -> usize {
    script.char_indices().nth(character).map_or(script.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests;
