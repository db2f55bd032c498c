//! Where a run stands before it is gone on with: when and how it stopped, what is done and recorded,
//! and whether its files have changed since. Must not know how it goes on.

use jiff::tz::TimeZone;
use runbook_core::base::SafeText;
use runbook_core::report::Summary;
use runbook_core::run::StepStatus;
use similar::TextDiff;

use super::layout::{WIDTH, count, field, wrap};
use super::theme::{FAINT, STRONG, WARN, paint};

/// Draws it.
pub(crate) fn draw(summary: &Summary, torn: Option<&str>, zone: &TimeZone) -> String {
    let mut screen = String::from("\n");
    if let Some(planned) = &summary.planned {
        let environment = planned.environment.as_ref().map(|name| name.as_str().to_uppercase());
        let words = [planned.run.to_string(), planned.runbook.clone()];
        let words = words.into_iter().chain(environment).collect::<Vec<_>>().join("  ");
        screen += &format!(" {}\n", paint(STRONG, words));
    }
    let when = summary.last.map_or_else(String::new, |at| {
        at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    });
    let how = match &summary.ended {
        Some(ended) => format!("{} (exit {})", SafeText::line(&ended.sentence), ended.code),
        None => "the command was killed, or this machine went down".to_owned(),
    };
    screen += &field("stopped", 9, &format!("{when}: {how}"));
    if let Some(torn) = torn {
        screen += &field("", 9, SafeText::line(torn).as_str());
    }
    screen += &recorded(summary);
    screen
}

fn recorded(summary: &Summary) -> String {
    let done = summary.steps.iter().filter(|(_, step)| step.status == Some(StepStatus::Done));
    let done: Vec<&str> = done.map(|(id, _)| id.as_str()).collect();
    if !summary.agreed {
        return field("done", 9, "nothing was changed yet: everything is read anew");
    }
    match done.is_empty() {
        true => String::new(),
        false => field("done", 9, &format!("{}   (recorded)", done.join(" "))),
    }
}

/// What is said of a file that is not as it was when the run began.
pub(crate) fn changed(path: &str, then: &str, now: Option<&str>, run: &str) -> String {
    let what = match now {
        None => "is not there any more".to_owned(),
        Some(now) => format!("changed since ({})", count(changed_lines(then, now), "line")),
    };
    let sentence = format!(
        "{} {what}. This run goes on with the text it began with; `runbook resume {run} --diff` \
         shows the difference.",
        SafeText::line(path)
    );
    let lines = wrap(&sentence, WIDTH - 2).into_iter();
    lines.map(|line| format!(" {}\n", paint(WARN, line))).collect()
}

fn changed_lines(then: &str, now: &str) -> usize {
    let diff = TextDiff::from_lines(then, now);
    diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal).count()
}

/// The difference, as `diff -u` writes it.
pub(crate) fn difference(path: &str, then: &str, now: &str) -> String {
    let diff = TextDiff::from_lines(then, now);
    let mut unified = diff.unified_diff();
    let unified = unified.header("when the run began", "now").to_string();
    let heading = format!("{}\n", paint(FAINT, SafeText::line(path)));
    heading + SafeText::of(unified).as_str()
}

#[cfg(test)]
mod tests {
    use runbook_core::run::Event;

    use super::super::samples::{plain, record};
    use super::*;

    #[test]
    fn a_run_that_was_cut_off() {
        let planned = Event::Planned {
            run: "kx3w9p".parse().unwrap(),
            runbook: "rollback-compose".to_owned(),
            digest: runbook_core::base::Digest::of("x"),
            environment: "prod".parse().ok(),
            operator: "ana".to_owned(),
            options: runbook_core::run::Options::default(),
        };
        let done = |step: &str| Event::StepEnded {
            step: step.parse().unwrap(),
            status: StepStatus::Done,
            why: None,
        };
        let facts = [planned, done("evidence"), Event::Agreed, done("pull")];
        let records: Vec<_> = (0..).zip(facts).map(|(at, fact)| record(at, fact)).collect();
        let torn = "the last line (5, 40 bytes) was torn by a crash and is ignored";
        let mut screen = draw(&Summary::of(&records), Some(torn), &TimeZone::UTC);
        screen += &changed("runbooks/x.toml", "a\nb\n", Some("a\nc\n"), "kx3w9p");
        screen += &changed("hosts.toml", "a\n", None, "kx3w9p");
        insta::assert_snapshot!(plain(&screen));
    }

    #[test]
    fn the_difference_is_what_diff_writes() {
        insta::assert_snapshot!(plain(&difference("runbooks/x.toml", "a\nb\n", "a\nc\n")));
    }
}
