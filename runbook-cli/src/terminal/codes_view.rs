//! The codes of a plan: how its destroys can be approved in advance. Must not know what a code is bound
//! to.

use jiff::tz::TimeZone;

use super::layout::{WIDTH, field, wrap};
use crate::codes::Printed;

/// Draws them; nothing where nothing would be destroyed.
pub(crate) fn draw(printed: &Printed, zone: &TimeZone) -> String {
    if printed.codes.is_empty() {
        return String::new();
    }
    let until = printed.until.to_zoned(zone.clone()).strftime("%H:%M").to_string();
    let mut screen = String::from("\n");
    if printed.codes.iter().any(|(_, code)| code.is_ok()) {
        let words = format!(
            "To approve a destroy in advance, add its word to `runbook run`: once, until {until}, \
             and only while nothing of what was shown changes."
        );
        screen +=
            &wrap(&words, WIDTH - 2).iter().map(|line| format!(" {line}\n")).collect::<String>();
    }
    let width = printed.codes.iter().map(|(step, _)| step.as_str().len()).max().unwrap_or(0);
    for (step, code) in &printed.codes {
        let words = match code {
            Ok(code) => format!("--approve {step}={code}"),
            Err(why) => format!("cannot be approved in advance: {why}"),
        };
        screen += &field(&format!("  {step}"), width.min(24) + 4, &words);
    }
    screen
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use runbook_core::run::Code;

    use super::*;

    #[test]
    fn a_code_each_or_why_there_is_none() {
        let code: Code = "abcdefghjkmn".parse().unwrap();
        let codes = vec![
            ("wipe".parse().unwrap(), Ok(code)),
            ("swap".parse().unwrap(), Err("its `loses` is not known yet".to_owned())),
        ];
        let screen = draw(&Printed { until: Timestamp::UNIX_EPOCH, codes }, &TimeZone::UTC);
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
        let nothing = Printed { until: Timestamp::UNIX_EPOCH, codes: vec![] };
        assert_eq!(draw(&nothing, &TimeZone::UTC), "");
    }
}
