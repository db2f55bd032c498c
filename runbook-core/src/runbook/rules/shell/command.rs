//! What one simple command says: its words, its programs, the tools it calls.

use brush_parser::ast::{self, CommandPrefixOrSuffixItem as Item, SourceLocation};

use super::walk::{Walk, has_flag, simple_words};
use super::{Finding, Nested, destructive, interpreter, word};

/// Tools that act on whatever the caller's environment points at.
pub(in crate::runbook) const TOOLS: [&str; 7] =
    ["kubectl", "oc", "helm", "aws", "gcloud", "terraform", "docker"];

/// Commands that run the command after them.
const WRAPPERS: [&str; 10] =
    ["sudo", "env", "exec", "time", "timeout", "xargs", "nice", "nohup", "command", "watch"];

impl Walk<'_> {
    pub(super) fn simple(&mut self, simple: &ast::SimpleCommand) {
        if simple.word_or_name.is_some() {
            self.facts.commands += 1;
        }
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item);
        }
        simple.word_or_name.iter().for_each(|word| self.splitting(word));
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item);
        }
        self.what_it_does(simple);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::IoRedirect(redirect) => self.redirect(redirect),
            Item::Word(word) => self.splitting(word),
            Item::AssignmentWord(assignment, word) => {
                if let ast::AssignmentName::VariableName(name) = &assignment.name {
                    self.facts.assigned.insert(name.clone());
                }
                word::visit(self, word, false);
            }
            Item::ProcessSubstitution(_, shell) => self.process_substitution(shell),
        }
    }

    fn what_it_does(&mut self, simple: &ast::SimpleCommand) {
        let words = simple_words(simple);
        let Some(name) = words.first().map(|name| basename(name)) else { return };
        if matches!(name, "grep" | "egrep" | "fgrep")
            && words.iter().any(|word| has_flag(word, 'c', "--count"))
        {
            let text = "grep -c".to_owned();
            self.facts.counted.push(Finding { range: self.place_of(simple), text });
        }
        if matches!(name, "read" | "export" | "local" | "readarray" | "mapfile") {
            self.facts.assigned.extend(words[1..].iter().map(|word| (*word).to_owned()));
        }
        if name == "shift" {
            self.facts.uses_arguments = true;
        }
        let called = |tool: &&&str| {
            name == **tool
                || (WRAPPERS.contains(&name) && words.iter().any(|w| basename(w) == **tool))
        };
        if let Some(tool) = TOOLS.iter().find(called) {
            self.facts
                .tools
                .push(Finding { range: self.place_of(simple), text: (*tool).to_owned() });
        }
        if self.facts.may_destroy {
            self.losses(simple, &words);
        }
        self.programs(simple, &words);
    }

    fn losses(&mut self, simple: &ast::SimpleCommand, words: &[&str]) {
        let mut text = words.join(" ");
        for document in documents(simple) {
            text.push('\n');
            text.push_str(&document.doc.value);
        }
        if let Some(what) = destructive::destructive_text(&text) {
            self.facts.destructive.push(Finding { range: self.place_of(simple), text: what });
        }
    }

    /// Asked for only where something is found: places are computed from the leaves up.
    fn place_of(&self, simple: &ast::SimpleCommand) -> std::ops::Range<usize> {
        simple.location().map_or(self.base..self.base, |span| self.range(&span))
    }

    fn programs(&mut self, simple: &ast::SimpleCommand, words: &[&str]) {
        for program in interpreter::program_words(words) {
            for variable in word::variables(words[program.at]) {
                self.facts.nested.push(Nested {
                    range: self.place_of(simple),
                    variable,
                    interpreter: program.interpreter.clone(),
                });
            }
        }
        let Some(interpreter) = interpreter::program_reads_stdin(words) else { return };
        for document in documents(simple).filter(|document| document.requires_expansion) {
            for variable in word::document_variables(&document.doc.value) {
                let interpreter = format!("{interpreter} <<");
                self.facts.nested.push(Nested {
                    range: self.place_of(simple),
                    variable,
                    interpreter,
                });
            }
        }
    }
}

fn documents(simple: &ast::SimpleCommand) -> impl Iterator<Item = &ast::IoHereDocument> {
    let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
    let items = simple.prefix.iter().flat_map(|prefix| &prefix.0).chain(suffix);
    items.filter_map(|item| match item {
        Item::IoRedirect(ast::IoRedirect::HereDocument(_, document)) => Some(document),
        _ => None,
    })
}

/// The last part of a path, without quotes.
pub(super) fn basename(word: &str) -> &str {
    let word = word.trim_matches(['"', '\'']);
    word.rsplit('/').next().unwrap_or(word)
}
