//! How far the clock of a host is from ours, as far as that can be known: it was read somewhere
//! between the asking and the answer. Pure.

use super::finding::Finding;

/// What is near enough, in seconds.
const NEAR: f64 = 5.0;

/// A reading of another clock, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// Ours before it was asked, and after it answered.
    pub(super) asked: (f64, f64),
    /// What it said: not before, and not after.
    pub(super) said: (f64, f64),
}

/// What `date +%s.%N` printed; where it knows no fraction, any of that second.
pub(super) fn said(text: &str) -> Option<(f64, f64)> {
    let text = text.trim();
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u32 = seconds.parse().ok()?;
    let whole = f64::from(whole);
    let known = fraction.len() == 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match fraction.parse::<u32>().ok().filter(|_| known) {
        Some(nanoseconds) => {
            let at = whole + f64::from(nanoseconds) / 1e9;
            Some((at, at))
        }
        None => Some((whole, whole + 1.0)),
    }
}

pub(super) fn finding(reading: Reading) -> Finding {
    let (about, way) = ("clock", "let the host keep time: chrony, or systemd-timesyncd");
    let behind = reading.asked.0 - reading.said.1;
    let ahead = reading.said.0 - reading.asked.1;
    match (ahead, behind) {
        (ahead, _) if ahead > NEAR => {
            Finding::note(about, format!("at least {} s ahead of ours", ahead.floor()), way)
        }
        (_, behind) if behind > NEAR => {
            Finding::note(about, format!("at least {} s behind ours", behind.floor()), way)
        }
        // as far as it can be at most, in whole seconds
        _ => {
            let most = (reading.said.1 - reading.asked.0).max(reading.asked.1 - reading.said.0);
            Finding::fine(about, format!("within {} s of ours", most.ceil().max(1.0)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: (f64, f64)) -> String {
        finding(Reading { asked: (1000.0, 1000.5), said }).what
    }

    #[test]
    fn only_what_the_round_trip_cannot_explain_is_a_difference() {
        assert_eq!(told((1000.2, 1000.2)), "within 1 s of ours");
        assert_eq!(told((999.0, 1000.0)), "within 2 s of ours");
        assert_eq!(told((1005.4, 1005.4)), "within 6 s of ours");
        assert_eq!(told((1093.7, 1093.7)), "at least 93 s ahead of ours");
        assert_eq!(told((990.0, 991.0)), "at least 9 s behind ours");
    }

    #[test]
    fn a_date_without_a_fraction_is_any_of_its_second() {
        assert_eq!(said("1700000000.250000000\n"), Some((1_700_000_000.25, 1_700_000_000.25)));
        assert_eq!(said("1700000000.%N"), Some((1_700_000_000.0, 1_700_000_001.0)));
        assert_eq!(said("1700000000"), Some((1_700_000_000.0, 1_700_000_001.0)));
        assert_eq!(said("no date"), None);
    }
}
