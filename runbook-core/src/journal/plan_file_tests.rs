//! A plan file: what is written is read again, and whatever else is there is refused.

use std::sync::Arc;

use super::*;
use crate::base::RunId;
use crate::document::RunbookDocument;
use crate::plan::Inventory;
use crate::run::{Input, Options};
use crate::runbook::Runbook;

const RUNBOOK: &str = "format = 1\ntitle = \"t\"\n[role.web]\n[param.tag]\ntype = \"version\"\n\
    [[step]]\nid = \"pin\"\nchange = 'echo \"$tag\"'\nno_undo = \"none\"\n";
const HOSTS: &str = "format = 1\n[env.prod]\nroles = { web = [\"app1\", \"app2\"] }\n";

fn snapshot(role: &str, path: &str, text: &str) -> Snapshot {
    Snapshot { role: role.into(), path: path.into(), text: text.into() }
}

fn files() -> Vec<Snapshot> {
    vec![snapshot("runbook", "r.toml", RUNBOOK), snapshot("inventory", "hosts.toml", HOSTS)]
}

fn run(id: &str) -> RunFacts {
    RunFacts { id: id.parse().unwrap(), started: at(0), operator: "ada".into() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_334_000 + second).unwrap()
}

fn wanted() -> Wanted {
    let mut wanted = Wanted { env: Some("prod".into()), ..Wanted::default() };
    wanted.given.command_line.push(("tag".into(), "v1.3.9".into()));
    wanted.given.environment.insert("tag".into(), "v0".into());
    wanted
}

pub(in crate::journal) fn file(nonce: u8) -> PlanFile {
    let parsed = RunbookDocument::parse(crate::base::Source::new("r.toml", RUNBOOK));
    let runbook = Runbook::validate(&parsed, "r").0.unwrap();
    let hosts =
        crate::document::HostsDocument::parse(crate::base::Source::new("hosts.toml", HOSTS));
    let inventory = Inventory::validate(&hosts.document).0.unwrap();
    let wanted = wanted();
    let request = wanted.request(Arc::new(runbook), Some(&inventory), run("preview"));
    let plan = Arc::new(Plan::bind(request).unwrap());
    let options = Options { preview_only: true, ..Options::default() };
    let mut begun = Run::new(plan, options);
    let _ = begun.accept(Input::Begin, at(0));
    let _ = begun.accept(
        Input::Unreachable { host: "app1".parse().unwrap(), why: "no route".into() },
        at(0),
    );
    PlanFile::of(&begun, &wanted, files(), at(1), [nonce; 16]).unwrap()
}

#[test]
fn what_is_written_is_read_again() {
    let written = file(1);
    let bytes = written.encode().unwrap();
    assert!(PlanFile::is_one(&bytes) && bytes.ends_with(b"\"}\n"));
    assert_eq!(PlanFile::decode(&bytes).unwrap(), written);
    assert_eq!(written.premises().len(), 1, "{:?}", written.premises());
    assert_eq!(written.expires(), at(1 + 15 * 60));
    // It is JSON for whoever wants to look.
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["sum"], written.id().to_string());
    assert_eq!(json["plan"]["params"]["tag"], "v1.3.9");
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a suite prints its counts")]
fn edited_at_any_byte_it_is_refused() {
    let bytes = file(1).encode().unwrap();
    let mut refused = 0;
    for place in 0..bytes.len() {
        for change in [1, 0x20, 0x80] {
            let mut edited = bytes.clone();
            edited[place] ^= change;
            assert!(PlanFile::decode(&edited).is_err(), "byte {place} ^ {change}");
            refused += 1;
        }
        let mut without = bytes.clone();
        without.remove(place);
        assert!(PlanFile::decode(&without).is_err(), "without byte {place}");
        assert!(PlanFile::decode(&bytes[..place]).is_err(), "cut at {place}");
        let mut more = bytes.clone();
        more.insert(place, b' ');
        assert!(PlanFile::decode(&more).is_err(), "a space at {place}");
        refused += 3;
    }
    let mut more = bytes.clone();
    more.push(b'\n');
    assert!(PlanFile::decode(&more).is_err());
    println!("{refused} edits of {} bytes were refused", bytes.len());
    assert!(refused > 6000);
}

