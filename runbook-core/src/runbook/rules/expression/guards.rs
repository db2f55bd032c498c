//! What a condition proves of names: where `x is defined` is true, `x` is there.

use minijinja::machinery::ast::{BinOpKind, CompareOpKind, Expr, UnaryOpKind};

use super::Scope;

/// The names that are there wherever `expression` is true.
pub(super) fn when_true(expression: &Expr<'_>, scope: &dyn Scope) -> Vec<String> {
    match expression {
        Expr::BinOp(op) => match op.op {
            BinOpKind::ScAnd => both(&op.left, &op.right, scope, when_true),
            BinOpKind::Eq => compared(&op.left, &op.right),
            _ => Vec::new(),
        },
        Expr::Compare(compare) => match &*compare.ops {
            [one] if matches!(one.op, CompareOpKind::Eq) => compared(&compare.expr, &one.expr),
            [one] if matches!(one.op, CompareOpKind::In) => {
                name_of(&compare.expr).into_iter().collect()
            }
            _ => Vec::new(),
        },
        Expr::UnaryOp(op) if matches!(op.op, UnaryOpKind::Not) => when_false(&op.expr, scope),
        Expr::Test(test) if test.name == "defined" => name_of(&test.expr).into_iter().collect(),
        Expr::GetAttr(attribute) if attribute.name == "done" => match &attribute.expr {
            Expr::GetAttr(step) if matches!(&step.expr, Expr::Var(var) if var.id == "steps") => {
                scope.delivered_by(step.name)
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The names that are there wherever `expression` is false.
pub(super) fn when_false(expression: &Expr<'_>, scope: &dyn Scope) -> Vec<String> {
    match expression {
        Expr::BinOp(op) if matches!(op.op, BinOpKind::ScOr) => {
            both(&op.left, &op.right, scope, when_false)
        }
        Expr::UnaryOp(op) if matches!(op.op, UnaryOpKind::Not) => when_true(&op.expr, scope),
        Expr::Test(test) if matches!(test.name, "none" | "undefined") => {
            name_of(&test.expr).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn both(
    left: &Expr<'_>,
    right: &Expr<'_>,
    scope: &dyn Scope,
    proven: fn(&Expr<'_>, &dyn Scope) -> Vec<String>,
) -> Vec<String> {
    let mut names = proven(left, scope);
    names.extend(proven(right, scope));
    names
}

/// What equals a constant other than `none` is not `none`.
fn compared(left: &Expr<'_>, right: &Expr<'_>) -> Vec<String> {
    let constant = |expr: &Expr<'_>| expr.as_const().is_some_and(|value| !value.is_none());
    match (constant(left), constant(right)) {
        (false, true) => name_of(left).into_iter().collect(),
        (true, false) => name_of(right).into_iter().collect(),
        _ => Vec::new(),
    }
}

pub(super) fn name_of(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::Var(var) => Some(var.id.to_owned()),
        _ => None,
    }
}
