//! The top of a runbook: its texts, roles, parameters, lock, goal and preconditions.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Validation;
use super::check::{Around, Standing};
use super::names::{elements, entries};
use super::scope::{Scope, Sight};
use super::text::borrowed;
use crate::base::{Digest, RoleName, Span, Spanned};
use crate::document::{self, FORMAT, Field, Parsed, RunbookDocument};
use crate::runbook::model::{Lock, Role, Runbook};
use crate::runbook::rules::expression::Reading;

impl Validation<'_> {
    /// Everything but the steps.
    pub(super) fn top(&self, parsed: &Parsed<RunbookDocument>, name: &str) -> Option<Runbook> {
        let document = self.document;
        self.format(document);
        self.missing_on_top(&document.title, "title");
        self.not_empty(&document.title);
        self.check_defaults();
        let reviewed = document.reviewed.written().and_then(|date| self.date(date));
        let every = &document.review_every;
        let review_every =
            every.written().and_then(|every| self.fixed_duration(borrowed(every), None));
        let params = self.params();
        let lock = self.lock();
        let (goal, preconditions) = (self.goal(), self.preconditions());
        self.local_env();
        Some(Runbook {
            name: name.to_owned(),
            title: document.title.value().cloned().unwrap_or_default(),
            use_when: document.use_when.value().cloned(),
            not_when: document.not_when.value().cloned(),
            description: document.description.value().cloned(),
            owner: document.owner.value().cloned(),
            tags: elements(document.tags.value()).iter().map(|tag| tag.value.clone()).collect(),
            reviewed,
            review_every,
            tested_on: document.tested_on.value().cloned(),
            lock,
            params,
            roles: self.roles.clone(),
            goal,
            preconditions,
            local_env: elements(document.local_env.value())
                .iter()
                .map(|name| name.value.clone())
                .collect(),
            steps: Vec::new(),
            source: Arc::clone(&parsed.source),
            digest: Digest::of(self.source.text.as_bytes()),
        })
    }

    fn format(&self, document: &RunbookDocument) {
        self.missing_on_top(&document.format, "format");
        if let Some(format) = document.format.written().filter(|format| format.value < FORMAT) {
            let message = format!("there is no format {}", format.value);
            let complaint = self.complaint("unknown-format", message).at(format.span, "");
            self.report(None, complaint.help(format!("write `format = {FORMAT}`")));
        }
    }

    /// Complains that a key is missing at the top, unless something there was misread.
    fn missing_on_top<T>(&self, field: &Field<T>, key: &str) {
        let end = self.source.text.find("\n[").unwrap_or(self.source.text.len());
        if field.is_absent() && !self.is_broken(Span::new(0, end)) {
            let complaint = self.complaint("missing-key", format!("`{key}` is missing"));
            let complaint = complaint.at(Span::default(), "");
            self.report(None, complaint.help(format!("add `{key} = …` at the top")));
        }
    }

    fn not_empty(&self, field: &Field<String>) {
        if let Some(text) = field.written().filter(|text| text.value.trim().is_empty()) {
            let complaint = self.complaint("empty-text", "this says nothing").at(text.span, "");
            self.report(None, complaint.help("write one line that says what the runbook does"));
        }
    }

    fn date(&self, date: &Spanned<document::Date>) -> Option<jiff::civil::Date> {
        let parsed = date.value.text().parse().ok();
        if parsed.is_none() {
            let message = format!("`{}` is no date", date.value.text());
            let complaint = self.complaint("bad-quantity", message).at(date.span, "");
            self.report(None, complaint.help("write year, month and day: `2026-03-01`"));
        }
        parsed
    }

    pub(super) fn all_roles(&self) -> IndexMap<RoleName, Role> {
        let mut roles = IndexMap::new();
        for (name, field) in entries(self.document.role.value()) {
            let key = field.key().unwrap_or_default();
            let role = field.value().map(|written| {
                let (min, max) = (&written.min, &written.max);
                if let (Some(least), Some(most)) = (min.value(), max.value())
                    && least > most
                {
                    let complaint = self.complaint("bad-range", "`min` is greater than `max`");
                    let complaint = complaint.at(min.span().unwrap_or_default(), "");
                    self.report(None, complaint.help("exchange them"));
                }
                let help = written.help.value().cloned();
                Role { help, min: min.value().copied(), max: max.value().copied() }
            });
            match name.parse::<RoleName>() {
                Ok(_) if name == "local" => {
                    let message = "`local` is this machine, not a role";
                    let complaint = self.complaint("reserved-name", message).at(key, "");
                    self.report(None, complaint.help("choose another name"));
                }
                Ok(name) => {
                    roles.insert(name, role.unwrap_or_default());
                }
                Err(error) => {
                    let complaint = self.complaint("bad-name", error.to_string()).at(key, "");
                    self.report(None, complaint.help("rename it"));
                }
            }
        }
        roles
    }

    fn lock(&self) -> Option<Lock> {
        let written = self.document.lock.written()?;
        let scope = Scope::new(self, Sight::AllParams, self.defaults.place.clone());
        match &written.value {
            document::Lock::Name(name) => {
                let name = Spanned::new(name.as_str(), written.span);
                Some(Lock { name: self.template(name, &scope, Reading::Program)?, on: None })
            }
            document::Lock::Table(table) => {
                self.missing(&table.name, "name", written.span, None);
                let on = table.on.written().and_then(|on| self.role(borrowed(on), None));
                Some(Lock { name: self.for_program(&table.name, &scope)?, on })
            }
        }
    }

    fn goal(&self) -> Vec<crate::runbook::Check> {
        let scope = Scope::new(self, Sight::AllParams, self.defaults.place.clone());
        let around = Around { scope: &scope, step: None, standing: Standing::Goal };
        self.checks(&self.document.goal, &around)
    }

    fn preconditions(&self) -> Vec<crate::runbook::Check> {
        let scope = Scope::new(self, Sight::AllParams, self.defaults.place.clone());
        let around = Around { scope: &scope, step: None, standing: Standing::Other };
        self.checks(&self.document.precondition, &around)
    }

    fn local_env(&self) {
        for name in elements(self.document.local_env.value()) {
            let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !fits {
                let message = format!("`{}` is not a name of a variable", name.value);
                let complaint = self.complaint("bad-name", message).at(name.span, "");
                self.report(None, complaint.help("write names only, such as `KUBECONFIG`"));
            }
        }
    }
}
