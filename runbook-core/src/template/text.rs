//! A template: text with `{{ names }}` in it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::engine::{ENGINE, syntax_error};
use super::names::{Known, Names, Reference, variables};
use super::{EvaluationError, Expression, SyntaxError};
use crate::base::Value;

/// A parsed template. One that is exactly one `{{ expression }}` keeps the type of its value.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    shape: Shape,
    references: Arc<[Reference]>,
}

#[derive(Clone)]
enum Shape {
    /// No braces.
    Literal,
    /// Exactly one `{{ name }}` or `{{ expression }}`.
    Whole(Expression),
    /// Anything else.
    Mixed,
}

impl Template {
    /// Parses `text`.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
            return Ok(Self::literal(text));
        }
        let parsed =
            ENGINE.template_from_named_str("<template>", text).map_err(|e| syntax_error(&e))?;
        let references: BTreeSet<Reference> =
            parsed.undeclared_variables(true).iter().map(|path| Reference::of(path)).collect();
        let shape = match only_expression(text).map(Expression::parse) {
            Some(Ok(expression)) => Shape::Whole(expression),
            _ => Shape::Mixed,
        };
        Ok(Self { source: text.into(), shape, references: references.into_iter().collect() })
    }

    /// A template that is its own text, whatever braces are in it.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { source: text.into(), shape: Shape::Literal, references: Arc::default() }
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it uses.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The name, where it is exactly one `{{ name }}`.
    #[must_use]
    pub fn only_name(&self) -> Option<&Reference> {
        match (&self.shape, &*self.references) {
            (Shape::Whole(expression), [name])
                if expression.source().trim() == name.to_string() =>
            {
                Some(name)
            }
            _ => None,
        }
    }

    /// Its value, which keeps its type where the template is exactly one expression; `None` is
    /// `none`.
    ///
    /// # Errors
    /// When a name is not known yet or has no value.
    pub fn value(&self, names: &dyn Names) -> Result<Option<Value>, EvaluationError> {
        if let Some(Known::Value(value)) = self.only_name().map(|name| names.known(name))
            && self.only_name().is_some_and(|name| name.rest.is_empty())
        {
            return Ok(Some(value));
        }
        match &self.shape {
            Shape::Whole(expression) => expression.value(names),
            _ => self.text(names).map(|text| Some(Value::Text(text))),
        }
    }

    /// Its text.
    ///
    /// # Errors
    /// When a name is not known yet or has no value.
    pub fn text(&self, names: &dyn Names) -> Result<String, EvaluationError> {
        match &self.shape {
            Shape::Literal => Ok(self.source.to_string()),
            Shape::Whole(_) => {
                Ok(self.value(names)?.map_or_else(|| "none".to_owned(), |value| value.text()))
            }
            Shape::Mixed => self.render(variables(&self.references, names)?),
        }
    }

    /// Its text for a person: what is not known reads `not known`.
    #[must_use]
    pub fn for_person(&self, names: &dyn Names) -> String {
        let forgiving = Forgiving(names);
        match self.text(&forgiving) {
            Ok(text) => text,
            Err(_) => self.source.to_string(),
        }
    }

    fn render(
        &self,
        variables: std::collections::BTreeMap<String, minijinja::Value>,
    ) -> Result<String, EvaluationError> {
        ENGINE.render_str(&self.source, variables).map_err(|error| EvaluationError::Failed {
            text: self.source.to_string(),
            why: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        })
    }
}

/// The inside of a text that is exactly one `{{ … }}`.
fn only_expression(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inside.contains("{{") && !inside.contains("}}")).then_some(inside.trim_matches('-').trim())
}

/// Says `not known` for every name that has no value.
struct Forgiving<'a>(&'a dyn Names);

impl Names for Forgiving<'_> {
    fn known(&self, reference: &Reference) -> Known {
        match self.0.known(reference) {
            Known::Undelivered | Known::NotYet(_) => {
                let unknown = Known::Value(Value::Text("not known".to_owned()));
                reference.rest.iter().rev().fold(unknown, |known, word| {
                    Known::Map(std::collections::BTreeMap::from([(word.clone(), known)]))
                })
            }
            known => known,
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.source)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::ValueType;

    fn names() -> BTreeMap<String, Known> {
        let value = |kind: ValueType, text: &str| Known::Value(kind.parse(text).unwrap());
        BTreeMap::from([
            ("window".to_owned(), value(ValueType::Duration, "5m")),
            ("tag".to_owned(), value(ValueType::Version, "v1")),
            ("ok".to_owned(), value(ValueType::Bool, "true")),
            ("nothing".to_owned(), Known::None),
        ])
    }

    fn text(template: &str) -> Result<String, EvaluationError> {
        Template::parse(template).unwrap().text(&names())
    }

    #[test]
    fn rule_2_exactly_one_name_keeps_its_type() {
        let window = Template::parse("{{ window }}").unwrap();
        let value = window.value(&names()).unwrap();
        assert_eq!(value, Some(ValueType::Duration.parse("5m").unwrap()));
        assert_eq!(text("{{ window }}s").unwrap(), "300s");
    }

    #[test]
    fn rule_1_the_text_form_is_ours_not_the_template_engines() {
        assert_eq!(text("{{ ok }} {{ nothing }}\n").unwrap(), "true none\n");
        assert_eq!(text("{{ [1.0, 2.5] }} x").unwrap(), "1\n2.5 x");
    }

    #[test]
    fn a_value_is_never_a_template() {
        let hostile = BTreeMap::from([(
            "x".to_owned(),
            Known::Value(Value::Text("{{ 7 * 7 }} <b>".to_owned())),
        )]);
        let both = Template::parse("{{ x }}!").unwrap();
        assert_eq!(both.text(&hostile).unwrap(), "{{ 7 * 7 }} <b>!");
    }

    #[test]
    fn rule_9_people_read_not_known() {
        let template = Template::parse("{{ rows }} rows, {{ steps.up.done }}").unwrap();
        assert!(template.text(&names()).is_err());
        assert_eq!(template.for_person(&names()), "not known rows, not known");
    }
}
