//! Values taken from what a step printed.

use indexmap::IndexMap;

use super::Validation;
use super::names::{entries, type_named};
use super::scope::{Scope, Sight};
use super::text::borrowed;
use crate::base::{Span, Spanned, ValueName, ValueType};
use crate::document::{self, CaptureTable, Field};
use crate::runbook::rules::nearest;
use crate::runbook::step::{Capture, CaptureFrom, How, Kind};

impl Validation<'_> {
    /// Everything a step captures.
    pub(super) fn captures(
        &self,
        step: usize,
        kind: Option<&Kind>,
        scope: &Scope<'_, '_>,
    ) -> IndexMap<ValueName, Capture> {
        let mut captures = IndexMap::new();
        for (at, (name, field)) in entries(self.steps[step].0.capture.value()).enumerate() {
            let Some(written) = field.written() else { continue };
            let scope = scope.seeing(Sight::Capturing(step, at));
            let capture = match &written.value {
                document::Capture::Type(kind) => {
                    let kind = self.value_type(Spanned::new(kind, written.span), Some(step), true);
                    kind.map(plain)
                }
                document::Capture::Table(table) => self.capture(table, written.span, &scope),
            };
            let Some(mut capture) = capture else { continue };
            self.check_capture(&capture, kind, written.span, step);
            capture.verdict = matches!(kind, Some(Kind::Check(_)));
            let entry = scope.entry(name).map(|(entry, _)| entry);
            capture.per_host = entry.is_some_and(|entry| entry.per_host.is_some());
            captures.extend(name.parse().ok().map(|name: ValueName| (name, capture)));
        }
        if let (Some(Kind::Check(_)), Some(captures)) = (kind, self.steps[step].0.capture.written())
            && captures.value.len() > 1
        {
            let message = "a `check` step captures one thing: whether its checks held";
            let complaint = self.complaint("not-for-this-kind", message).at(captures.span, "");
            self.report(Some(step), complaint.help("write `capture = { ok = \"bool\" }`"));
        }
        captures
    }

    /// The type of that name.
    pub(super) fn value_type(
        &self,
        name: Spanned<&String>,
        step: Option<usize>,
        json: bool,
    ) -> Option<ValueType> {
        let found = ValueType::named(name.value);
        if let Some(ValueType::Json) = found
            && !json
        {
            let complaint = self.complaint("unknown-type", "`json` is for captures only");
            let help = "take `string`, or capture it from a step";
            self.report(step, complaint.at(name.span, "").help(help));
            return None;
        }
        if found.is_none() {
            let types = ValueType::scalars();
            let known = types.iter().map(ValueType::name).chain(["list"]);
            let mut help = nearest(name.value, known);
            if help.is_empty() {
                let names: Vec<&str> = types.iter().map(ValueType::name).collect();
                help.push(format!("the types are {} and list", names.join(", ")));
            }
            let complaint =
                self.complaint("unknown-type", format!("there is no type `{}`", name.value));
            let complaint = complaint.at(name.span, "");
            self.report(step, help.into_iter().fold(complaint, crate::base::Diagnostic::help));
        }
        found
    }

    /// The type that is written in a table with `type` and `of`.
    pub(super) fn whole_type(
        &self,
        kind: &Field<String>,
        of: &Field<String>,
        table: Span,
        step: Option<usize>,
        json: bool,
    ) -> Option<ValueType> {
        let Some(written) = kind.written() else {
            self.missing(kind, "type", table, step);
            return None;
        };
        let found = self.value_type(Spanned::new(&written.value, written.span), step, json)?;
        let Field::Written { key, value } = of else { return Some(found) };
        if !matches!(found, ValueType::List(_)) {
            let complaint = self.complaint("not-for-this-kind", "`of` belongs to a list");
            self.report(
                step,
                complaint.at(*key, "").help("write `type = \"list\"`, or leave it out"),
            );
            return Some(found);
        }
        let element = self.value_type(Spanned::new(&value.value, value.span), step, false)?;
        if matches!(element, ValueType::List(_)) {
            let complaint = self.complaint("unknown-type", "a list of lists has no text form");
            self.report(step, complaint.at(value.span, "").help("take another type for `of`"));
        }
        type_named(kind.value(), of.value())
    }

    fn capture(&self, table: &CaptureTable, span: Span, scope: &Scope<'_, '_>) -> Option<Capture> {
        let step = scope.step();
        let kind = self.whole_type(&table.kind, &table.of, span, step, true);
        let from = self.from(&table.from, step);
        let that = table.that.written().and_then(|that| {
            let (found, expression) = self.expression(borrowed(that), scope)?;
            if let Some(kind) = &kind {
                self.computed(kind, &found, that.span, step);
            }
            Some(expression)
        });
        let read = [
            (table.from.key(), "from"),
            (table.line.key(), "line"),
            (table.json.key(), "json"),
            (table.matches.key(), "matches"),
        ];
        if let Some(key) = table.that.key() {
            for (other, name) in read {
                let Some(other) = other else { continue };
                let message = format!("`{name}` reads and `that` computes");
                let complaint = self.complaint("two-of-one", message).at(other, "");
                self.report(step, complaint.also(key, "computed here").help("keep one of them"));
            }
        }
        let matches = self.pattern(&table.matches, step);
        if let (Some(pattern), Some(kind)) = (&matches, &kind)
            && *kind != ValueType::Bool
            && pattern.0.captures_len() < 2
        {
            let complaint = self.complaint("bad-pattern", "the pattern has no group to take");
            let help = "put what is meant in parentheses: `version (\\S+)`";
            let at = table.matches.span().unwrap_or_default();
            self.report(step, complaint.at(at, "").help(help));
        }
        self.pointer(&table.json, step);
        Some(Capture {
            kind: kind?,
            from,
            line: self.at_least_one(&table.line, "line", step),
            json: table.json.value().cloned(),
            matches,
            that,
            optional: table.optional.value().copied().unwrap_or_default(),
            same_on_all_hosts: table.same_on_all_hosts.value().copied().unwrap_or_default(),
            per_host: false,
            verdict: false,
        })
    }

    fn computed(
        &self,
        kind: &ValueType,
        found: &crate::runbook::rules::expression::Type,
        span: Span,
        step: Option<usize>,
    ) {
        use crate::runbook::rules::expression::Kind as K;
        let wanted = K::from(kind);
        let fits = match (&wanted, &found.kind) {
            (K::Any, _) | (_, K::Any) | (K::Number, K::Int) => true,
            (K::List(_), K::List(_)) => true,
            (wanted, found) => wanted == found,
        };
        if !fits {
            let message =
                format!("this is {}, and the capture is {}", found.kind.name(), wanted.name());
            let complaint = self.complaint("type-does-not-fit", message).at(span, "");
            self.report(step, complaint.help("change `type`, or what is computed"));
        }
    }

    fn from(&self, field: &Field<String>, step: Option<usize>) -> CaptureFrom {
        let Some(written) = field.written() else { return CaptureFrom::Stdout };
        match written.value.split_once(' ') {
            Some(("header", name)) if !name.trim().is_empty() => {
                return CaptureFrom::Header(name.trim().to_lowercase());
            }
            _ => {}
        }
        match written.value.as_str() {
            "stdout" => CaptureFrom::Stdout,
            "stderr" => CaptureFrom::Stderr,
            "exit" => CaptureFrom::Exit,
            "status" => CaptureFrom::Status,
            other => {
                let message = format!("nothing is captured from `{other}`");
                let complaint = self.complaint("bad-source", message).at(written.span, "");
                let help = "write `stdout`, `stderr`, `exit`, `status` or `header NAME`";
                self.report(step, complaint.help(help));
                CaptureFrom::Stdout
            }
        }
    }

    fn pointer(&self, field: &Field<String>, step: Option<usize>) {
        let Some(written) = field.written() else { return };
        if !written.value.is_empty() && !written.value.starts_with('/') {
            let message = format!("`{}` is no JSON pointer", written.value);
            let complaint = self.complaint("bad-pointer", message).at(written.span, "");
            self.report(step, complaint.help(format!("write `/{}`", written.value)));
        }
    }

    fn check_capture(&self, capture: &Capture, kind: Option<&Kind>, span: Span, step: usize) {
        let request = matches!(
            kind,
            Some(
                Kind::Read(How::Request(_))
                    | Kind::Change(How::Request(_))
                    | Kind::Destroy(How::Request(_))
            )
        );
        let wrong = match (kind, &capture.from) {
            (Some(Kind::Check(_)), _) if !is_verdict(capture) => Some((
                "a `check` step captures whether its checks held, as a bool",
                "write `capture = { ok = \"bool\" }`",
            )),
            (_, CaptureFrom::Status | CaptureFrom::Header(_)) if !request => {
                Some(("only a request has a status and headers", "capture from `stdout` or `exit`"))
            }
            (_, CaptureFrom::Exit | CaptureFrom::Stderr) if request => Some((
                "a request has no exit and no standard error",
                "capture from its body, or from `status`",
            )),
            _ => None,
        };
        if let Some((message, help)) = wrong {
            let complaint = self.complaint("not-for-this-kind", message).at(span, "");
            self.report(Some(step), complaint.help(help));
        }
    }
}

fn is_verdict(capture: &Capture) -> bool {
    *capture
        == Capture {
            verdict: capture.verdict,
            per_host: capture.per_host,
            ..plain(ValueType::Bool)
        }
}

fn plain(kind: ValueType) -> Capture {
    Capture {
        kind,
        from: CaptureFrom::Stdout,
        line: None,
        json: None,
        matches: None,
        that: None,
        optional: false,
        same_on_all_hosts: false,
        per_host: false,
        verdict: false,
    }
}
