//! One thing that was looked at: how it is, and what to do about it. Knows nothing of how it was
//! looked at.

use serde::Serialize;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is as it should be.
    Fine,
    /// Runs work; it is worth knowing.
    Note,
    /// Some runs do not work until it is put right.
    Fix,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, a word or two.
    pub about: &'static str,
    /// How much it matters.
    pub level: Level,
    /// How it is, a lowercase fragment.
    pub what: String,
    /// What to do; none where there is nothing to do.
    pub way_out: Option<String>,
}

impl Finding {
    pub(super) fn fine(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, level: Level::Fine, what: what.into(), way_out: None }
    }

    pub(super) fn note(
        about: &'static str,
        what: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        let way_out = Some(way_out.into());
        Self { about, level: Level::Note, what: what.into(), way_out }
    }

    pub(super) fn fix(
        about: &'static str,
        what: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self { level: Level::Fix, ..Self::note(about, what, way_out) }
    }
}
