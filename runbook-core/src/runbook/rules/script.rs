//! A script: its syntax, its names, and the habits that hide a failure or let a value become code.
//!
//! `shell-syntax`, `nested-program`, `negated-check`, `unquoted-variable`, `negated-command`,
//! `looks-destructive`, `local-tool`, `not-known-there`, `per-host-name`, `may-be-undelivered`.

use std::collections::BTreeSet;

use super::expression::{Complaint, Resolved, Scope as _};
use super::shell::{self, Facts, Finding};
use super::{Use, nearest};
use crate::base::Spanned;
use crate::runbook::step::{Script, Shell};
use crate::runbook::validate::{Scope, Validation};

/// The variables of the engine, without their prefix.
const ENGINE: [&str; 6] = ["run", "step", "host", "env", "started", "tmp"];

/// Checks a script and finds the names that are sent with it.
pub(in crate::runbook) fn script(
    validation: &Validation<'_>,
    text: Spanned<&str>,
    shell: Shell,
    scope: &Scope<'_, '_>,
    use_: &Use,
) -> (Script, Facts) {
    let facts = shell::read(text.value);
    let asking = Asking { validation, text, scope };
    asking.syntax(&facts);
    asking.nested(&facts);
    asking.habits(&facts, use_);
    asking.engine_names(&facts);
    let names = asking.names(&facts);
    let engine_names = engine_names(text.value);
    (Script { text: text.value.into(), shell, names, engine_names }, facts)
}

fn engine_names(text: &str) -> Vec<String> {
    let words = shell::names_in(text).filter_map(|word| word.strip_prefix("runbook_"));
    let names: BTreeSet<&str> = words.filter(|word| ENGINE.contains(word)).collect();
    names.into_iter().map(str::to_owned).collect()
}

struct Asking<'v, 's, 'a, 't> {
    validation: &'v Validation<'a>,
    text: Spanned<&'t str>,
    scope: &'s Scope<'v, 'a>,
}

impl Asking<'_, '_, '_, '_> {
    fn complain(&self, code: &'static str, finding: &Finding, message: String, help: Vec<String>) {
        let complaint = Complaint { code, range: finding.range.clone(), message, help };
        self.validation.report_part(self.scope.step(), self.text, complaint);
    }

    fn syntax(&self, facts: &Facts) {
        let Some(finding) = &facts.syntax else { return };
        let message = format!("the shell cannot read this: {}", finding.text);
        let help = vec!["try it with `sh -n`".to_owned()];
        self.complain("shell-syntax", finding, message, help);
    }

    /// A value inside the program of another interpreter becomes code there.
    fn nested(&self, facts: &Facts) {
        for nested in &facts.nested {
            let argument = nested.variable == "@"
                || nested.variable == "*"
                || nested.variable.bytes().all(|b| b.is_ascii_digit());
            let entry = self.scope.entry(&nested.variable);
            let inert = entry.is_some_and(|(entry, _)| entry.inert);
            if inert || (entry.is_none() && !argument) {
                continue;
            }
            let finding = Finding { range: nested.range.clone(), text: String::new() };
            let message = format!(
                "`${}` stands inside the program of `{}`: its text would be run as code",
                nested.variable, nested.interpreter
            );
            self.complain("nested-program", &finding, message, ways_out(&nested.interpreter));
        }
    }

    fn habits(&self, facts: &Facts, use_: &Use) {
        for finding in &facts.unquoted {
            let inert = self.scope.entry(&finding.text).is_some_and(|(entry, _)| entry.inert);
            if inert || finding.text.starts_with("runbook_") {
                continue;
            }
            let message = format!("`${}` is not quoted: the shell splits it", finding.text);
            let help = vec![format!("write `\"${}\"`", finding.text)];
            self.complain("unquoted-variable", finding, message, help);
        }
        for negation in &facts.negated {
            let finding = Finding { range: negation.range.clone(), text: String::new() };
            if use_.checks && !negation.of_test {
                let message = "`!` turns every failure of this command into success".to_owned();
                let help = vec![
                    "say which exit is meant, `expect = { exit = 1 }`, or use `lacks` on the output"
                        .to_owned(),
                ];
                self.complain("negated-check", &finding, message, help);
            } else if !negation.seen {
                let message = "nothing sees this: `set -e` ignores a command behind `!`".to_owned();
                let help = vec!["write `if COMMAND; then exit 1; fi`".to_owned()];
                self.complain("negated-command", &finding, message, help);
            }
        }
        if let (false, Some(finding)) = (use_.destroys, facts.destructive.first()) {
            self.complain("looks-destructive", finding, looks(&finding.text), answers());
        }
        let passed = !self.validation.document.local_env.is_absent();
        if let (true, false, Some(finding)) = (use_.local, passed, facts.tools.first()) {
            let message =
                format!("`{}` acts on what the caller's variables point at", finding.text);
            self.complain("local-tool", finding, message, local_ways_out());
        }
    }

