//! Templates and expressions as they stand in the file.

use super::Validation;
use super::scope::Scope;
use crate::base::Spanned;
use crate::document::{Field, Scalar};
use crate::runbook::rules::expression::{Kind, Reading, Type, check_expression, check_template};
use crate::template::{Expression, Template};

/// What a template must compute where it is exactly one expression.
pub(in crate::runbook) type Fits = fn(&Kind) -> bool;

/// A written string by reference.
pub(in crate::runbook) fn borrowed(text: &Spanned<String>) -> Spanned<&str> {
    Spanned::new(text.value.as_str(), text.span)
}

/// The text of a plain value.
pub(in crate::runbook) fn scalar_text(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text.clone(),
        Scalar::Int(int) => int.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Bool(flag) => flag.to_string(),
    }
}

/// Whether a text is more than itself.
pub(in crate::runbook) fn has_braces(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

impl Validation<'_> {
    /// The template of a text that was complained of already, if it does not parse.
    pub(super) fn parsed(&self, text: &str) -> Option<Template> {
        if !has_braces(text) {
            return Some(Template::literal(text));
        }
        if let Some(known) = self.parsed.borrow().get(text) {
            return known.clone();
        }
        let template = Template::parse(text).ok();
        self.parsed.borrow_mut().insert(text.to_owned(), template.clone());
        template
    }

    /// A template that people read.
    pub(in crate::runbook) fn for_people(
        &self,
        field: &Field<String>,
        scope: &Scope<'_, '_>,
    ) -> Option<Template> {
        self.template(borrowed(field.written()?), scope, Reading::Person)
    }

    /// A template that a program reads.
    pub(in crate::runbook) fn for_program(
        &self,
        field: &Field<String>,
        scope: &Scope<'_, '_>,
    ) -> Option<Template> {
        self.template(borrowed(field.written()?), scope, Reading::Program)
    }

    /// A template.
    pub(in crate::runbook) fn template(
        &self,
        text: Spanned<&str>,
        scope: &Scope<'_, '_>,
        reading: Reading,
    ) -> Option<Template> {
        self.typed(text, scope, reading).map(|(template, _)| template)
    }

    /// A template, and what it computes.
    pub(in crate::runbook) fn typed(
        &self,
        text: Spanned<&str>,
        scope: &Scope<'_, '_>,
        reading: Reading,
    ) -> Option<(Template, Type)> {
        if !has_braces(text.value) {
            return Some((Template::literal(text.value), Type::of(Kind::Text)));
        }
        let (found, complaints) = check_template(text.value, scope, &scope.proven, reading);
        for complaint in complaints {
            self.report_part(scope.step(), text, complaint);
        }
        self.parsed(text.value).map(|template| (template, found))
    }

    /// An expression that is true or false.
    pub(in crate::runbook) fn condition(
        &self,
        field: &Field<String>,
        scope: &Scope<'_, '_>,
    ) -> Option<Expression> {
        let text = borrowed(field.written()?);
        let (found, expression) = self.expression(text, scope)?;
        if !matches!(found.kind, Kind::Bool | Kind::Any) {
            let message = format!("this is {}, not true or false", found.kind.name());
            let complaint = self.complaint("not-a-truth", message).at(text.span, "");
            let help = "compare it with something, since nothing is coerced to true or false";
            self.report(scope.step(), complaint.help(help));
        }
        Some(expression)
    }

    /// An expression, and what it computes.
    pub(in crate::runbook) fn expression(
        &self,
        text: Spanned<&str>,
        scope: &Scope<'_, '_>,
    ) -> Option<(Type, Expression)> {
        let (found, complaints) = check_expression(text.value, scope, &scope.proven);
        for complaint in complaints {
            self.report_part(scope.step(), text, complaint);
        }
        Expression::parse(text.value).ok().map(|expression| (found, expression))
    }

    /// A template that, where it is exactly one expression, must compute something that `fits`.
    pub(in crate::runbook) fn fitting(
        &self,
        text: Spanned<&str>,
        scope: &Scope<'_, '_>,
        fits: Fits,
        wanted: &str,
    ) -> Option<Template> {
        let (template, found) = self.typed(text, scope, Reading::Program)?;
        if !matches!(found.kind, Kind::Any) && !fits(&found.kind) {
            let message = format!("this is {}, and {wanted} is wanted", found.kind.name());
            let complaint = self.complaint("type-does-not-fit", message).at(text.span, "");
            self.report(scope.step(), complaint.help(format!("give {wanted}")));
        }
        Some(template)
    }
}
