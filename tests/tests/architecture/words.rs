//! What every file says, and what none does. Must not know what the words are about.

use crate::sources::{Source, rust, under};

/// The folders of Rust.
const CRATES: [&str; 3] = ["runbook-core", "runbook-cli", "tests"];

/// Files that are not the project's own words.
const OTHERS: [&str; 3] = ["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT"];

pub(crate) fn own_words() -> Vec<Source> {
    let mut sources = under(".");
    for source in &mut sources {
        source.path = source.path.trim_start_matches("./").to_owned();
    }
    sources.retain(|source| !OTHERS.contains(&source.path.as_str()));
    sources
}

fn all_rust() -> impl Iterator<Item = Source> {
    CRATES.into_iter().flat_map(rust)
}

/// The lines that `is_wrong`, each with its place.
fn lines(sources: &[Source], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let of = |source: &Source| {
        let wrong = source.text.lines().enumerate().filter(|(_, line)| is_wrong(line));
        let place = |(at, line): (usize, &str)| format!("{}:{}: {line}", source.path, at + 1);
        wrong.map(place).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}

#[test]
fn every_file_of_rust_says_first_what_it_is() {
    let silent: Vec<String> =
        all_rust().filter(|source| !source.text.starts_with("//! ")).map(|s| s.path).collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn nothing_is_left_for_later() {
    // in two pieces, or this file would be found
    let later = [["TO", "DO"], ["FIX", "ME"], ["to", "do!("], ["unimple", "mented!("]];
    let later = later.map(|pieces| pieces.concat());
    let found = lines(&own_words(), |line| later.iter().any(|word| line.contains(word)));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let homes = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"]];
    let homes = homes.map(|pieces| pieces.concat());
    let is_wrong = |line: &str| {
        homes.iter().any(|home| {
            line.match_indices(home.as_str()).any(|(at, _)| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}{$".contains(c))
            })
        })
    };
    // transcripts of hosts and the lab's own machines may have a home
    let mut sources = own_words();
    sources.retain(|source| !EXAMPLES_OF_HOMES.contains(&source.path.as_str()));
    assert_eq!(lines(&sources, is_wrong), Vec::<String>::new());
}

/// Where a home is what a host said in an example.
const EXAMPLES_OF_HOMES: [&str; 1] = ["runbook-core/src/transport/station/base.rs"];

/// Whom the project may name: itself, examples, this machine, and the pages it cites.
const KNOWN: [&str; 9] = [
    "apache.org",
    "example.org",
    "json-schema.org",
    "keepachangelog.com",
    "localhost",
    "no-color.org",
    "rustup.rs",
    "semver.org",
    "127.",
];

#[test]
fn addresses_lead_to_examples_and_to_the_pages_that_are_cited() {
    let mut sources = own_words();
    // tests are full of made-up hosts
    sources.retain(|source| !source.path.contains("tests/") && !source.path.ends_with("tests.rs"));
    let is_wrong = |line: &str| {
        let urls = line.split("http://").skip(1).chain(line.split("https://").skip(1));
        urls.into_iter().any(|rest| !is_known(rest))
    };
    assert_eq!(lines(&sources, is_wrong), Vec::<String>::new());
}

/// Whether what follows `http://` is a name without a domain, or one of those that may be named.
fn is_known(rest: &str) -> bool {
    let end = |c: char| !(c.is_alphanumeric() || ".-@".contains(c));
    let name = rest.split(end).next().unwrap_or_default();
    let name = name.rsplit('@').next().unwrap_or_default().trim_end_matches('.');
    !name.contains('.')
        || KNOWN.iter().any(|known| name.starts_with(known) || name.ends_with(known))
}
