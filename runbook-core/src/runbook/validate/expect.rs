//! What an answer must show.

use super::Validation;
use super::scope::Scope;
use super::text::{has_braces, scalar_text};
use crate::base::{Span, Spanned, units};
use crate::document::{self, Entries, ExpectTable, Field, OneOrMany, Scalar};
use crate::runbook::check::{Expect, Literal, Test};
use crate::runbook::rules::expression::{Kind, Reading};
use crate::template::Template;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The output of a program.
    Output,
    /// The answer to a request.
    Http,
    /// A part of one: what a pointer or header names.
    Part,
}

impl Validation<'_> {
    /// What is written, or nothing in particular.
    pub(super) fn expect(
        &self,
        field: &Field<document::Expect>,
        answer: Answer,
        scope: &Scope<'_, '_>,
    ) -> Expect {
        field.written().map_or_else(Expect::default, |written| {
            self.expectation(&written.value, written.span, answer, scope)
        })
    }

    fn expectation(
        &self,
        written: &document::Expect,
        span: Span,
        answer: Answer,
        scope: &Scope<'_, '_>,
    ) -> Expect {
        use document::Expect as E;
        let literal = match written {
            E::Table(table) => return self.table(table, span, answer, scope),
            E::Int(status) if answer == Answer::Http => return self.status(*status, span, scope),
            E::Text(text) => Scalar::Text(text.clone()),
            E::Int(int) => Scalar::Int(*int),
            E::Number(number) => Scalar::Number(*number),
            E::Bool(flag) => Scalar::Bool(*flag),
        };
        if answer == Answer::Http {
            let complaint = self.complaint("bad-status", "the literal of a request is its status");
            let help = "write a number such as `200`, or `{ contains = \"…\" }` for the body";
            self.report(scope.step(), complaint.at(span, "").help(help));
            return Expect::default();
        }
        let tests = self.literal(&Spanned::new(literal, span), scope).map(Test::Equals);
        Expect { tests: tests.into_iter().collect(), ..Expect::default() }
    }

    fn status(&self, status: i64, span: Span, scope: &Scope<'_, '_>) -> Expect {
        match u16::try_from(status).ok().filter(|status| (100..=599).contains(status)) {
            Some(status) => Expect { status: vec![status], ..Expect::default() },
            None => {
                let message = format!("{status} is no HTTP status");
                let complaint = self.complaint("bad-status", message).at(span, "");
                self.report(scope.step(), complaint.help("write one from 100 to 599"));
                Expect::default()
            }
        }
    }

    fn table(
        &self,
        table: &ExpectTable,
        span: Span,
        answer: Answer,
        scope: &Scope<'_, '_>,
    ) -> Expect {
        let mut tests: Vec<Test> = Vec::new();
        tests.extend(self.one(&table.eq, scope).map(Test::Equals));
        tests.extend(self.one(&table.ne, scope).map(Test::Differs));
        if let Some(list) = table.one_of.value() {
            let literals = list.iter().filter_map(|item| self.literal(item, scope)).collect();
            tests.push(Test::OneOf(literals));
        }
        tests.extend(self.quantity(&table.lt, scope).map(Test::Less));
        tests.extend(self.quantity(&table.le, scope).map(Test::AtMost));
        tests.extend(self.quantity(&table.gt, scope).map(Test::Greater));
        tests.extend(self.quantity(&table.ge, scope).map(Test::AtLeast));
        tests.extend(self.pattern(&table.matches, scope.step()).map(Test::Matches));
        tests.extend(self.texts(&table.contains, scope).map(Test::Contains));
        tests.extend(self.texts(&table.lacks, scope).map(Test::Lacks));
        tests.extend(table.absent.value().map(|absent| Test::Absent(*absent)));
        tests.extend(self.parts(&table.json, scope, true).map(Test::Json));
        tests.extend(self.parts(&table.header, scope, false).map(Test::Header));
        self.elsewhere(table, answer, scope.step());
        let exit = numbers(&table.exit);
        let status: Vec<u16> = numbers(&table.status);
        if tests.is_empty() && exit.is_empty() && status.is_empty() && !self.is_broken(span) {
            let complaint = self.complaint("empty-expect", "this expects nothing").at(span, "");
            self.report(scope.step(), complaint.help("say what it must show, or leave it out"));
        }
        Expect { exit, status, tests }
    }

    /// Keys that mean something for another sort of answer only.
    fn elsewhere(&self, table: &ExpectTable, answer: Answer, step: Option<usize>) {
        let wrong = [
            (table.exit.key(), "exit", answer == Answer::Output, "a program"),
            (table.status.key(), "status", answer == Answer::Http, "a request"),
            (table.header.key(), "header", answer == Answer::Http, "a request"),
            (table.absent.key(), "absent", answer == Answer::Part, "a pointer or header"),
        ];
        for (key, name, fits, of) in wrong {
            if let (Some(key), false) = (key, fits) {
                let message = format!("`{name}` belongs to {of}");
                let complaint = self.complaint("not-for-this-kind", message).at(key, "");
                self.report(step, complaint.help("leave it out"));
            }
        }
        for status in table.status.value().map(OneOrMany::as_slice).unwrap_or_default() {
            if !(100..=599).contains(&status.value) {
                let message = format!("{} is no HTTP status", status.value);
                let complaint = self.complaint("bad-status", message).at(status.span, "");
                self.report(step, complaint.help("write one from 100 to 599"));
            }
        }
    }

    fn one(&self, field: &Field<Scalar>, scope: &Scope<'_, '_>) -> Option<Literal> {
        self.literal(field.written()?, scope)
    }

    fn literal(&self, scalar: &Spanned<Scalar>, scope: &Scope<'_, '_>) -> Option<Literal> {
        Some(match &scalar.value {
            Scalar::Text(_) => Literal::Text(self.scalar(scalar, scope)?),
            #[expect(clippy::cast_precision_loss, reason = "compared as programs print numbers")]
            Scalar::Int(int) => Literal::Number(*int as f64),
            Scalar::Number(number) => Literal::Number(*number),
            Scalar::Bool(flag) => Literal::Bool(*flag),
        })
    }

    fn quantity(&self, field: &Field<Scalar>, scope: &Scope<'_, '_>) -> Option<Template> {
        let scalar = field.written()?;
        let bad = |message: String| {
            let complaint = self.complaint("bad-quantity", message).at(scalar.span, "");
            let help = "compare with a number, `80%`, `5 GiB` or `90s`";
            self.report(scope.step(), complaint.help(help));
        };
        match &scalar.value {
            Scalar::Bool(_) => {
                bad("a bool has no order".to_owned());
                None
            }
            Scalar::Text(text) if has_braces(text) => {
                let fits = |kind: &Kind| !matches!(kind, Kind::Bool | Kind::List(_) | Kind::Map(_));
                let text = Spanned::new(text.as_str(), scalar.span);
                self.fitting(text, scope, fits, "a quantity")
            }
            other => {
                let text = scalar_text(other);
                if let Err(error) = units::parse_quantity(&text) {
                    bad(error.to_string());
                }
                Some(Template::literal(&text))
            }
        }
    }

    fn texts(
        &self,
        field: &Field<OneOrMany<String>>,
        scope: &Scope<'_, '_>,
    ) -> Option<Vec<Template>> {
        let texts = field.value()?.as_slice().iter();
        let template = |text: &Spanned<String>| {
            self.template(Spanned::new(text.value.as_str(), text.span), scope, Reading::Program)
        };
        Some(texts.filter_map(template).collect())
    }

    fn parts(
        &self,
        field: &Field<Entries<document::Expect>>,
        scope: &Scope<'_, '_>,
        pointers: bool,
    ) -> Option<Vec<(String, Expect)>> {
        let mut parts = Vec::new();
        for (name, field) in field.value()? {
            if pointers && !name.is_empty() && !name.starts_with('/') {
                let message = format!("`{name}` is no JSON pointer");
                let key = field.key().unwrap_or_default();
                let complaint = self.complaint("bad-pointer", message).at(key, "");
                self.report(scope.step(), complaint.help(format!("write `/{name}`")));
            }
            let name = if pointers { name.clone() } else { name.to_lowercase() };
            parts.push((name, self.expect(field, Answer::Part, scope)));
        }
        Some(parts)
    }
}

fn numbers<T: Copy>(field: &Field<OneOrMany<T>>) -> Vec<T> {
    field.value().map(OneOrMany::as_slice).unwrap_or_default().iter().map(|n| n.value).collect()
}
