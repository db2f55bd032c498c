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

pub(super) use destructive::destructive_text;
pub(super) use interpreter::{program_reads_stdin, program_words};

/// Something in a script, and where: bytes of the script's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Where.
    pub(super) range: Range<usize>,
    /// What, as a word or two of the script.
    pub(super) text: String,
}

/// A variable that is expanded inside the program text of a nested interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nested {
    /// Where.
    pub(super) range: Range<usize>,
    /// The variable; `@`, `*` and digits are the positional ones.
    pub(super) variable: String,
    /// Who reads the program: `sh -c`, `psql -c`.
    pub(super) interpreter: String,
}

/// A command with `!` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Negation {
    /// The `!` and the command.
    pub(super) range: Range<usize>,
    /// Whether the command is `test`, `[`, `[[` or `command -v`, whose "no" is never an error.
    pub(super) of_test: bool,
    /// Whether something looks at the result: a condition, `&&`, `||`, or the end of the script.
    pub(super) seen: bool,
}

/// Two or more commands joined by `|`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PipelineFact {
    /// Where.
    pub(super) range: Range<usize>,
    /// Whether the last command prints a number even when it reads nothing: `wc`, `grep -c`.
    pub(super) counts: bool,
    /// Whether the last command fails when it reads nothing: `grep`.
    pub(super) needs_input: bool,
}

/// Everything the rules ask of a script. Without a syntax tree (`syntax` says why) only the words
/// are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Why it does not parse.
    pub(super) syntax: Option<Finding>,
    /// Variables that are expanded where the shell splits and globs.
    pub(super) unquoted: Vec<Finding>,
    /// Variables inside the program of another interpreter.
    pub(super) nested: Vec<Nested>,
    /// Commands with `!` before them.
    pub(super) negated: Vec<Negation>,
    /// Pipelines.
    pub(super) pipelines: Vec<PipelineFact>,
    /// `grep -c`.
    pub(super) counted: Vec<Finding>,
    /// Text that looks like the loss of something.
    pub(super) destructive: Vec<Finding>,
    /// Tools that act on what the caller's environment points at.
    pub(super) tools: Vec<Finding>,
    /// Variables that are expanded so that unset is not an error: `${x:-…}`, `${x+…}`.
    pub(super) tolerated: BTreeSet<String>,
    /// How many simple commands it has.
    pub(super) commands: usize,
    /// Whether it looks at its arguments.
    pub(super) uses_arguments: bool,
    /// Every word that could be a name.
    pub(super) words: BTreeSet<String>,
}

/// Reads a script.
pub(super) fn read(script: &str) -> Facts {
    let mut facts = Facts { words: names_in(script), ..Facts::default() };
    match parse(script) {
        Ok(program) => walk::Walk::new(script, &mut facts).program(&program),
        Err(finding) => facts.syntax = Some(finding),
    }
    facts
}

/// Every word of `text` that has the form of a variable's name.
pub(super) fn names_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        .map(str::to_owned)
        .collect()
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
