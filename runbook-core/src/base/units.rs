//! Quantities as people write them: `90s`, `5 GiB`, `80%`. Parsing and one canonical way back.

use std::time::Duration;

use bytesize::ByteSize;
use jiff::{SpanRelativeTo, Timestamp};

/// A text that is not that quantity: why, and an example of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}, such as {example}")]
pub struct BadQuantity {
    text: String,
    what: &'static str,
    example: &'static str,
}

fn bad(text: &str, what: &'static str, example: &'static str) -> BadQuantity {
    BadQuantity { text: text.to_owned(), what, example }
}

/// Parses a duration: `90s`, `5m`, `1h30m`, `90 days`. A day is 24 hours; months, years, bare
/// numbers and negative durations are refused, since nobody agrees on what they mean here.
///
/// # Errors
/// When it is not one.
pub fn parse_duration(text: &str) -> Result<Duration, BadQuantity> {
    let fail = || bad(text, "a duration", "`90s`, `5m` or `1h30m`");
    let span: jiff::Span = text.trim().parse().map_err(|_| fail())?;
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| fail())?;
    Duration::try_from(signed).map_err(|_| fail())
}

/// Parses a size in bytes: `5 GiB` is binary, `10g` decimal, a bare number is bytes.
///
/// # Errors
/// When it is not one.
pub fn parse_bytes(text: &str) -> Result<u64, BadQuantity> {
    text.trim()
        .parse::<ByteSize>()
        .map(|size| size.as_u64())
        .map_err(|_| bad(text, "a size", "`500MB` or `5 GiB`"))
}

/// Parses a point in time, RFC 3339.
///
/// # Errors
/// When it is not one.
pub fn parse_time(text: &str) -> Result<Timestamp, BadQuantity> {
    text.trim().parse().map_err(|_| bad(text, "a time", "`2026-03-01T03:00:00Z`"))
}

/// What `lt le gt ge` compare: a bare number, `80%`, `5 GiB` or `90s`, as one number. A quantity
/// with a unit may be compared with a bare number (in bytes, seconds or percent), since that is
/// what programs print. `5m` is minutes and `5M` megabytes.
///
/// # Errors
/// When it is none of them.
pub fn parse_quantity(text: &str) -> Result<f64, BadQuantity> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        return parse_number(percent);
    }
    parse_number(text).or_else(|bad_number| {
        #[expect(clippy::cast_precision_loss, reason = "sizes beyond 2^53 bytes differ by more")]
        let bytes = |_| parse_bytes(text).map(|bytes| bytes as f64);
        parse_duration(text).map(|d| d.as_secs_f64()).or_else(bytes).map_err(|_| bad_number)
    })
}

fn parse_number(text: &str) -> Result<f64, BadQuantity> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(bad(text, "a number or a quantity", "`42`, `80%`, `5 GiB` or `90s`")),
    }
}

/// A duration for a person: `1m12s`, `2.1s`, `5m`.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return match duration.as_millis() {
            0 => "0s".to_owned(),
            millis => format!("{millis}ms"),
        };
    }
    if seconds < 10 && duration.subsec_millis() >= 50 {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_no_calendar() {
        assert_eq!(parse_duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(parse_duration("1h30m").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_duration("90 days").unwrap(), Duration::from_secs(90 * 86_400));
        for wrong in ["90", "1 month", "-5s", "", "soon"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn quantities_compare_across_notations() {
        assert_eq!(parse_quantity("80%").unwrap(), 80.0);
        assert_eq!(parse_quantity("2 GiB").unwrap(), 2_147_483_648.0);
        assert_eq!(parse_quantity("90s").unwrap(), 90.0);
        assert_eq!(parse_quantity("5m").unwrap(), 300.0);
        assert_eq!(parse_quantity("5M").unwrap(), 5_000_000.0);
        assert_eq!(parse_quantity("1.5").unwrap(), 1.5);
        assert!(parse_quantity("NaN").is_err());
        assert!(parse_quantity("v1").is_err());
    }

    #[test]
    fn durations_are_shown_short() {
        let show = |millis| show_duration(Duration::from_millis(millis));
        assert_eq!([show(0), show(300), show(2100), show(24_000)], ["0s", "300ms", "2.1s", "24s"]);
        assert_eq!([show(72_000), show(300_000), show(5_400_000)], ["1m12s", "5m", "1h30m"]);
    }
}
