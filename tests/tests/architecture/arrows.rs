//! Which module of the engine names which other. Must not know which arrows are wrong.

use std::collections::BTreeSet;

use crate::paths::named;
use crate::sources::Source;

/// `from` names `to`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    /// The module of the crate that names.
    pub(crate) from: String,
    /// The module of the crate that is named.
    pub(crate) to: String,
    /// Whether only tests do.
    pub(crate) in_tests: bool,
    /// Where.
    pub(crate) place: String,
}

/// The arrows between the modules of a crate, out of its sources below `root`.
pub(crate) fn arrows(root: &str, sources: &[Source]) -> BTreeSet<Arrow> {
    sources.iter().flat_map(|source| of_file(root, source)).collect()
}

fn of_file(root: &str, source: &Source) -> Vec<Arrow> {
    let inside = source.path.strip_prefix(root).expect("a source below the root");
    let mut home: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
    if home.last() == Some(&"mod") || home == ["lib"] {
        home.pop();
    }
    let Some(from) = home.first().copied() else { return Vec::new() };
    let test_file = home.last().is_some_and(|name| name.ends_with("tests"));
    let first_test = inline_tests(&source.text);
    // `x_tests.rs` is the module `x::tests`
    let own_depth = home.len() + usize::from(source.path.ends_with("_tests.rs"));
    let arrow = |named: crate::paths::Named| {
        let inline = named.line >= first_test;
        let depth = own_depth + usize::from(inline);
        let to = leaves(&named.parts, depth)?.to_owned();
        (to != from).then(|| Arrow {
            from: from.to_owned(),
            to,
            in_tests: test_file || inline,
            place: format!("{}:{}", source.path, named.line),
        })
    };
    named(&source.text).into_iter().filter_map(arrow).collect()
}

/// The module of the crate that a path leads to, where it leaves its own.
fn leaves(parts: &[String], depth: usize) -> Option<&str> {
    let up = match parts[0].as_str() {
        "crate" => 1,
        "super" => {
            let up = parts.iter().take_while(|part| *part == "super").count();
            (up >= depth).then_some(up)?
        }
        _ => return None,
    };
    parts.get(up).map(String::as_str)
}

/// The line on which the tests of a file begin.
fn inline_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].ends_with("mod tests {");
    lines.windows(2).position(begins).map_or(usize::MAX, |at| at + 1)
}
