//! JSON pointers (RFC 6901) in which `*` means every element. Knows nothing of what is wanted there.

use serde_json::Value;

/// What a pointer finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found<'a> {
    /// One place a combination of elements: what is there, or that nothing is.
    Places(Vec<Option<&'a Value>>),
    /// A `*` stood for no element at all.
    NoElements,
    /// The text is no pointer.
    NotAPointer,
}

/// Looks `pointer` up in `json`.
pub(super) fn find<'a>(json: &'a Value, pointer: &str) -> Found<'a> {
    let tokens = match pointer.strip_prefix('/') {
        Some(rest) => rest.split('/').collect(),
        None if pointer.is_empty() => Vec::new(),
        None => return Found::NotAPointer,
    };
    let mut places = vec![Some(json)];
    for token in tokens {
        places = match token {
            "*" => match elements(&places) {
                Some(all) => all,
                None => return Found::NoElements,
            },
            _ => places.into_iter().map(|place| child(place?, token)).collect(),
        };
    }
    Found::Places(places)
}

/// Every element of every place; none when one of them has no element, since "every" needs one.
fn elements<'a>(places: &[Option<&'a Value>]) -> Option<Vec<Option<&'a Value>>> {
    let mut all = Vec::new();
    for place in places {
        let before = all.len();
        match place {
            Some(Value::Array(array)) => all.extend(array.iter().map(Some)),
            Some(Value::Object(object)) => all.extend(object.values().map(Some)),
            _ => all.push(None),
        }
        if all.len() == before {
            return None;
        }
    }
    Some(all)
}

fn child<'a>(json: &'a Value, token: &str) -> Option<&'a Value> {
    match json {
        Value::Object(object) => object.get(&token.replace("~1", "/").replace("~0", "~")),
        Value::Array(array) => array.get(index(token)?),
        _ => None,
    }
}

/// An index has no sign and no leading zero.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with('0');
    (plain && token.bytes().all(|b| b.is_ascii_digit())).then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_finds_what_rfc_6901_says() {
        let json = json!({"a": [{"b": 1}, {"b": 2}], "x/y": 3, "m~n": 4, "": 5});
        let one = |pointer: &str| match find(&json, pointer) {
            Found::Places(places) => places[0].cloned(),
            other => panic!("{pointer}: {other:?}"),
        };
        assert_eq!(one("/a/1/b"), Some(json!(2)));
        assert_eq!(one("/x~1y"), Some(json!(3)));
        assert_eq!(one("/m~0n"), Some(json!(4)));
        assert_eq!(one("/"), Some(json!(5)));
        assert_eq!(one(""), Some(json.clone()));
        for nothing in ["/a/01/b", "/a/-", "/a/+1", "/a/9", "/a/0/b/c", "/z"] {
            assert_eq!(one(nothing), None, "{nothing}");
        }
        assert_eq!(find(&json, "a"), Found::NotAPointer);
    }

    #[test]
    fn a_star_is_every_element_and_at_least_one() {
        let json = json!({"a": [{"b": 1}, {}], "none": [], "o": {"p": 1, "q": 2}});
        assert_eq!(find(&json, "/a/*/b"), Found::Places(vec![Some(&json!(1)), None]));
        assert_eq!(find(&json, "/o/*"), Found::Places(vec![Some(&json!(1)), Some(&json!(2))]));
        assert_eq!(find(&json, "/none/*"), Found::NoElements);
        assert_eq!(find(&json, "/missing/*"), Found::Places(vec![None]));
    }

    proptest! {
        #[test]
        fn any_pointer_is_looked_up(pointer in "(/[a-c0-2*~]{0,2}){0,4}|\\PC{0,8}") {
            find(&json!({"a": [[{"b": {"c": 1}}]], "": {}}), &pointer);
        }
    }
}
