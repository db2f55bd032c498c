//! Reads a journal: every record, or where it is damaged. Pure: it is given the bytes.

use std::fmt;

use super::codec::{self, VERSION, origin};
use crate::run::Record;

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// The records, in order.
    pub records: Vec<Record>,
    /// The last line, when it is bad or unended: it never was a record, since nothing waited for it.
    pub torn: Option<Torn>,
    /// How many bytes the records take: where the next one goes.
    pub length: u64,
}

/// A last line that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Its number, from 1.
    pub line: usize,
    /// Its length in bytes.
    pub bytes: usize,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, bytes } = self;
        write!(f, "the last line ({line}, {bytes} bytes) was torn by a crash and is ignored")
    }
}

/// Why a journal cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {what}")]
pub struct Unreadable {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: Damage,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It does not end as a record does.
    #[error("is damaged: it does not have the form of a record")]
    Form,
    /// Its bytes are not those that were written.
    #[error("is damaged: its sum does not fit its bytes")]
    Sum,
    /// A line before it is missing or was changed.
    #[error("is damaged: it does not follow the line before it")]
    Chain,
    /// It is whole, and this program does not know what it says.
    #[error("is whole, but says what this version does not know: {0}")]
    Unknown(String),
    /// It was written by a newer program.
    #[error(
        "is of version {0} of the journal and this program reads up to {VERSION}; use a newer `runbook`"
    )]
    Newer(u32),
}

impl Damage {
    /// Whether a crash in the middle of a write leaves such a line. It leaves the beginning of one,
    /// never a whole one with something behind it: that is a newline that was changed.
    fn may_be_torn(&self, line: &[u8]) -> bool {
        matches!(self, Self::Form | Self::Sum) && !codec::begins_with_record(line)
    }
}

/// Reads all of a journal.
///
/// # Errors
/// The first line that is damaged. A bad or unended last line is not damage but torn.
pub fn read(bytes: &[u8]) -> Result<Recorded, Unreadable> {
    let mut recorded = Recorded::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = recorded.records.len() + 1;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let text = &rest[..end.unwrap_or(rest.len())];
        let after = end.map_or(&[][..], |end| &rest[end + 1..]);
        let decoded = match end {
            Some(_) => codec::decode(text).and_then(|record| follows(&recorded.records, record)),
            None => Err(Damage::Form),
        };
        match decoded {
            Ok(record) => recorded.records.push(record),
            Err(what) if after.is_empty() && what.may_be_torn(text) => {
                recorded.torn = Some(Torn { line, bytes: rest.len() });
                return Ok(recorded);
            }
            Err(what) => return Err(Unreadable { line, what }),
        }
        recorded.length += text.len() as u64 + 1;
        rest = after;
    }
    Ok(recorded)
}

fn follows(before: &[Record], record: Record) -> Result<Record, Damage> {
    let prev = before.last().map_or_else(origin, |last| last.sum);
    let fits = record.prev == prev && record.seq == before.len() as u64;
    if fits { Ok(record) } else { Err(Damage::Chain) }
}
