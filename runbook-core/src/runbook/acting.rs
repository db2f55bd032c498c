//! Which names can change what a runbook does: those in a script, an argv, standard input, a
//! variable, an expression, a request, an expectation or the words that are typed. What only a
//! person reads is not among them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::check::{Check, Expect, Literal, Probe, Test};
use super::model::Runbook;
use super::step::{
    Amount, How, Items, Kind, Proof, Request, RequestBody, Setting, Step, Undo, UndoAction,
};
use crate::template::{Expression, Reference, Template};

/// The names found so far.
#[derive(Default)]
struct Acting(BTreeSet<String>);

impl Runbook {
    /// The names that can change what is done, of parameters, captures, asked values and choices.
    #[must_use]
    pub fn acting_names(&self) -> BTreeSet<String> {
        let mut acting = Acting::default();
        acting.checks(&self.goal);
        acting.checks(&self.preconditions);
        self.steps.iter().for_each(|step| acting.step(step));
        acting.0
    }
}

impl Acting {
    fn references(&mut self, references: &[Reference]) {
        for reference in references {
            let name = match (reference.root.as_str(), reference.rest.first()) {
                ("all", Some(name)) => name,
                _ => &reference.root,
            };
            self.0.insert(name.clone());
        }
    }

    fn text(&mut self, template: &Template) {
        self.references(template.references());
    }