/// The same text with one part of it changed and a digest that fits.
fn forged(from: &str, to: &str) -> Result<PlanFile, PlanFileError> {
    let text = String::from_utf8(file(1).encode().unwrap()).unwrap();
    let (json, _) = text.split_once(SUM).unwrap();
    assert!(json.contains(from), "{json}");
    let json = json.replacen(from, to, 1);
    let sum = Digest::of(format!("{json}}}"));
    PlanFile::decode(format!("{json}{SUM}{sum}{END}").as_bytes())
}

#[test]
fn what_is_newer_or_lasts_longer_is_refused() {
    assert_eq!(forged("_plan\":1,", "_plan\":2,"), Err(PlanFileError::Newer(2)));
    let expires = file(1).expires().to_string();
    let later = (file(1).expires() + SignedDuration::from_secs(1)).to_string();
    assert!(matches!(forged(&expires, &later), Err(PlanFileError::Damaged(_))));
    assert!(matches!(forged("\"premises\":", "\"premise\":"), Err(PlanFileError::Unknown(_))));
    assert_eq!(PlanFile::decode(b""), Err(PlanFileError::NotAPlan));
    assert_eq!(PlanFile::decode(RUNBOOK.as_bytes()), Err(PlanFileError::NotAPlan));
}

#[test]
fn it_makes_the_plan_again_and_only_that() {
    let plan = file(1).plan(run("abc123")).unwrap();
    assert_eq!(plan.run.id, "abc123".parse::<RunId>().unwrap());
    assert_eq!(plan.hosts.len(), 2);
    let other = forged("\"tag\":\"v1.3.9\"", "\"tag\":\"v1.4.0\"").unwrap();
    assert!(matches!(other.plan(run("abc123")), Err(PlanFileError::OtherPlan(_))));
    let other = forged("\\\"app1\\\", \\\"app2\\\"", "\\\"app1\\\", \\\"app3\\\"").unwrap();
    assert!(matches!(other.plan(run("abc123")), Err(PlanFileError::OtherPlan(_))));
}

#[test]
fn two_plans_of_the_same_world_are_two_with_one_fingerprint() {
    let (one, other) = (file(1), file(2));
    assert_ne!(one.id(), other.id());
    assert_eq!(one.fingerprint().unwrap(), other.fingerprint().unwrap());
    let edited = forged("\"is\":\"not reached\"", "\"is\":\"reached\"").unwrap();
    assert_ne!(edited.fingerprint().unwrap(), one.fingerprint().unwrap());
    let edited =
        forged("format = 1\\ntitle = \\\"t\\\"", "format = 1\\ntitle = \\\"u\\\"").unwrap();
    assert_ne!(edited.fingerprint().unwrap(), one.fingerprint().unwrap());
}

#[test]
fn it_stands_for_fifteen_minutes_by_a_clock_that_does_not_go_back() {
    let foreseen = file(1).foreseen();
    assert_eq!(foreseen.stands_at(at(1)), Ok(()));
    assert_eq!(foreseen.stands_at(at(15 * 60)), Ok(()));
    assert!(foreseen.stands_at(at(1 + 15 * 60)).unwrap_err().contains("expired"));
    assert!(foreseen.stands_at(at(86_400)).unwrap_err().contains("expired"));
    assert!(foreseen.stands_at(at(0)).unwrap_err().contains("a clock is wrong"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_none_but_its_own_are_taken(
        begin in 0_usize..60,
        middle in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        text in "\\PC{0,80}",
        end in 0_usize..80,
    ) {
        let own = file(1).encode().unwrap();
        let mut bytes = [MARK, &own[MARK.len()..MARK.len() + begin]].concat();
        bytes.extend(&middle);
        bytes.extend(text.as_bytes());
        bytes.extend(&own[own.len() - end..]);
        proptest::prop_assert!(PlanFile::decode(&bytes).is_err());
    }
}
