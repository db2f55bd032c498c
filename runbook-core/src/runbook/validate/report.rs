//! How a complaint is made: with its rule's severity, its place, and whether the step answers it.

use std::ops::Range;

use super::Validation;
use super::literal::Literal;
use crate::base::{Diagnostic, Severity, Span, Spanned};
use crate::runbook::rules::{self, expression::Complaint};

impl Validation<'_> {
    /// A complaint of rule `code`; its severity is the rule's.
    pub(in crate::runbook) fn complaint(
        &self,
        code: &'static str,
        message: impl Into<String>,
    ) -> Diagnostic {
        match rules::severity(code) {
            Severity::Error => Diagnostic::error(code, message),
            Severity::Warning => Diagnostic::warning(code, message),
        }
    }

    /// Makes a complaint, unless it is a warning that the step (by number) has answered.
    pub(in crate::runbook) fn report(&self, step: Option<usize>, complaint: Diagnostic) {
        let answered = complaint.severity == Severity::Warning
            && step.is_some_and(|step| self.allows(step, complaint.code));
        if !answered {
            self.found.borrow_mut().push(complaint);
        }
    }

    /// A complaint about a part of a text in the file.
    pub(in crate::runbook) fn report_part(
        &self,
        step: Option<usize>,
        text: Spanned<&str>,
        complaint: Complaint,
    ) {
        let place = self.part(text, &complaint.range);
        let help = complaint.help.into_iter();
        let diagnostic = self.complaint(complaint.code, complaint.message).at(place, "");
        self.report(step, help.fold(diagnostic, Diagnostic::help));
    }

    /// The place of a part of a text.
    pub(in crate::runbook) fn part(&self, text: Spanned<&str>, range: &Range<usize>) -> Span {
        Literal::new(&self.source.text, text.span).place(range)
    }

    /// Whether the reader complained inside of `span`: what is missing there may only look so.
    pub(in crate::runbook) fn is_broken(&self, span: Span) -> bool {
        self.reader.has_error_within(span)
    }

    /// Whether something is so broken that names may be used in it which nobody could see.
    pub(in crate::runbook) fn hides_names(&self) -> bool {
        const HIDING: [&str; 5] =
            ["bad-template", "bad-expression", "unknown-name", "no-kind", "no-probe"];
        let found = self.found.borrow();
        self.reader.has_errors() || found.iter().any(|found| HIDING.contains(&found.code))
    }

    fn allows(&self, step: usize, code: &str) -> bool {
        self.steps[step].0.allow.value().is_some_and(|allow| allow.contains_key(code))
    }

    /// Notes that a name is used.
    pub(in crate::runbook) fn note_use(&self, name: &str) {
        if !self.used.borrow().contains(name) {
            self.used.borrow_mut().insert(name.to_owned());
        }
    }

    /// Whether there is such a name.
    pub(in crate::runbook) fn is_defined(&self, name: &str) -> bool {
        self.names.entries.contains_key(name)
    }

    /// Whether anything uses a name.
    pub(in crate::runbook) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }
}
