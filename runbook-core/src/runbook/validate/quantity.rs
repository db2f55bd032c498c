//! Durations, counts and patterns, written or computed.

use std::time::Duration;

use super::Validation;
use super::scope::Scope;
use super::text::{borrowed, has_braces};
use crate::base::{Spanned, units};
use crate::document::Field;
use crate::runbook::rules::expression::Kind;
use crate::runbook::step::{Amount, Pattern};

impl Validation<'_> {
    /// A duration; a template must compute one.
    pub(super) fn duration(
        &self,
        field: &Field<String>,
        scope: &Scope<'_, '_>,
    ) -> Option<Amount<Duration>> {
        let text = borrowed(field.written()?);
        if has_braces(text.value) {
            let fits = |kind: &Kind| matches!(kind, Kind::Duration | Kind::Text);
            return self.fitting(text, scope, fits, "a duration").map(Amount::From);
        }
        self.fixed_duration(text, scope.step()).map(Amount::Fixed)
    }

    /// A duration that is written.
    pub(super) fn fixed_duration(
        &self,
        text: Spanned<&str>,
        step: Option<usize>,
    ) -> Option<Duration> {
        match units::parse_duration(text.value) {
            Ok(duration) => Some(duration),
            Err(error) => {
                let complaint = self.complaint("bad-quantity", error.to_string());
                let help = "write a number and its unit: `90s`, `5m`, `1h30m`";
                self.report(step, complaint.at(text.span, "").help(help));
                None
            }
        }
    }

    /// A regular expression.
    pub(super) fn pattern(&self, field: &Field<String>, step: Option<usize>) -> Option<Pattern> {
        let text = field.written()?;
        match regex::Regex::new(&text.value) {
            Ok(regex) => Some(Pattern(regex)),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim().to_owned();
                let complaint = self.complaint("bad-pattern", reason).at(text.span, "");
                let help = "see the syntax of regular expressions in `docs/rules.md`";
                self.report(step, complaint.help(help));
                None
            }
        }
    }

    /// A number that must be at least 1.
    pub(super) fn at_least_one(
        &self,
        field: &Field<u32>,
        what: &str,
        step: Option<usize>,
    ) -> Option<u32> {
        let number = field.written()?;
        if number.value == 0 {
            let message = format!("`{what}` is at least 1");
            let complaint = self.complaint("bad-count", message).at(number.span, "");
            self.report(step, complaint.help("write 1 or more, or leave it out"));
        }
        Some(number.value)
    }
}