    fn engine_names(&self, facts: &Facts) {
        for finding in &facts.expanded {
            let Some(word) = finding.text.strip_prefix("runbook_") else { continue };
            if !ENGINE.contains(&word) {
                let message = format!("the engine sets no `${}`", finding.text);
                let mut help = nearest(word, ENGINE);
                help.push(format!("it sets `$runbook_{}`", ENGINE.join("`, `$runbook_")));
                self.complain("unknown-name", finding, message, help);
            }
        }
    }

    /// The names that are sent: those that occur as a word and can have a value here.
    fn names(&self, facts: &Facts) -> Vec<crate::base::ValueName> {
        let mut said = BTreeSet::new();
        for finding in &facts.expanded {
            if !facts.assigned.contains(&finding.text) && said.insert(finding.text.as_str()) {
                self.expanded(finding, facts);
            }
        }
        let mut names: BTreeSet<crate::base::ValueName> = BTreeSet::new();
        for word in shell::names_in(self.text.value) {
            let Some((entry, seen)) = self.scope.entry(word) else { continue };
            self.validation.note_use(word);
            if seen && self.scope.is_one(entry) {
                names.extend(word.parse().ok());
            }
        }
        names.into_iter().collect()
    }

    fn expanded(&self, finding: &Finding, facts: &Facts) {
        let name = &finding.text;
        if self.scope.entry(name).is_none() {
            return;
        }
        let found = match self.scope.resolve(name, &[]) {
            Resolved::Is(found, _) => found,
            Resolved::Wrong(code, message, help) => {
                return self.complain(code, finding, message, help);
            }
        };
        let guarded = facts.tolerated.contains(name) || self.scope.proven.contains(name);
        if (found.maybe_none || found.maybe_undelivered) && !guarded {
            let message = format!("`${name}` may be unset here, which ends the script");
            let help = vec![
                format!("say what it is then: `${{{name}:-…}}`"),
                "or guard the step: `when = \"… is defined\"`".to_owned(),
            ];
            self.complain("may-be-undelivered", finding, message, help);
        }
    }
}

/// What to do with a value that a program needs.
pub(super) fn ways_out(interpreter: &str) -> Vec<String> {
    let way = match interpreter.split(' ').next().unwrap_or_default() {
        "psql" => "give it as a variable: `psql -v x=\"$x\"` and `:'x'`, with the program on stdin",
        "ssh" => "run the step on that host instead: `on = \"ROLE\"`",
        "eval" => "do without `eval`",
        "python" | "python3" | "perl" | "ruby" | "node" => {
            "put the program in single quotes and read the value from its environment"
        }
        _ => {
            "put the program in single quotes and give the value as an argument: `sh -c '… \"$1\"' _ \"$x\"`"
        }
    };
    vec![
        way.to_owned(),
        "or give the name a type that cannot be code: `int`, `ident`, `digest`".to_owned(),
    ]
}

pub(super) fn looks(what: &str) -> String {
    format!("`{what}` looks like the loss of something")
}

pub(super) fn answers() -> Vec<String> {
    vec![
        "make the step a `destroy`, which is confirmed by typing".to_owned(),
        "or say why not: `allow = { looks-destructive = \"reason\" }`".to_owned(),
    ]
}

pub(super) fn local_ways_out() -> Vec<String> {
    vec!["say which variables it takes: `local_env = [\"KUBECONFIG\"]`, or `[]`".to_owned()]
}
