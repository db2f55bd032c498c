//! Every fact survives its line; every damage is found.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::clock::{Clock, CountingClock};
use super::read::{Damage, Unreadable, read};
use super::{Durability, Journal, MemoryJournal, codec};
use crate::base::Value;
use crate::run::samples::{VARIANTS, every_event, variant};
use crate::run::{Event, Record};

fn written(facts: Vec<Event>) -> (Vec<Record>, Vec<u8>) {
    let clock = CountingClock::default();
    let (mut records, mut bytes) = (Vec::new(), Vec::new());
    for fact in facts {
        let (record, line) = codec::encode(records.last(), clock.now(), fact).unwrap();
        records.push(record);
        bytes.extend(line.into_bytes());
    }
    (records, bytes)
}

fn small() -> (Vec<Record>, Vec<u8>) {
    written(every_event().into_iter().filter(|event| variant(event) > 24).take(6).collect())
}

#[test]
fn every_variant_round_trips() {
    let seen: BTreeSet<usize> = every_event().iter().map(variant).collect();
    assert_eq!(seen.len(), VARIANTS);
    let (records, bytes) = written(every_event());
    let recorded = read(&bytes).unwrap();
    assert_eq!(recorded.records, records);
    assert_eq!((recorded.torn, recorded.length), (None, bytes.len() as u64));
}

#[test]
fn a_line_is_what_the_documentation_says() {
    let (_, bytes) = written(vec![Event::Agreed, Event::StopAsked { how: "SIGINT".into() }]);
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap(), @r#"
    {"v":1,"seq":0,"at":"1970-01-01T00:00:00.001Z","elapsed_ms":1,"fact":{"event":"agreed"},"prev":"0000000000000000000000000000000000000000000000000000000000000000","sum":"de370c6eb0fa1a4f3972bbb62e1f60c7db39b0a6d0c5649482918dfa38d2d5bc"}
    {"v":1,"seq":1,"at":"1970-01-01T00:00:00.002Z","elapsed_ms":2,"fact":{"event":"stop_asked","how":"SIGINT"},"prev":"de370c6eb0fa1a4f3972bbb62e1f60c7db39b0a6d0c5649482918dfa38d2d5bc","sum":"edde363a76ec8f00567a5f10cfab3b0f323a80e005e78666827a28d0763ba3ef"}
    "#);
}

#[test]
fn truncated_at_any_byte_it_is_a_prefix() {
    let (records, bytes) = small();
    for length in 0..=bytes.len() {
        let recorded = read(&bytes[..length]).unwrap();
        let whole = bytes[..length].split(|byte| *byte == b'\n').skip(1).count();
        assert_eq!(recorded.records, records[..whole], "at {length}");
        let ended = length == 0 || bytes[length - 1] == b'\n';
        assert_eq!(recorded.torn.is_none(), ended, "at {length}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let (records, bytes) = small();
    let last_line = records.len();
    for place in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        match read(&flipped) {
            Err(Unreadable { line, .. }) => assert!(line <= last_line),
            Ok(recorded) => {
                let torn = recorded.torn.expect("a flip is told as damage or as a torn end");
                assert_eq!(torn.line, last_line, "bit {place}");
                assert_eq!(recorded.records, records[..torn.line - 1], "bit {place}");
            }
        }
    }
}

#[test]
fn a_line_that_is_gone_doubled_or_moved_is_damage() {
    let (_, bytes) = small();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let chain = |order: &[usize]| {
        let moved: Vec<u8> = order.iter().flat_map(|index| lines[*index].to_vec()).collect();
        read(&moved).unwrap_err()
    };
    assert_eq!(chain(&[0, 2, 3]), Unreadable { line: 2, what: Damage::Chain });
    assert_eq!(chain(&[0, 1, 1]), Unreadable { line: 3, what: Damage::Chain });
    assert_eq!(chain(&[1, 0]), Unreadable { line: 1, what: Damage::Chain });
}

/// A line whose sum is right, whatever else it says.
fn summed(body: &str) -> Vec<u8> {
    let sum = crate::base::Digest::of(format!("{body}}}"));
    format!("{body},\"sum\":\"{sum}\"}}\n").into_bytes()
}

#[test]
fn a_newer_journal_is_refused_and_an_unknown_fact_is_not_taken_for_a_torn_one() {
    let newer = read(&summed(r#"{"v":2,"all":"different""#)).unwrap_err();
    insta::assert_snapshot!(newer, @"line 1 is of version 2 of the journal and this program reads up to 1; use a newer `runbook`");
    let (_, bytes) = written(vec![Event::Agreed]);
    let text = String::from_utf8(bytes).unwrap();
    let body = text.split(",\"sum\"").next().unwrap().replace("agreed", "sung");
    assert!(matches!(read(&summed(&body)).unwrap_err().what, Damage::Unknown(_)));
}

#[test]
fn the_journal_in_memory_keeps_the_same_chain() {
    let mut journal = MemoryJournal::new(CountingClock::default());
    let (records, _) = written(every_event());
    let appended = journal.append(every_event(), Durability::Written).unwrap();
    assert_eq!(appended, records);
    let last = journal.append_last(Event::Agreed).unwrap();
    assert_eq!(last.prev, records.last().unwrap().sum);
    assert_eq!(journal.records().len(), records.len() + 1);
}

#[test]
fn an_append_is_as_safe_as_its_neediest_fact() {
    let probe = Event::InquiryBegan { about: crate::run::About::GoalAtStart };
    assert_eq!(Durability::of(std::slice::from_ref(&probe)), Durability::Written);
    assert_eq!(Durability::of(&[probe, Event::Agreed]), Durability::Synced);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A replay must see the very number: the nearest but one is another value.
    #[test]
    fn every_number_comes_back_bit_for_bit(number in proptest::num::f64::NORMAL) {
        let fact = Event::Valued {
            step: crate::run::samples::step(),
            host: None,
            name: "n".parse().unwrap(),
            value: Some(Value::Number(number)),
        };
        let (records, bytes) = written(vec![fact]);
        prop_assert_eq!(read(&bytes).unwrap().records, records);
    }
}
