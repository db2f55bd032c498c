//! The type of every part of an expression, and what does not fit.

use std::ops::Range;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{
    BinOp, BinOpKind, CallArg, CompareOpKind, Expr, Filter, UnaryOpKind,
};
use minijinja::value::ValueKind;

use super::compare::{Comparison, comparison, guarded};
use super::filters::{FILTERS, TESTS, fits, gives};
use super::{Complaint, Kind, Resolved, Scope, Type, guards};
use crate::runbook::rules::nearest;

/// One pass over one text.
pub(super) struct Inference<'a> {
    scope: &'a dyn Scope,
    /// What is wrong so far.
    pub(super) complaints: Vec<Complaint>,
    /// Names that conditions around this place have proven to be there.
    pub(super) proven: Vec<String>,
    /// Whether a name whose step may not deliver it is complained of.
    pub(super) strict: bool,
    /// Names that the template itself defines.
    pub(super) locals: Vec<(String, Type)>,
}

impl<'a> Inference<'a> {
    pub(super) fn new(scope: &'a dyn Scope, proven: &[String]) -> Self {
        Self {
            scope,
            complaints: Vec::new(),
            proven: proven.to_vec(),
            strict: true,
            locals: Vec::new(),
        }
    }

    pub(super) fn scope(&self) -> &'a dyn Scope {
        self.scope
    }

    pub(super) fn complain(
        &mut self,
        code: &'static str,
        range: Range<usize>,
        message: impl Into<String>,
        help: &[String],
    ) {
        self.complaints.push(Complaint {
            code,
            range,
            message: message.into(),
            help: help.to_vec(),
        });
    }

    /// With more names proven inside of `body`.
    pub(super) fn proving<T>(
        &mut self,
        names: Vec<String>,
        body: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.proven.len();
        self.proven.extend(names);
        let result = body(self);
        self.proven.truncate(before);
        result
    }

    /// A condition: it must be true or false, for nothing is coerced.
    pub(super) fn condition(&mut self, expression: &Expr<'_>) {
        let found = self.expression(expression);
        if !matches!(found.kind, Kind::Bool | Kind::Any) {
            self.complain(
                "not-a-truth",
                range(expression.span()),
                format!("this is {}, not true or false", found.kind.name()),
                &["compare it with something, since nothing is coerced to true or false".into()],
            );
        }
    }

    /// The type of an expression; the value must be there.
    pub(super) fn expression(&mut self, expression: &Expr<'_>) -> Type {
        match expression {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.place(expression),
            Expr::Const(constant) => constant_type(&constant.value),
            Expr::UnaryOp(op) => match op.op {
                UnaryOpKind::Not => {
                    match contained(&op.expr) {
                        Some((left, right)) => {
                            self.compare(left, Comparison::NotIn, right, expression.span());
                        }
                        None => self.condition(&op.expr),
                    }
                    Type::of(Kind::Bool)
                }
                UnaryOpKind::Neg => self.expression(&op.expr).certain(),
            },
            Expr::BinOp(op) => self.binary(op, expression.span()),
            Expr::Compare(compare) => {
                let mut left = &compare.expr;
                for op in &compare.ops {
                    self.compare(left, comparison(op.op), &op.expr, expression.span());
                    left = &op.expr;
                }
                Type::of(Kind::Bool)
            }
            Expr::IfExpr(choice) => {
                self.condition(&choice.test_expr);
                let then = guards::when_true(&choice.test_expr, self.scope);
                let otherwise = guards::when_false(&choice.test_expr, self.scope);
                let first = self.proving(then, |s| s.expression(&choice.true_expr));
                let second = choice
                    .false_expr
                    .as_ref()
                    .map(|expr| self.proving(otherwise, |s| s.expression(expr)));
                match second {
                    Some(second) if second.kind == first.kind => Type::of(first.kind),
                    _ => Type::any(),
                }
            }
            Expr::Filter(filter) => self.filter(filter, expression.span()),
            Expr::Test(test) => {
                if !TESTS.contains(&test.name) {
                    let help = nearest(test.name, TESTS.iter().copied());
                    let message = format!("there is no test `{}`", test.name);
                    self.complain("unknown-filter", range(expression.span()), message, &help);
                }
                self.quietly(&test.expr);
                self.arguments(&test.args);
                Type::of(Kind::Bool)
            }
            Expr::Call(call) => {
                self.arguments(&call.args);
                self.complain(
                    "unknown-filter",
                    range(expression.span()),
                    "expressions have no functions",
                    &["use a filter, such as `x | length`".into()],
                );
                Type::any()
            }
            Expr::List(list) => self.elements(&list.items),
            Expr::Tuple(tuple) => self.elements(&tuple.items),
            Expr::Map(map) => {
                map.values.iter().for_each(|value| {
                    self.expression(value);
                });
                Type::any()
            }
            Expr::Slice(slice) => self.expression(&slice.expr).certain(),
        }
    }

    fn elements(&mut self, items: &[Expr<'_>]) -> Type {
        let kinds: Vec<Type> = items.iter().map(|item| self.expression(item)).collect();
        match kinds.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other.kind == first.kind) => {
                Type::list_of(Type::of(first.kind.clone()))
            }
            _ => Type::list_of(Type::any()),
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(expr)
                | CallArg::Kwarg(_, expr)
                | CallArg::PosSplat(expr)
                | CallArg::KwargSplat(expr) => {
                    self.expression(expr);
                }
            }
        }
    }

    /// Where a name need not have a value: `x is defined`, `x | default('')`.
    fn quietly(&mut self, expression: &Expr<'_>) -> Type {
        let names = guards::name_of(expression).into_iter().collect();
        self.proving(names, |s| s.expression(expression))
    }

    /// A name, with the words and subscripts behind it.
    fn place(&mut self, expression: &Expr<'_>) -> Type {
        let Some((root, words)) = path(expression) else {
            return match expression {
                Expr::GetAttr(attribute) => self.expression(&attribute.expr).element(),
                Expr::GetItem(item) => {
                    self.expression(&item.subscript_expr);
                    self.expression(&item.expr).element()
                }
                _ => Type::any(),
            };
        };
        if let Some((_, found)) = self.locals.iter().rev().find(|(name, _)| *name == root) {
            return if words.is_empty() { found.clone() } else { Type::any() };
        }
        match self.scope.resolve(root, &words) {
            Resolved::Is(mut found, taken) => {
                if self.proven.iter().any(|name| name == root) {
                    found = found.certain();
                }
                if found.maybe_undelivered && self.strict {
                    let message = format!("the step that delivers `{root}` may be skipped or fail");
                    let help = guarded(root);
                    self.complain("may-be-undelivered", range(expression.span()), message, &help);
                }
                words[taken.min(words.len())..].iter().fold(found, |found, _| found.element())
            }
            Resolved::Wrong(code, message, help) => {
                self.complain(code, range(expression.span()), message, &help);
                Type::any()
            }
        }
    }

    fn filter(&mut self, filter: &Filter<'_>, span: Span) -> Type {
        let input = match &filter.expr {
            Some(expr) if matches!(filter.name, "default" | "d") => self.quietly(expr),
            Some(expr) => {
                let input = self.expression(expr);
                self.must_be_there(&input, expr);
                input
            }
            None => Type::any(),
        };
        self.arguments(&filter.args);
        let Some((_, takes)) = FILTERS.iter().find(|(name, _)| *name == filter.name) else {
            let help = nearest(filter.name, FILTERS.iter().map(|(name, _)| *name));
            let message = format!("there is no filter `{}`", filter.name);
            self.complain("unknown-filter", range(span), message, &help);
            return Type::any();
        };
        if !fits(*takes, &input.kind) {
            let message =
                format!("the filter `{}` does not take {}", filter.name, input.kind.name());
            let help = ["apply it to a value of the type it takes".to_owned()];
            self.complain("operand-types", range(span), message, &help);
        }
        if filter.name == "matches" {
            self.pattern(&filter.args);
        }
        match filter.name {
            "default" | "d" => Type { words: None, ..input.certain() },
            name => gives(name, &input),
        }
    }

    fn pattern(&mut self, arguments: &[CallArg<'_>]) {
        let Some(CallArg::Pos(expr)) = arguments.first() else { return };
        let Some(pattern) = expr.as_const() else { return };
        if let Err(error) = regex::Regex::new(pattern.as_str().unwrap_or_default()) {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().to_owned();
            let help = ["see the syntax of the `regex` crate".to_owned()];
            self.complain("bad-pattern", range(expr.span()), reason, &help);
        }
    }

    fn binary(&mut self, op: &BinOp<'_>, span: Span) -> Type {
        use BinOpKind as B;
        match op.op {
            B::ScAnd | B::ScOr => {
                self.condition(&op.left);
                let names = match op.op {
                    B::ScAnd => guards::when_true(&op.left, self.scope),
                    _ => guards::when_false(&op.left, self.scope),
                };
                self.proving(names, |s| s.condition(&op.right));
                Type::of(Kind::Bool)
            }
            B::Eq | B::Ne | B::Lt | B::Lte | B::Gt | B::Gte | B::In => {
                let how = match op.op {
                    B::Eq => Comparison::Equal,
                    B::Ne => Comparison::Unequal,
                    B::In => Comparison::In,
                    _ => Comparison::Order,
                };
                self.compare(&op.left, how, &op.right, span);
                Type::of(Kind::Bool)
            }
            B::Concat => {
                self.expression(&op.left);
                self.expression(&op.right);
                Type::of(Kind::Text)
            }
            B::Add | B::Sub | B::Mul | B::Div | B::FloorDiv | B::Rem | B::Pow => {
                self.arithmetic(op, span)
            }
        }
    }

    fn arithmetic(&mut self, op: &BinOp<'_>, span: Span) -> Type {
        let (left, right) = (self.expression(&op.left), self.expression(&op.right));
        self.must_be_there(&left, &op.left);
        self.must_be_there(&right, &op.right);
        let kind = match (&left.kind, &right.kind, op.op) {
            (Kind::Any, _, _) | (_, Kind::Any, _) => Some(Kind::Any),
            (Kind::Int, Kind::Int, BinOpKind::Div) => Some(Kind::Number),
            (Kind::Int, Kind::Int, _) => Some(Kind::Int),
            (Kind::Int | Kind::Number, Kind::Int | Kind::Number, _) => Some(Kind::Number),
            (Kind::Duration, Kind::Duration, BinOpKind::Div)
            | (Kind::Bytes, Kind::Bytes, BinOpKind::Div) => Some(Kind::Number),
            (Kind::Duration, Kind::Duration, BinOpKind::Add | BinOpKind::Sub)
            | (Kind::Duration, Kind::Int | Kind::Number, BinOpKind::Mul | BinOpKind::Div) => {
                Some(Kind::Duration)
            }
            (Kind::Bytes, Kind::Bytes, BinOpKind::Add | BinOpKind::Sub)
            | (Kind::Bytes, Kind::Int | Kind::Number, BinOpKind::Mul | BinOpKind::Div) => {
                Some(Kind::Bytes)
            }
            (Kind::Text, Kind::Text, BinOpKind::Add) => Some(Kind::Text),
            _ => None,
        };
        Type::of(kind.unwrap_or_else(|| {
            self.two_types(&left, &right, span);
            Kind::Any
        }))
    }
}

