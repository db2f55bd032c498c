//! How something acts: a script, an argv or a request.

use indexmap::IndexMap;

use super::Validation;
use super::names::entries;
use super::scope::Scope;
use super::text::{borrowed, scalar_text};
use crate::base::{Span, Spanned};
use crate::document::{self, Entries, Field, Http, HttpTable, Json, List, Scalar};
use crate::runbook::rules::Use;
use crate::runbook::rules::expression::Reading;
use crate::runbook::rules::shell::Facts;
use crate::runbook::step::{How, Method, Request, RequestBody, Shell};
use crate::template::Template;

impl Validation<'_> {
    /// How a step acts.
    pub(super) fn how(
        &self,
        written: &Spanned<document::How>,
        shell: Shell,
        scope: &Scope<'_, '_>,
        use_: &Use,
    ) -> Option<(How, Option<Facts>)> {
        match &written.value {
            document::How::Script(text) => {
                self.scripted(Spanned::new(text, written.span), shell, scope, use_)
            }
            document::How::Argv(words) => {
                self.argv(words, written.span, scope, use_).map(|argv| (argv, None))
            }
            document::How::Request(table) => {
                let http = table.http.written()?;
                let request = self.request(http, scope, use_.changes)?;
                Some((How::Request(request), None))
            }
        }
    }

    /// How a check or a suggestion asks.
    pub(super) fn program(
        &self,
        written: &Spanned<document::Program>,
        shell: Shell,
        scope: &Scope<'_, '_>,
        use_: &Use,
    ) -> Option<(How, Option<Facts>)> {
        match &written.value {
            document::Program::Script(text) => {
                self.scripted(Spanned::new(text, written.span), shell, scope, use_)
            }
            document::Program::Argv(words) => {
                self.argv(words, written.span, scope, use_).map(|argv| (argv, None))
            }
        }
    }

    pub(super) fn scripted(
        &self,
        text: Spanned<&String>,
        shell: Shell,
        scope: &Scope<'_, '_>,
        use_: &Use,
    ) -> Option<(How, Option<Facts>)> {
        let text = Spanned::new(text.value.as_str(), text.span);
        let (script, facts) = crate::runbook::rules::script(self, text, shell, scope, use_);
        Some((How::Script(script), Some(facts)))
    }

    pub(super) fn argv(
        &self,
        words: &List<String>,
        span: Span,
        scope: &Scope<'_, '_>,
        use_: &Use,
    ) -> Option<How> {
        if words.is_empty() || words.first().is_some_and(|word| word.value.is_empty()) {
            if !self.is_broken(span) {
                let complaint = self.complaint("empty-program", "an argv begins with a program");
                let help = "write the program and its arguments: `[\"ls\", \"-l\"]`";
                self.report(scope.step(), complaint.at(span, "").help(help));
            }
            return None;
        }
        let parsed: Vec<Option<Template>> = words
            .iter()
            .map(|word| self.template(borrowed(word), scope, Reading::Program))
            .collect();
        crate::runbook::rules::argv(self, words, scope, use_);
        parsed.into_iter().collect::<Option<Vec<_>>>().map(How::Argv)
    }

    /// A request; one that `changes` nothing uses GET or HEAD.
    pub(super) fn request(
        &self,
        written: &Spanned<Http>,
        scope: &Scope<'_, '_>,
        changes: bool,
    ) -> Option<Request> {
        let default = if changes { Method::Post } else { Method::Get };
        match &written.value {
            Http::Url(url) => {
                let url = self.url(Spanned::new(url, written.span), scope)?;
                Some(Request {
                    url,
                    method: default,
                    headers: IndexMap::new(),
                    query: IndexMap::new(),
                    body: None,
                    ca: None,
                })
            }
            Http::Request(table) => self.whole_request(table, written.span, scope, changes),
        }
    }

    fn whole_request(
        &self,
        table: &HttpTable,
        span: Span,
        scope: &Scope<'_, '_>,
        changes: bool,
    ) -> Option<Request> {
        let url = match table.url.written() {
            Some(url) => self.url(Spanned::new(&url.value, url.span), scope),
            None => {
                self.missing(&table.url, "url", span, scope.step());
                None
            }
        };
        let method = self.method(&table.method, changes, scope.step());
        let headers = self.templates(&table.headers, scope);
        let query = self.templates(&table.query, scope);
        let body = self.body(table, scope);
        let ca = self.for_program(&table.ca, scope);
        Some(Request { url: url?, method, headers, query, body, ca })
    }

    fn url(&self, url: Spanned<&String>, scope: &Scope<'_, '_>) -> Option<Template> {
        let text = Spanned::new(url.value.as_str(), url.span);
        if !super::text::has_braces(text.value) {
            let fits = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
            if !fits || crate::base::ValueType::Url.parse(text.value).is_err() {
                let complaint = self.complaint("bad-url", "this is no url of a request");
                let help = "begin with `http://` or `https://`";
                self.report(scope.step(), complaint.at(text.span, "").help(help));
            }
        }
        self.template(text, scope, Reading::Program)
    }

    fn method(&self, field: &Field<String>, changes: bool, step: Option<usize>) -> Method {
        let Some(written) = field.written() else {
            return if changes { Method::Post } else { Method::Get };
        };
        let method = match written.value.as_str() {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            other => {
                let message = format!("there is no method `{other}`");
                let complaint = self.complaint("bad-method", message).at(written.span, "");
                let help = "write GET, HEAD, POST, PUT, PATCH or DELETE";
                self.report(step, complaint.help(help));
                return Method::Get;
            }
        };
        if !changes && !matches!(method, Method::Get | Method::Head) {
            let message = format!("a request that changes nothing does not use {}", written.value);
            let complaint = self.complaint("read-changes", message).at(written.span, "");
            self.report(step, complaint.help("use GET or HEAD, or make the step a `change`"));
        }
        method
    }

    fn templates(
        &self,
        table: &Field<Entries<String>>,
        scope: &Scope<'_, '_>,
    ) -> IndexMap<String, Template> {
        entries(table.value())
            .filter_map(|(name, field)| {
                let template = self.for_program(field, scope)?;
                Some((name.clone(), template))
            })
            .collect()
    }

    fn body(&self, table: &HttpTable, scope: &Scope<'_, '_>) -> Option<RequestBody> {
        if let (Some(body), Some(json)) = (table.body.key(), table.json.key()) {
            let complaint = self.complaint("two-of-one", "a request has one body").at(json, "");
            let complaint = complaint.also(body, "the other");
            self.report(scope.step(), complaint.help("keep `body` or `json`"));
        }
        if let Some(json) = table.json.written() {
            return Some(RequestBody::Json(self.json(&json.value, json.span, scope)));
        }
        self.for_program(&table.body, scope).map(RequestBody::Text)
    }

    fn json(&self, json: &Json, span: Span, scope: &Scope<'_, '_>) -> serde_json::Value {
        match json {
            Json::Text(text) => {
                self.template(Spanned::new(text, span), scope, Reading::Program);
                text.as_str().into()
            }
            Json::Int(int) => (*int).into(),
            Json::Number(number) => (*number).into(),
            Json::Bool(flag) => (*flag).into(),
            Json::Array(list) => {
                list.iter().map(|item| self.json(&item.value, item.span, scope)).collect()
            }
            Json::Object(table) => table
                .iter()
                .filter_map(|(name, field)| {
                    let value = field.written()?;
                    Some((name.clone(), self.json(&value.value, value.span, scope)))
                })
                .collect(),
        }
    }

    /// A plain value as a template.
    pub(super) fn scalar(
        &self,
        scalar: &Spanned<Scalar>,
        scope: &Scope<'_, '_>,
    ) -> Option<Template> {
        match &scalar.value {
            Scalar::Text(text) => {
                self.template(Spanned::new(text, scalar.span), scope, Reading::Program)
            }
            other => Some(Template::literal(&scalar_text(other))),
        }
    }

    /// Complains that a key is missing, unless it is there and unreadable, or the table is.
    pub(super) fn missing<T>(&self, field: &Field<T>, key: &str, table: Span, step: Option<usize>) {
        if field.is_absent() && !self.is_broken(table) {
            let complaint = self.complaint("missing-key", format!("`{key}` is missing"));
            self.report(step, complaint.at(table, "").help(format!("add `{key} = …`")));
        }
    }
}
