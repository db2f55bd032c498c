//! Comparisons: which operands fit together, and what `none` would make of the answer.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{CompareOpKind, Expr};

use super::infer::{Inference, range};
use super::{Kind, Type};
use crate::runbook::rules::nearest;

/// How two operands are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Order,
    In,
    NotIn,
}

impl Inference<'_> {
    pub(super) fn two_types(&mut self, left: &Type, right: &Type, span: Span) {
        let message = format!("the operands are {} and {}", left.kind.name(), right.kind.name());
        let mut help = Vec::new();
        for (one, other) in [(left, right), (right, left)] {
            let filter = match (&one.kind, &other.kind) {
                (Kind::Duration, Kind::Text | Kind::Int | Kind::Number) => "`'90s' | duration`",
                (Kind::Bytes, Kind::Text | Kind::Int | Kind::Number) => "`'5 GiB' | bytes`",
                (Kind::Int, Kind::Text) => "a number without quotes, or the filter `int`",
                (Kind::Number, Kind::Text) => "a number without quotes, or the filter `float`",
                (Kind::Bool, Kind::Text) => "`true` or `false` without quotes",
                _ => continue,
            };
            help.push(format!("write {filter}"));
        }
        if help.is_empty() {
            help.push("compare values of one type; the text types compare with each other".into());
        }
        self.complain("operand-types", range(span), message, &help);
    }

    pub(super) fn compare(
        &mut self,
        left: &Expr<'_>,
        how: Comparison,
        right: &Expr<'_>,
        span: Span,
    ) {
        let (one, two) = (self.expression(left), self.expression(right));
        match how {
            Comparison::Order => self.order(&one, left, &two, right, span),
            Comparison::Equal | Comparison::Unequal => {
                if !one.kind.compares_with(&two.kind) {
                    self.two_types(&one, &two, span);
                }
                self.words(&one, right);
                self.words(&two, left);
                let by_name = one.words.is_some() && right.as_const().is_some()
                    || two.words.is_some() && left.as_const().is_some();
                if how == Comparison::Unequal && !by_name {
                    self.may_be_none(&one, left, &two);
                    self.may_be_none(&two, right, &one);
                }
            }
            Comparison::In | Comparison::NotIn => {
                let element = two.element();
                let text_in_text = one.kind == Kind::Text && two.kind == Kind::Text;
                if !text_in_text && !matches!(two.kind, Kind::List(_) | Kind::Map(_) | Kind::Any) {
                    self.two_types(&one, &two, span);
                } else if !text_in_text && !one.kind.compares_with(&element.kind) {
                    self.two_types(&one, &element, span);
                }
                if let Expr::List(list) = right {
                    list.items.iter().for_each(|item| self.words(&one, item));
                }
                if how == Comparison::NotIn && one.words.is_none() {
                    self.may_be_none(&one, left, &two);
                }
            }
        }
    }

    pub(super) fn order(
        &mut self,
        one: &Type,
        left: &Expr<'_>,
        two: &Type,
        right: &Expr<'_>,
        span: Span,
    ) {
        if !one.kind.compares_with(&two.kind) {
            self.two_types(one, two, span);
        } else if !one.kind.is_ordered() || !two.kind.is_ordered() {
            let unordered = if one.kind.is_ordered() { two } else { one };
            let mut help = vec!["compare numbers, durations, sizes or times".to_owned()];
            if unordered.kind == Kind::Text {
                help.push("compare versions as `a | semver < b | semver`".to_owned());
            }
            let message = format!("{} has no order", unordered.kind.name());
            self.complain("unordered", range(span), message, &help);
        }
        for (found, expr) in [(one, left), (two, right)] {
            if found.maybe_none {
                let name = found.name.clone().unwrap_or_default();
                let message = format!("`{name}` may be `none`, which has no order");
                self.complain("may-be-none", range(expr.span()), message, &guarded(&name));
            }
        }
    }

    /// A constant must be one of the words that the other side can be.
    pub(super) fn words(&mut self, known: &Type, other: &Expr<'_>) {
        let (Some(words), Some(constant)) = (&known.words, other.as_const()) else { return };
        let Some(text) = constant.as_str() else { return };
        if !words.iter().any(|word| word == text) {
            let name = known.name.clone().unwrap_or_default();
            let mut help = nearest(text, words.iter().map(String::as_str));
            help.push(format!("it can be {}", words.join(", ")));
            let message = format!("`{name}` is never `{text}`");
            self.complain("not-a-choice", range(other.span()), message, &help);
        }
    }

    /// `none != 'x'` is true: that is seldom what was meant.
    pub(super) fn may_be_none(&mut self, found: &Type, expr: &Expr<'_>, other: &Type) {
        if found.maybe_none && other.kind != Kind::None {
            let name = found.name.clone().unwrap_or_default();
            let message = format!("`{name}` may be `none`, and then this is true");
            self.complain("may-be-none", range(expr.span()), message, &guarded(&name));
        }
    }

    pub(super) fn must_be_there(&mut self, found: &Type, expr: &Expr<'_>) {
        if found.maybe_none {
            let name = found.name.clone().unwrap_or_default();
            let message = format!("`{name}` may be `none`");
            self.complain("may-be-none", range(expr.span()), message, &guarded(&name));
        }
    }
}

pub(super) fn guarded(name: &str) -> Vec<String> {
    vec![format!("guard it: `{name} is defined and …`, or `{name} | default(…)`")]
}

pub(super) fn comparison(op: CompareOpKind) -> Comparison {
    match op {
        CompareOpKind::Eq => Comparison::Equal,
        CompareOpKind::Ne => Comparison::Unequal,
        CompareOpKind::In => Comparison::In,
        CompareOpKind::NotIn => Comparison::NotIn,
        CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte => {
            Comparison::Order
        }
    }
}
