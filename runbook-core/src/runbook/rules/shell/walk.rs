//! The walk over the syntax tree of a script: every command with what surrounds it.

use std::ops::Range;

use brush_parser::SourceSpan;
use brush_parser::ast::{self, SourceLocation};

use super::{Facts, Negation, PipelineFact, byte_of, parse, word};

/// What looks at the result of a command.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// A condition, `&&`, `||`, or the end of the whole script does.
    seen: bool,
}

/// A walk over one script, or over a command substitution inside of it.
pub(super) struct Walk<'a> {
    /// The text of this level.
    pub(super) text: &'a str,
    /// Where it begins in the whole script.
    pub(super) base: usize,
    /// What is found.
    pub(super) facts: &'a mut Facts,
    /// How deep substitutions are nested.
    depth: usize,
}

/// Deeper than this nobody reads, and a hostile script would exhaust the stack.
const DEEPEST: usize = 16;

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str, facts: &'a mut Facts) -> Self {
        Self { text, base: 0, facts, depth: 0 }
    }

    pub(super) fn program(&mut self, program: &ast::Program) {
        let last = program.complete_commands.len().saturating_sub(1);
        for (at, list) in program.complete_commands.iter().enumerate() {
            self.list(list, Position { seen: at == last });
        }
    }

    /// A substitution that begins at `start` of this level's text.
    pub(super) fn substitution(&mut self, text: &str, start: usize) {
        if self.depth >= DEEPEST {
            return;
        }
        let base = self.base + start;
        match parse(text) {
            Ok(program) => {
                Walk { text, base, facts: self.facts, depth: self.depth + 1 }.program(&program);
            }
            Err(mut finding) => {
                finding.range = finding.range.start + base..finding.range.end + base;
                self.facts.syntax.get_or_insert(finding);
            }
        }
    }

    pub(super) fn range(&self, span: &SourceSpan) -> Range<usize> {
        let start = byte_of(self.text, span.start.index);
        let end = byte_of(self.text, span.end.index);
        start + self.base..end.max(start) + self.base
    }

    fn list(&mut self, list: &ast::CompoundList, position: Position) {
        let last = list.0.len().saturating_sub(1);
        for (at, item) in list.0.iter().enumerate() {
            self.and_or(&item.0, Position { seen: position.seen && at == last });
        }
    }

    fn and_or(&mut self, list: &ast::AndOrList, position: Position) {
        let joined = !list.additional.is_empty();
        self.pipeline(&list.first, Position { seen: joined || position.seen });
        let last = list.additional.len().saturating_sub(1);
        for (at, ast::AndOr::And(pipeline) | ast::AndOr::Or(pipeline)) in
            list.additional.iter().enumerate()
        {
            self.pipeline(pipeline, Position { seen: position.seen || at < last });
        }
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, position: Position) {
        if pipeline.bang {
            let range = self.pipeline_range(pipeline);
            self.facts.negated.push(Negation {
                range,
                of_test: is_test(pipeline),
                seen: position.seen,
            });
        }
        if pipeline.seq.len() > 1 {
            let range = self.pipeline_range(pipeline);
            let (counts, needs_input) = last_command(pipeline);
            self.facts.pipelines.push(PipelineFact { range, counts, needs_input });
        }
        for command in &pipeline.seq {
            self.command(command, Position { seen: position.seen && pipeline.seq.len() == 1 });
        }
    }

    /// Asked for only where something is found: places are computed from the leaves up.
    fn pipeline_range(&self, pipeline: &ast::Pipeline) -> Range<usize> {
        let first = pipeline.seq.first().and_then(SourceLocation::location);
        let last = pipeline.seq.last().and_then(SourceLocation::location);
        let start = first.map_or(self.base, |first| self.range(&first).start);
        start..last.map_or(start, |last| self.range(&last).end.max(start))
    }

    fn command(&mut self, command: &ast::Command, position: Position) {
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(compound, redirects) => {
                self.compound(compound, position);
                self.redirects(redirects.as_ref());
            }
            ast::Command::Function(function) => {
                self.compound(&function.body.0, Position { seen: false });
                self.redirects(function.body.1.as_ref());
            }
            ast::Command::ExtendedTest(test, redirects) => {
                self.facts.commands += 1;
                self.extended_test(&test.expr);
                self.redirects(redirects.as_ref());
            }
        }
    }

    fn compound(&mut self, compound: &ast::CompoundCommand, position: Position) {
        const CONDITION: Position = Position { seen: true };
        match compound {
            ast::CompoundCommand::BraceGroup(group) => self.list(&group.list, position),
            ast::CompoundCommand::Subshell(shell) => self.list(&shell.list, position),
            ast::CompoundCommand::ForClause(clause) => {
                self.facts.assigned.insert(clause.variable_name.clone());
                match &clause.values {
                    Some(values) => values.iter().for_each(|value| self.quoted(value)),
                    None => self.facts.uses_arguments = true,
                }
                self.list(&clause.body.list, Position { seen: false });
            }
            ast::CompoundCommand::ArithmeticForClause(clause) => {
                self.list(&clause.body.list, Position { seen: false });
            }
            ast::CompoundCommand::CaseClause(clause) => {
                self.quoted(&clause.value);
                for case in &clause.cases {
                    case.patterns.iter().for_each(|pattern| self.quoted(pattern));
                    case.cmd.iter().for_each(|list| self.list(list, position));
                }
            }
            ast::CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition, CONDITION);
                self.list(&clause.then, position);
                for other in clause.elses.iter().flatten() {
                    other.condition.iter().for_each(|list| self.list(list, CONDITION));
                    self.list(&other.body, position);
                }
            }
            ast::CompoundCommand::WhileClause(clause)
            | ast::CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0, CONDITION);
                self.list(&clause.1.list, Position { seen: false });
            }
            ast::CompoundCommand::Coprocess(process) => {
                self.command(&process.body, Position { seen: false });
            }
            ast::CompoundCommand::Arithmetic(_) => self.facts.commands += 1,
        }
    }

    fn extended_test(&mut self, expr: &ast::ExtendedTestExpr) {
        use ast::ExtendedTestExpr as E;
        match expr {
            E::And(left, right) | E::Or(left, right) => {
                self.extended_test(left);
                self.extended_test(right);
            }
            E::Not(inner) | E::Parenthesized(inner) => self.extended_test(inner),
            E::UnaryTest(_, word) => self.quoted(word),
            E::BinaryTest(_, left, right) => {
                self.quoted(left);
                self.quoted(right);
            }
        }
    }

    fn redirects(&mut self, redirects: Option<&ast::RedirectList>) {
        redirects.into_iter().flat_map(|list| &list.0).for_each(|redirect| self.redirect(redirect));
    }

    pub(super) fn redirect(&mut self, redirect: &ast::IoRedirect) {
        match redirect {
            ast::IoRedirect::File(_, _, target) => match target {
                ast::IoFileRedirectTarget::Filename(word)
                | ast::IoFileRedirectTarget::Duplicate(word) => self.splitting(word),
                ast::IoFileRedirectTarget::ProcessSubstitution(_, shell) => {
                    self.list(&shell.list, Position { seen: false });
                }
                ast::IoFileRedirectTarget::Fd(_) => {}
            },
            ast::IoRedirect::HereDocument(_, document) if document.requires_expansion => {
                self.quoted(&document.doc);
            }
            ast::IoRedirect::HereDocument(..) => {}
            ast::IoRedirect::HereString(_, word) | ast::IoRedirect::OutputAndError(word, _) => {
                self.quoted(word);
            }
        }
    }

    pub(super) fn process_substitution(&mut self, shell: &ast::SubshellCommand) {
        self.list(&shell.list, Position { seen: false });
    }

    /// A word that is neither split nor globbed.
    pub(super) fn quoted(&mut self, word: &ast::Word) {
        word::visit(self, word, false);
    }

    /// A word that is.
    pub(super) fn splitting(&mut self, word: &ast::Word) {
        word::visit(self, word, true);
    }
}

