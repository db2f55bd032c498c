//! What the types of expressions allow.

use std::rc::Rc;

use super::*;

/// A few names of different types.
struct Known;

impl Scope for Known {
    fn resolve(&self, root: &str, _: &[&str]) -> Resolved {
        let mut found = match root {
            "count" => Type::of(Kind::Int),
            "tag" | "maybe" => Type::of(Kind::Text),
            "window" => Type::of(Kind::Duration),
            "ok" => Type::of(Kind::Bool),
            "many" => Type::list_of(Type::of(Kind::Int)),
            "path" | "sometimes" => {
                let words: Rc<[String]> = ["image".to_owned(), "lead".to_owned()].into();
                Type { words: Some(words), ..Type::of(Kind::Text) }
            }
            "steps" => Type::of(Kind::Bool),
            _ => return Resolved::Wrong("unknown-name", format!("no `{root}`"), Vec::new()),
        };
        found.maybe_none = matches!(root, "maybe" | "sometimes");
        found.name = Some(root.to_owned());
        Resolved::Is(found, 2)
    }

    fn delivered_by(&self, step: &str) -> Vec<String> {
        if step == "ask" { vec!["maybe".to_owned()] } else { Vec::new() }
    }
}

fn codes(text: &str) -> Vec<&'static str> {
    check_expression(text, &Known, &[]).1.into_iter().map(|complaint| complaint.code).collect()
}

#[test]
fn rule_10_operands_are_of_one_type() {
    for fine in [
        "count > 3",
        "count + 1 == 2.5",
        "tag == 'v1' and path == 'lead'",
        "window < '5m' | duration",
        "'a' in tag",
        "count in many and many | sum == 3 and many | unique | length == 1",
        "tag | semver > '1.0.0' | semver",
        "(tag | matches('^v')) or not ok",
        "many | map('abs') | max > 3",
        "tag if ok else 'x'",
    ] {
        assert_eq!(codes(fine), Vec::<&str>::new(), "{fine}");
    }
    for (text, code) in [
        ("count == '3'", "operand-types"),
        ("window > 300", "operand-types"),
        ("count + tag", "operand-types"),
        ("tag < 'v2'", "unordered"),
        ("count in ['a']", "operand-types"),
        ("path == 'images'", "not-a-choice"),
        ("path in ['image', 'led']", "not-a-choice"),
        ("count and ok", "not-a-truth"),
        ("tag | semvre", "unknown-filter"),
        ("tag is definde", "unknown-filter"),
        ("range(3)", "unknown-filter"),
        ("count | upper == 'A'", "operand-types"),
        ("tag | matches('(')", "bad-pattern"),
        ("tga == 'v1'", "unknown-name"),
        ("count ==", "bad-expression"),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
}

#[test]
fn rule_9_unequal_is_refused_where_none_would_make_it_true() {
    for wrong in ["maybe != 'x'", "maybe not in ['x']", "maybe | upper == 'X'"] {
        assert_eq!(codes(wrong), ["may-be-none"], "{wrong}");
    }
    for fine in [
        "maybe == 'x'",
        "maybe is defined and maybe != 'x'",
        "maybe is none or maybe != 'x'",
        "not (maybe is none) and maybe != 'x'",
        "maybe | default('') != 'x'",
        "steps.ask.done and maybe != 'x'",
        "sometimes != 'lead'",
        "sometimes not in ['lead']",
        "maybe != none",
    ] {
        assert_eq!(codes(fine), Vec::<&str>::new(), "{fine}");
    }
    assert!(check_expression("maybe != 'x'", &Known, &["maybe".to_owned()]).1.is_empty());
    assert_eq!(proven("maybe is defined and ok", &Known), ["maybe"]);
}

#[test]
fn templates_know_their_names_too() {
    let codes = |text: &str, reading| {
        let (found, wrong) = check_template(text, &Known, &[], reading);
        (found.kind, wrong.into_iter().map(|complaint| complaint.code).collect::<Vec<_>>())
    };
    assert_eq!(codes("{{ window }}", Reading::Program), (Kind::Duration, vec![]));
    assert_eq!(codes("{{ window }}s", Reading::Program), (Kind::Text, vec![]));
    assert_eq!(codes("{{ maybe }}", Reading::Program).1, ["may-be-none"]);
    assert_eq!(codes("{{ maybe }}", Reading::Entry).1, Vec::<&str>::new());
    assert_eq!(codes("a {{ maybe }}", Reading::Entry).1, ["may-be-none"]);
    assert_eq!(codes("a {{ maybe }}", Reading::Person).1, Vec::<&str>::new());
    let guarded = "{% if maybe is defined %}{{ maybe }}{% endif %}";
    assert_eq!(codes(guarded, Reading::Program).1, Vec::<&str>::new());
    let each = "{% for x in many %}{{ x + 1 }} {{ loop.index }}{% endfor %}{{ x }}";
    assert_eq!(codes(each, Reading::Program).1, ["unknown-name"]);
    assert_eq!(codes("{{.Repository}}", Reading::Program).1, ["bad-template"]);
}