/// The operands of `a in b`: behind a `not`, which is how the parser reads `not in`.
fn contained<'a, 'e>(expression: &'a Expr<'e>) -> Option<(&'a Expr<'e>, &'a Expr<'e>)> {
    match expression {
        Expr::BinOp(op) if matches!(op.op, BinOpKind::In) => Some((&op.left, &op.right)),
        Expr::Compare(compare) => match &*compare.ops {
            [one] if matches!(one.op, CompareOpKind::In) => Some((&compare.expr, &one.expr)),
            _ => None,
        },
        _ => None,
    }
}

/// `a.b['c']` as its first word and the words behind it.
fn path<'a>(expression: &Expr<'a>) -> Option<(&'a str, Vec<&'a str>)> {
    match expression {
        Expr::Var(var) => Some((var.id, Vec::new())),
        Expr::GetAttr(attribute) => {
            let (root, mut words) = path(&attribute.expr)?;
            words.push(attribute.name);
            Some((root, words))
        }
        Expr::GetItem(item) => {
            let (root, mut words) = path(&item.expr)?;
            item.subscript_expr.as_const()?;
            // Which element does not matter to its type.
            words.push("[]");
            Some((root, words))
        }
        _ => None,
    }
}

fn constant_type(value: &minijinja::Value) -> Type {
    Type::of(match value.kind() {
        ValueKind::None | ValueKind::Undefined => Kind::None,
        ValueKind::Bool => Kind::Bool,
        ValueKind::Number if value.is_integer() => Kind::Int,
        ValueKind::Number => Kind::Number,
        ValueKind::String => Kind::Text,
        ValueKind::Seq | ValueKind::Iterable => {
            let mut elements = value.try_iter().into_iter().flatten().map(|v| constant_type(&v));
            let first = elements.next().unwrap_or_else(Type::any);
            let same = elements.all(|element| element.kind == first.kind);
            Kind::List(Box::new(if same { first } else { Type::any() }))
        }
        _ => Kind::Any,
    })
}

pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}
