//! A line of the table: what was seen, what was allowed, and whether it is met. Must not know what
//! was measured.

use std::fmt;

/// The head of the table.
pub(crate) const HEAD: &str = "\
| what | seen | budget | seen / budget | |
| --- | ---: | ---: | ---: | --- |";

/// A figure beside its budget, in the same unit.
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// The median that was seen.
    pub(crate) seen: f64,
    /// The most that is allowed: a constant, or what a peer took in the same rounds.
    pub(crate) budget: f64,
    /// Seen over budget. Where both were measured, the median over the rounds of their ratio,
    /// which is not the ratio of the medians: a disturbed round counts once.
    pub(crate) ratio: f64,
    /// The unit of both.
    pub(crate) unit: &'static str,
}

impl Row {
    /// Beside a constant.
    pub(crate) fn fixed(
        what: impl Into<String>,
        seen: f64,
        budget: f64,
        unit: &'static str,
    ) -> Self {
        Self { what: what.into(), seen, budget, ratio: seen / budget, unit }
    }

    /// Beside a peer, each element a round of ours and of the peer's.
    pub(crate) fn beside(
        what: impl Into<String>,
        rounds: &[(f64, f64)],
        unit: &'static str,
    ) -> Self {
        let of = |pick: fn(&(f64, f64)) -> f64| median(rounds.iter().map(pick).collect());
        Self {
            what: what.into(),
            seen: of(|round| round.0),
            budget: of(|round| round.1),
            ratio: of(|round| round.0 / round.1),
            unit,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, seen, budget, ratio, unit } = self;
        let met = if *ratio <= 1.0 { "met" } else { "MISSED" };
        write!(f, "| {what} | {seen:.2} {unit} | {budget:.2} {unit} | {ratio:.2} | {met} |")
    }
}

/// The middle one.
///
/// # Panics
/// When there is none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
