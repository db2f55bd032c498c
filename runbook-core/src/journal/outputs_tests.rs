//! Outputs are kept, cut and counted, and never in the way.

#![expect(clippy::disallowed_methods, reason = "they look at the files")]

use std::fs;

use super::*;
use crate::run::Part;
use crate::run::samples::attempt;

#[test]
fn an_output_is_kept_byte_for_byte_with_its_digest() {
    let home = tempfile::tempdir().unwrap();
    let outputs = Outputs::in_directory(home.path().join("output"));
    let id = attempt(Part::Undo, 2);
    let mut out = outputs.begin(&id, "out");
    out.write(b"a\xff");
    out.write(b"\0b");
    let came = out.finish();
    assert_eq!(came, OutputDigest { bytes: 4, sha256: Digest::of(b"a\xff\0b") });
    assert_eq!(outputs.kept(&id, "out", &came), Kept::Whole);
    assert_eq!(outputs.kept(&id, "err", &came), Kept::Nothing);
    let silent = outputs.begin(&id, "err").finish();
    assert!(!outputs.path(&id, "err").exists());
    assert_eq!(outputs.kept(&id, "err", &silent), Kept::Whole);
    let path = outputs.path(&id, "out");
    assert_eq!(fs::read(&path).unwrap(), b"a\xff\0b");
    assert_eq!(path.file_name().unwrap(), "swap.undo.ssh%3A%2F%2Fdeploy%40db1%3A22.2.out");
}

#[test]
fn of_a_long_one_the_middle_is_left_out_and_counted() {
    let home = tempfile::tempdir().unwrap();
    let outputs = Outputs::in_directory(home.path());
    let id = attempt(Part::Main, 1);
    let mut out = outputs.begin(&id, "out");
    out.cap = 10;
    let mut whole = b"0123456789".to_vec();
    whole.extend(std::iter::repeat_n(b'x', 3));
    whole.extend(std::iter::repeat_n(b'y', TAIL));
    whole.chunks(7).for_each(|chunk| out.write(chunk));
    let digest = out.finish();
    assert_eq!(digest, OutputDigest { bytes: whole.len() as u64, sha256: Digest::of(&whole) });
    let kept = fs::read(outputs.path(&id, "out")).unwrap();
    assert_eq!(outputs.kept(&id, "out", &digest), Kept::Part { bytes: kept.len() as u64 });
    let expected = format!("0123456789\n[runbook: 3 bytes are not kept]\n{}", "y".repeat(TAIL));
    assert_eq!(kept, expected.into_bytes());
}

#[test]
fn what_a_host_did_not_keep_is_counted_and_said_where_it_would_be() {
    let home = tempfile::tempdir().unwrap();
    let outputs = Outputs::in_directory(home.path());
    let id = attempt(Part::Main, 1);
    let mut out = outputs.begin(&id, "out");
    out.write(b"head");
    out.miss(100);
    out.write(b"tail");
    assert_eq!(out.finish(), OutputDigest { bytes: 108, sha256: Digest::of("headtail") });
    let kept = fs::read_to_string(outputs.path(&id, "out")).unwrap();
    assert_eq!(kept, "head\n[runbook: 100 bytes were not kept on the host]\ntail");
}

#[test]
fn one_that_cannot_be_kept_is_counted_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let blocked = home.path().join("output");
    fs::write(&blocked, "a file where the directory should be").unwrap();
    let mut out = Outputs::in_directory(&blocked).begin(&attempt(Part::Main, 1), "err");
    out.write(b"lost");
    assert!(out.lost().is_some());
    assert_eq!(out.finish(), OutputDigest { bytes: 4, sha256: Digest::of("lost") });
}

#[test]
fn a_long_name_stays_a_name_of_a_file() {
    let outputs = Outputs::in_directory("/x");
    let mut one = attempt(Part::Main, 1);
    one.host = format!("a{}", "/".repeat(200)).parse().unwrap();
    let mut other = one.clone();
    other.host = format!("a{}", "/".repeat(201)).parse().unwrap();
    let name = |id: &AttemptId| outputs.path(id, "out").file_name().unwrap().len();
    assert!(name(&one) < 255 && name(&other) < 255);
    assert_ne!(outputs.path(&one, "out"), outputs.path(&other, "out"));
}