/// Whether a pipeline is one command whose "no" is never an error.
fn is_test(pipeline: &ast::Pipeline) -> bool {
    let [command] = &*pipeline.seq else { return false };
    match command {
        ast::Command::ExtendedTest(..) => true,
        ast::Command::Simple(simple) => {
            matches!(simple_words(simple).as_slice(), ["test" | "[", ..] | ["command", "-v", ..])
        }
        _ => false,
    }
}

/// Whether the last command counts, and whether it fails on nothing.
fn last_command(pipeline: &ast::Pipeline) -> (bool, bool) {
    let Some(ast::Command::Simple(simple)) = pipeline.seq.last() else { return (false, false) };
    let words = simple_words(simple);
    let flag = |short: char, long: &str| words.iter().any(|word| has_flag(word, short, long));
    match words.first().copied() {
        Some("grep" | "egrep" | "fgrep") if flag('c', "--count") => (true, false),
        Some("grep" | "egrep" | "fgrep") => (false, !flag('v', "--invert-match")),
        Some("wc") => (true, false),
        Some("awk" | "gawk" | "mawk") => (words.iter().any(|word| word.contains("END")), false),
        Some("jq") => (words.iter().any(|word| word.contains("length")), false),
        _ => (false, false),
    }
}

/// Whether `word` is `--long`, or short flags with `short` among them.
pub(super) fn has_flag(word: &str, short: char, long: &str) -> bool {
    word == long
        || word.strip_prefix('-').is_some_and(|flags| {
            !flags.starts_with('-')
                && flags.contains(short)
                && flags.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

/// The words of a simple command, as written.
pub(super) fn simple_words(simple: &ast::SimpleCommand) -> Vec<&str> {
    let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
    let words = suffix.filter_map(|item| match item {
        ast::CommandPrefixOrSuffixItem::Word(word)
        | ast::CommandPrefixOrSuffixItem::AssignmentWord(_, word) => Some(word),
        _ => None,
    });
    simple.word_or_name.iter().chain(words).map(|word| word.value.as_str()).collect()
}
