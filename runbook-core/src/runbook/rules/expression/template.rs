//! The names and types inside a template.

use minijinja::machinery::ast::{Expr, Stmt};

use super::infer::{Inference, range};
use super::{Complaint, Kind, Scope, Type, guards};

/// Who reads what a template says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runbook) enum Reading {
    /// A person: what is not known reads `not known`.
    Person,
    /// A program: every name must have a value.
    Program,
    /// A program, for which `none` means to leave the whole of it away.
    Entry,
}

/// Checks a template; its type where it is exactly one expression, and whatever is wrong with it.
pub(in crate::runbook) fn check_template(
    text: &str,
    scope: &dyn Scope,
    proven: &[String],
    reading: Reading,
) -> (Type, Vec<Complaint>) {
    let parsed =
        minijinja::machinery::parse(text, "<template>", minijinja::syntax::SyntaxConfig::default());
    match parsed {
        Ok(Stmt::Template(template)) => {
            let mut walk = Walk { inference: Inference::new(scope, proven), reading };
            walk.inference.strict = reading == Reading::Program;
            let found = match &*template.children {
                [Stmt::EmitExpr(emit)] => walk.emitted(&emit.expr, true),
                children => {
                    walk.statements(children);
                    Type::of(Kind::Text)
                }
            };
            (found, walk.inference.complaints)
        }
        Ok(_) => (Type::any(), Vec::new()),
        Err(error) => {
            let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let complaint = Complaint {
                code: "bad-template",
                range: error.range().unwrap_or(0..text.len()),
                message: format!("the template does not parse: {message}"),
                help: vec![
                    "braces that are meant for another program stand in `{% raw %}…{% endraw %}`"
                        .to_owned(),
                ],
            };
            (Type::any(), vec![complaint])
        }
    }
}

struct Walk<'a> {
    inference: Inference<'a>,
    reading: Reading,
}

impl Walk<'_> {
    fn emitted(&mut self, expression: &Expr<'_>, whole: bool) -> Type {
        let found = self.inference.expression(expression);
        let may_be_missing = match self.reading {
            Reading::Person => false,
            Reading::Entry => found.maybe_none && !whole,
            Reading::Program => found.maybe_none,
        };
        if may_be_missing {
            let name = found.name.clone().unwrap_or_default();
            self.inference.complain(
                "may-be-none",
                range(expression.span()),
                format!("`{name}` may be `none`, which cannot stand here"),
                &[format!("say what it is then: `{{{{ {name} | default('…') }}}}`")],
            );
        }
        found
    }

    fn statements(&mut self, statements: &[Stmt<'_>]) {
        let locals = self.inference.locals.len();
        for statement in statements {
            self.statement(statement);
        }
        self.inference.locals.truncate(locals);
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::EmitExpr(emit) => {
                self.emitted(&emit.expr, false);
            }
            Stmt::IfCond(branch) => {
                self.inference.condition(&branch.expr);
                let then = guards::when_true(&branch.expr, self.inference.scope());
                let otherwise = guards::when_false(&branch.expr, self.inference.scope());
                self.proving(then, &branch.true_body);
                self.proving(otherwise, &branch.false_body);
            }
            Stmt::ForLoop(each) => {
                let several = self.inference.expression(&each.iter);
                let before = self.inference.locals.len();
                self.define(&each.target, &several);
                self.inference.locals.push(("loop".to_owned(), Type::any()));
                if let Some(filter) = &each.filter_expr {
                    self.inference.condition(filter);
                }
                self.statements(&each.body);
                self.inference.locals.truncate(before);
                self.statements(&each.else_body);
            }
            Stmt::Set(set) => {
                let found = self.inference.expression(&set.expr);
                if let Expr::Var(var) = &set.target {
                    self.inference.locals.push((var.id.to_owned(), found));
                }
            }
            Stmt::WithBlock(block) => {
                let before = self.inference.locals.len();
                for (target, expr) in &block.assignments {
                    let found = self.inference.expression(expr);
                    if let Expr::Var(var) = target {
                        self.inference.locals.push((var.id.to_owned(), found));
                    }
                }
                self.statements(&block.body);
                self.inference.locals.truncate(before);
            }
            Stmt::FilterBlock(block) => self.statements(&block.body),
            Stmt::AutoEscape(block) => self.statements(&block.body),
            Stmt::SetBlock(block) => {
                self.statements(&block.body);
                if let Expr::Var(var) = &block.target {
                    self.inference.locals.push((var.id.to_owned(), Type::of(Kind::Text)));
                }
            }
            _ => {}
        }
    }

    fn proving(&mut self, names: Vec<String>, body: &[Stmt<'_>]) {
        let before = self.inference.proven.len();
        self.inference.proven.extend(names);
        self.statements(body);
        self.inference.proven.truncate(before);
    }

    fn define(&mut self, target: &Expr<'_>, several: &Type) {
        let element = match &several.kind {
            Kind::List(element) => (**element).clone(),
            _ => Type::any(),
        };
        match target {
            Expr::Var(var) => self.inference.locals.push((var.id.to_owned(), element)),
            Expr::Tuple(tuple) => {
                tuple.items.iter().for_each(|item| self.define(item, &Type::any()));
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.define(item, &Type::any())),
            _ => {}
        }
    }
}
