//! How many hosts: `pick`, `exactly`, `at_once`, and whether a step is on one host only.

use super::Validation;
use crate::base::{RoleName, Span, Spanned};
use crate::document::{AtOnce, Field, Step as WrittenStep, WholeOrText};
use crate::runbook::step::{CountRange, Rung};

/// Whether a range allows that no host is left.
pub(in crate::runbook) fn has_zero(exactly: &WholeOrText) -> bool {
    count_range(exactly).is_some_and(|range| range.min == 0)
}

/// `2`, `"1.."`, `"0..3"`, `"..4"`.
fn count_range(exactly: &WholeOrText) -> Option<CountRange> {
    let text = match exactly {
        WholeOrText::Whole(number) => {
            return Some(CountRange { min: *number, max: Some(*number) });
        }
        WholeOrText::Text(text) => text.trim(),
    };
    let Some((min, max)) = text.split_once("..") else {
        let number = text.parse().ok()?;
        return Some(CountRange { min: number, max: Some(number) });
    };
    let min = if min.is_empty() { 0 } else { min.trim().parse().ok()? };
    let max = if max.is_empty() { None } else { Some(max.trim().parse().ok()?) };
    max.is_none_or(|max| min <= max).then_some(CountRange { min, max })
}

fn rung(written: &WholeOrText) -> Option<Rung> {
    match written {
        WholeOrText::Whole(0) => None,
        WholeOrText::Whole(number) => Some(Rung::Count(*number)),
        WholeOrText::Text(text) => match text.trim() {
            "all" | "100%" => Some(Rung::All),
            text => {
                let percent: u32 = text.strip_suffix('%')?.trim().parse().ok()?;
                (1..=100).contains(&percent).then_some(Rung::Percent(percent))
            }
        },
    }
}

impl Validation<'_> {
    /// Whether it is known when the runbook is loaded that a step is on one host of `role`.
    pub(in crate::runbook) fn is_single(&self, step: usize, role: &RoleName) -> bool {
        let written = self.steps[step].0;
        let one = CountRange { min: 1, max: Some(1) };
        written.pick.value() == Some(&1)
            || written.exactly.value().and_then(count_range) == Some(one)
            || self.roles.get(role).is_some_and(|role| role.max == Some(1))
    }

    pub(in crate::runbook) fn exactly(&self, step: usize) -> CountRange {
        let Some(exactly) = self.steps[step].0.exactly.written() else {
            return CountRange { min: 1, max: None };
        };
        count_range(&exactly.value).unwrap_or_else(|| {
            let complaint = self.complaint("bad-count", "this is no number of hosts");
            let help = "write a number, or a range such as \"1..\", \"0..\" or \"2..3\"";
            self.report(Some(step), complaint.at(exactly.span, "").help(help));
            CountRange { min: 1, max: None }
        })
    }

    /// The ladder of a step; `changes` says whether one host at a time is the default.
    pub(in crate::runbook) fn at_once(&self, step: usize, changes: bool) -> Vec<Rung> {
        let Some(written) = self.steps[step].0.at_once.written() else {
            return vec![if changes { Rung::Count(1) } else { Rung::All }];
        };
        let rungs: Vec<Spanned<WholeOrText>> = match &written.value {
            AtOnce::Whole(number) => vec![Spanned::new(WholeOrText::Whole(*number), written.span)],
            AtOnce::Text(text) => {
                vec![Spanned::new(WholeOrText::Text(text.clone()), written.span)]
            }
            AtOnce::Ladder(list) => list.0.clone(),
        };
        if rungs.is_empty() && !self.is_broken(written.span) {
            self.bad_rung(step, written.span, "a ladder has at least one rung");
        }
        let mut ladder: Vec<Rung> = Vec::new();
        for one in &rungs {
            match rung(&one.value) {
                Some(next) => {
                    if ladder.last().is_some_and(|last| !climbs(*last, next)) {
                        self.bad_rung(step, one.span, "each rung is higher than the one before");
                    }
                    ladder.push(next);
                }
                None => self.bad_rung(step, one.span, "this is no number of hosts at a time"),
            }
        }
        ladder
    }

    fn bad_rung(&self, step: usize, span: Span, message: &str) {
        let complaint = self.complaint("bad-count", message).at(span, "");
        let help = "write `1`, `4`, `\"25%\"`, `\"all\"`, or a ladder `[1, \"30%\", \"100%\"]`";
        self.report(Some(step), complaint.help(help));
    }

    /// `max_failed` counts the hosts of its step.
    pub(in crate::runbook) fn max_failed(&self, step: usize, written: &WrittenStep) -> u32 {
        let Field::Written { key, value } = &written.max_failed else { return 0 };
        let single = match self.place_of_step(step) {
            Some(crate::runbook::step::Place::Role(role)) => self.is_single(step, &role),
            _ => true,
        };
        if single && value.value > 0 {
            let complaint = self.complaint("useless-key", "this step has one host");
            let help = "leave `max_failed` out, or say `on_failure = \"continue\"`";
            self.report(Some(step), complaint.at(*key, "").help(help));
        }
        value.value
    }
}

/// Whether `next` can be more hosts than `last`; a count and a share are not compared.
fn climbs(last: Rung, next: Rung) -> bool {
    match (last, next) {
        (Rung::Count(last), Rung::Count(next)) | (Rung::Percent(last), Rung::Percent(next)) => {
            last < next
        }
        (Rung::All, _) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_16_ranges_of_hosts() {
        let range = |text: &str| {
            count_range(&WholeOrText::Text(text.to_owned())).map(|range| (range.min, range.max))
        };
        assert_eq!(range("1.."), Some((1, None)));
        assert_eq!(range("0.."), Some((0, None)));
        assert_eq!(range("2..3"), Some((2, Some(3))));
        assert_eq!(range("2"), Some((2, Some(2))));
        assert_eq!((range("3..2"), range("some")), (None, None));
        assert!(has_zero(&WholeOrText::Whole(0)) && !has_zero(&WholeOrText::Whole(1)));
    }

    #[test]
    fn rule_15_rungs_climb() {
        let text = |text: &str| rung(&WholeOrText::Text(text.to_owned()));
        assert_eq!((text("25%"), text("all")), (Some(Rung::Percent(25)), Some(Rung::All)));
        assert_eq!((text("0%"), text("101%"), text("x")), (None, None, None));
        assert_eq!(rung(&WholeOrText::Whole(0)), None);
        assert!(
            climbs(Rung::Count(1), Rung::Percent(30)) && !climbs(Rung::Count(4), Rung::Count(4))
        );
    }
}
