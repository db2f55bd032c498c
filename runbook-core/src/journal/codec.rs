//! A record and its line of JSON. Knows nothing of files.
//!
//! A line is `{"v":…,"seq":…,"at":…,"elapsed_ms":…,"fact":{…},"prev":"…","sum":"…"}`. `sum` is the
//! SHA-256 of the same bytes without it (`,"sum":"…"` taken out), `prev` the `sum` of the line
//! before. The sum is checked on the bytes as they stand, before anything is parsed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock::Moment;
use super::read::Damage;
use crate::base::Digest;
use crate::run::{Event, Record};

/// The version of the form of a line, on every line. It grows when an older reader would
/// misunderstand a record.
pub const VERSION: u32 = 1;

const SUM: &[u8] = b",\"sum\":\"";
const HEX: usize = 64;
const END: &[u8] = b"\"}";

#[derive(Serialize)]
struct Unsummed<'a> {
    v: u32,
    seq: u64,
    at: Timestamp,
    elapsed_ms: u64,
    fact: &'a Event,
    prev: Digest,
}

#[derive(Deserialize)]
struct Line {
    seq: u64,
    at: Timestamp,
    elapsed_ms: u64,
    fact: Event,
    prev: Digest,
    sum: Digest,
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

/// What stands before the first record: 64 zeros.
#[must_use]
pub fn origin() -> Digest {
    "0".repeat(HEX).parse().expect("64 zeros are 64 hex digits")
}

/// The record of this fact behind `last`, and its line, newline included.
///
/// # Errors
/// When the fact holds something that JSON cannot say.
pub fn encode(
    last: Option<&Record>,
    moment: Moment,
    fact: Event,
) -> Result<(Record, String), serde_json::Error> {
    let (seq, prev) = last.map_or((0, origin()), |last| (last.seq + 1, last.sum));
    let Moment { at, elapsed_ms } = moment;
    let unsummed = Unsummed { v: VERSION, seq, at, elapsed_ms, fact: &fact, prev };
    let mut line = serde_json::to_string(&unsummed)?;
    let sum = Digest::of(&line);
    line.pop();
    line.push_str(&format!(",\"sum\":\"{sum}\"}}\n"));
    Ok((Record { seq, at, elapsed_ms, fact, prev, sum }, line))
}

/// Reads a line, without its newline.
///
/// # Errors
/// What is wrong with it.
pub fn decode(line: &[u8]) -> Result<Record, Damage> {
    let (body, sum) = split(line).ok_or(Damage::Form)?;
    let mut unsummed = body.to_vec();
    unsummed.push(b'}');
    if Digest::of(&unsummed) != sum {
        return Err(Damage::Sum);
    }
    // The version first: the rest of a newer line may have any form.
    let unknown = |error: serde_json::Error| Damage::Unknown(error.to_string());
    let Versioned { v } = serde_json::from_slice(line).map_err(unknown)?;
    if v > VERSION {
        return Err(Damage::Newer(v));
    }
    let Line { seq, at, elapsed_ms, fact, prev, sum } =
        serde_json::from_slice(line).map_err(unknown)?;
    Ok(Record { seq, at, elapsed_ms, fact, prev, sum })
}

/// Whether these bytes are a whole record and more behind it.
pub(super) fn begins_with_record(bytes: &[u8]) -> bool {
    let ends = bytes.windows(SUM.len()).enumerate().filter(|(_, window)| *window == SUM);
    ends.map(|(place, _)| place + SUM.len() + HEX + END.len())
        .filter(|end| *end < bytes.len())
        .any(|end| !matches!(decode(&bytes[..end]), Err(Damage::Form | Damage::Sum)))
}

/// What comes before `,"sum":"…"}`, and the sum.
fn split(line: &[u8]) -> Option<(&[u8], Digest)> {
    let rest = line.strip_suffix(END)?;
    let (rest, hex) = rest.split_at_checked(rest.len().checked_sub(HEX)?)?;
    let body = rest.strip_suffix(SUM)?;
    Some((body, std::str::from_utf8(hex).ok()?.parse().ok()?))
}
