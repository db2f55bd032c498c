//! The floors of the engine: lower never names upper, and the rooms of floor 5 never each other. Must
//! not know what a floor does.

use std::collections::BTreeSet;

use crate::arrows::{Arrow, arrows};
use crate::paths::named;
use crate::sources::{Source, rust};

/// The modules of the engine, lowest floor first.
const FLOORS: [&[&str]; 7] = [
    &["base"],
    &["document"],
    &["template", "runbook"],
    &["plan"],
    &["run"],
    &["journal", "transport", "confirm", "probe", "report"],
    &["drive"],
];

/// `runbook` computes with `template`, which stands beside it and knows nothing of it.
const BESIDE: (&str, &str) = ("runbook", "template");

/// The floor of the rooms.
const ROOMS: usize = 5;

const ENGINE: &str = "runbook-core/src/";

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

/// Whether an arrow goes down, or stays where it may.
fn is_allowed(arrow: &Arrow) -> bool {
    let (Some(from), Some(to)) = (floor(&arrow.from), floor(&arrow.to)) else { return false };
    // what a room is tested with may be another room's double of the world
    let among_rooms = from == ROOMS && to == ROOMS && arrow.in_tests;
    to < from || among_rooms || (arrow.from.as_str(), arrow.to.as_str()) == BESIDE
}

fn wrong(arrows: &BTreeSet<Arrow>) -> Vec<String> {
    let line = |arrow: &Arrow| format!("{}: {} names {}", arrow.place, arrow.from, arrow.to);
    arrows.iter().filter(|arrow| !is_allowed(arrow)).map(line).collect()
}

#[test]
fn no_floor_names_one_above_it_and_no_room_another() {
    let arrows = arrows(ENGINE, &rust(ENGINE));
    assert!(arrows.len() > 100, "only {} arrows were found", arrows.len());
    assert_eq!(wrong(&arrows), Vec::<String>::new());
}

#[test]
fn every_module_of_the_engine_has_a_floor() {
    let modules: BTreeSet<String> = rust(ENGINE)
        .iter()
        .filter_map(|source| source.path.strip_prefix(ENGINE)?.split_once('/'))
        .map(|(module, _)| module.to_owned())
        .collect();
    let floors: BTreeSet<String> =
        FLOORS.iter().flat_map(|m| m.iter().map(ToString::to_string)).collect();
    assert_eq!(modules, floors);
}

#[test]
fn a_planted_arrow_is_found() {
    let planted = |path: &str, text: &str| {
        let source = Source { path: format!("{ENGINE}{path}"), text: text.to_owned() };
        wrong(&arrows(ENGINE, &[source]))
    };
    let upward = planted("plan/bind.rs", "//! x\nuse crate::run::{Event, Record};\n");
    assert!(upward[0].ends_with("plan/bind.rs:2: plan names run"), "{upward:?}");
    let written_out = planted("base/span.rs", "fn f() -> crate::document::Field {}");
    assert_eq!(written_out.len(), 1, "{written_out:?}");
    let by_super = planted("journal/store/place.rs", "use super::super::super::transport::Link;");
    assert_eq!(by_super.len(), 1, "{by_super:?}");
    let by_group = planted("run/mod.rs", "use super::{base::Digest, drive::Engine};");
    assert_eq!(by_group.len(), 1, "{by_group:?}");
    let sideways = planted("report/mod.rs", "use crate::journal::Journal;");
    assert_eq!(sideways.len(), 1, "{sideways:?}");
    let unknown = planted("run/mod.rs", "use crate::helpers::x;");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
}

#[test]
fn what_may_stand_is_not_found() {
    let planted = |path: &str, text: &str| {
        let source = Source { path: format!("{ENGINE}{path}"), text: text.to_owned() };
        wrong(&arrows(ENGINE, &[source]))
    };
    let down = "//! [`crate::drive::Engine`] holds it.\nuse crate::base::Digest;\nuse super::x;\n";
    assert_eq!(planted("plan/bind.rs", down), Vec::<String>::new());
    let tests = "#[cfg(test)]\nmod tests {\n    use super::super::summary;\n    use crate::journal::MemoryJournal;\n}\n";
    assert_eq!(planted("report/fold.rs", tests), Vec::<String>::new());
    let upward = "#[cfg(test)]\nmod tests {\n    use crate::drive::Engine;\n}\n";
    assert_eq!(planted("report/fold.rs", upward).len(), 1);
}

/// Roots and modules through which one reaches the world.
const WORLD: [&str; 12] = [
    "tokio",
    "tokio_util",
    "openssh",
    "hyper",
    "hyper_util",
    "rustix",
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::thread",
    "std::os",
];

#[test]
fn the_floors_below_the_rooms_name_nothing_of_the_world() {
    let mut found = Vec::new();
    for module in FLOORS[..ROOMS].iter().copied().flatten() {
        for source in rust(&format!("{ENGINE}{module}")) {
            let reaches = |path: &str| {
                WORLD.iter().any(|world| path == *world || path.starts_with(&format!("{world}::")))
            };
            let world = named(&source.text).into_iter().filter(|n| reaches(&n.parts.join("::")));
            found.extend(
                world.map(|n| format!("{}:{}: {}", source.path, n.line, n.parts.join("::"))),
            );
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_engine_draws_nothing_and_the_command_sees_only_its_face() {
    let manifest = crate::sources::under("runbook-core")
        .into_iter()
        .find(|source| source.path == "runbook-core/Cargo.toml")
        .expect("the manifest of the engine");
    let manifest: toml::Table = manifest.text.parse().expect("a manifest");
    let depends = manifest["dependencies"].as_table().expect("dependencies");
    let draws = ["annotate-snippets", "anstream", "anstyle", "clap", "console", "indicatif"];
    for name in draws {
        assert!(!depends.contains_key(name), "the engine depends on {name}");
    }
    // what is hidden from the documentation is a private part with a public door
    let hidden = |source: &Source| source.text.contains("#[doc(hidden)]");
    let doors: Vec<String> = rust(ENGINE).into_iter().filter(hidden).map(|s| s.path).collect();
    assert_eq!(doors, Vec::<String>::new());
    let copied = |source: &Source| {
        let code = crate::paths::code(&source.text);
        code.contains("#[path") || code.contains("include!(")
    };
    let copies: Vec<String> =
        rust("runbook-cli/src").into_iter().filter(copied).map(|s| s.path).collect();
    assert_eq!(copies, ["runbook-cli/src/bundled.rs"], "the list that its build script writes");
}