    fn texts<'a>(&mut self, templates: impl IntoIterator<Item = &'a Template>) {
        templates.into_iter().for_each(|template| self.text(template));
    }

    fn expressions<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expression>) {
        expressions.into_iter().for_each(|expression| self.references(expression.references()));
    }

    fn amount(&mut self, amount: &Amount<Duration>) {
        if let Amount::From(template) = amount {
            self.text(template);
        }
    }

    fn step(&mut self, step: &Step) {
        self.before(step);
        self.checks(&step.verify);
        self.checks(&step.finish_if);
        self.checks(&step.stop_if);
        self.expressions(step.capture.values().filter_map(|capture| capture.that.as_ref()));
        step.diagnose.iter().for_each(|how| self.how(how));
        self.texts(&step.card.confirm);
        for proof in &step.card.proof {
            if let Proof::Check(check) = proof {
                self.check(check);
            }
        }
        for asked in step.ask.values() {
            self.texts(&asked.default);
            self.expressions(&asked.when);
            if let Some(suggest) = &asked.suggest {
                self.how(&suggest.read);
                self.setting(&suggest.setting);
            }
        }
        self.undo(&step.undo);
    }

    /// What comes before a step has delivered anything: a variable of its script that has the name
    /// of its own capture is not that capture.
    fn before(&mut self, step: &Step) {
        let mut own = Self::default();
        own.expressions(&step.when);
        own.expressions(&step.filter);
        own.checks(&step.skip_if);
        own.checks(&step.precondition);
        own.setting(&step.setting);
        own.texts(&step.stdin);
        own.expect(&step.expect);
        own.amount(&step.retry.wait);
        step.timeout.iter().for_each(|timeout| own.amount(timeout));
        match &step.items {
            Some(Items::Read(how)) => own.how(how),
            Some(Items::Value(list)) => own.text(list),
            None => {}
        }
        match &step.kind {
            Kind::Read(how) | Kind::Change(how) | Kind::Destroy(how) => own.how(how),
            Kind::Check(checks) => own.checks(checks),
            Kind::Manual(_) | Kind::Choose { .. } => {}
        }
        let delivered = |name: &String| step.capture.keys().any(|own| own.as_str() == name);
        self.0.extend(own.0.into_iter().filter(|name| !delivered(name)));
    }

    fn undo(&mut self, undo: &Undo) {
        let Undo::Step(undo) = undo else { return };
        match &undo.action {
            UndoAction::Change(how) | UndoAction::Destroy(how) => self.how(how),
            UndoAction::Manual(_) => {}
        }
        self.expressions(&undo.filter);
        self.setting(&undo.setting);
        self.checks(&undo.precondition);
        self.checks(&undo.verify);
        self.texts(&undo.confirm);
        self.amount(&undo.timeout);
    }

    fn how(&mut self, how: &How) {
        match how {
            How::Script(script) => self.0.extend(script.names.iter().map(ToString::to_string)),
            How::Argv(words) => self.texts(words),
            How::Request(request) => self.request(request),
        }
    }

    fn request(&mut self, request: &Request) {
        self.text(&request.url);
        self.texts(request.headers.values());
        self.texts(request.query.values());
        self.texts(&request.ca);
        match &request.body {
            Some(RequestBody::Text(text)) => self.text(text),
            Some(RequestBody::Json(json)) => self.json(json),
            None => {}
        }
    }

    /// JSON in which every string is a template.
    fn json(&mut self, json: &serde_json::Value) {
        match json {
            serde_json::Value::String(text) => {
                if let Ok(template) = Template::parse(text) {
                    self.text(&template);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.json(item)),
            serde_json::Value::Object(map) => map.values().for_each(|value| self.json(value)),
            _ => {}
        }
    }

    fn setting(&mut self, setting: &Setting) {
        self.texts(&setting.cwd);
        self.texts(setting.env.values());
        self.texts(setting.sudo.as_ref().map(|sudo| &sudo.user));
    }

    fn checks(&mut self, checks: &[Check]) {
        checks.iter().for_each(|check| self.check(check));
    }

    fn check(&mut self, check: &Check) {
        match &check.probe {
            Probe::Read(how) => self.how(how),
            Probe::Http(request) => self.request(request),
            Probe::Tcp(address) => self.text(address),
            Probe::That(that) => self.references(that.references()),
            Probe::Ask(_) | Probe::Goal => {}
        }
        self.expect(&check.expect);
        self.setting(&check.setting);
        self.amount(&check.timeout);
        self.expressions(&check.when);
        self.amount(&check.patience.every);
        let patience = [&check.patience.within, &check.patience.hold];
        patience.into_iter().flatten().for_each(|amount| self.amount(amount));
    }

    fn expect(&mut self, expect: &Expect) {
        expect.tests.iter().for_each(|test| self.test(test));
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Equals(literal) | Test::Differs(literal) => self.literal(literal),
            Test::OneOf(literals) => literals.iter().for_each(|literal| self.literal(literal)),
            Test::Less(text) | Test::AtMost(text) | Test::Greater(text) | Test::AtLeast(text) => {
                self.text(text);
            }
            Test::Contains(texts) | Test::Lacks(texts) => self.texts(texts),
            Test::Json(parts) | Test::Header(parts) => {
                parts.iter().for_each(|(_, expect)| self.expect(expect));
            }
            Test::Matches(_) | Test::Absent(_) => {}
        }
    }

    fn literal(&mut self, literal: &Literal) {
        if let Literal::Text(text) = literal {
            self.text(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Source;
    use crate::document::RunbookDocument;
    use crate::runbook::Runbook;

    #[test]
    fn what_a_person_reads_does_not_act() {
        let text = r#"
format = 1
title = "t"
[defaults]
on = "local"
[[step]]
id = "look"
read = "script_own=1; echo"
capture = { script_own = "string", in_script = "string", in_argv = "string", in_when = "string", in_env = "string", in_stdin = "string", in_confirm = "string", in_verify = "string", in_title = "string", in_loses = "string", in_undo = "string", nowhere = "string" }
[[step]]
id = "act"
title = "from {{ in_title }}"
when = "in_when == 'x'"
destroy = 'true "$in_script"'
env = { A = "{{ in_env }}" }
stdin = "{{ in_stdin }}"
verify = { read = ["test", "{{ in_verify }}"] }
affects = "nobody"
loses = "{{ in_loses }} rows"
confirm = "{{ in_confirm }}"
undo = 'true "$in_undo"'
[[step]]
id = "tell"
manual = "say {{ nowhere }}"
[[step]]
id = "more"
change = ["true", "{{ in_argv }}"]
no_undo = "none"
"#;
        let parsed = RunbookDocument::parse(Source::new("t.toml", text));
        let (runbook, found) = Runbook::validate(&parsed, "t");
        let runbook = runbook.unwrap_or_else(|| panic!("{:?} {found:?}", parsed.diagnostics));
        let names: Vec<String> = runbook.acting_names().into_iter().collect();
        let acting = ["argv", "confirm", "env", "script", "stdin", "undo", "verify", "when"];
        assert_eq!(names, acting.map(|place| format!("in_{place}")));
    }
}
