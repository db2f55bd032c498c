//! How a run ended: what is true now, what was changed, what is not known, and where it is
//! recorded. Drawn from the summary the records fold to; must not know how it went on.

use runbook_core::base::units::show_duration;
use runbook_core::base::{HostName, SafeText, StepId};
use runbook_core::report::summary::{Fate, InquiryLine, Summary};
use runbook_core::run::{Effect, Ending, StepStatus};

use super::layout::{WIDTH, count, field, hosts, rule, wrap};
use super::picture::sign;
use super::plan_view::now;
use super::stale;
use super::theme::{BAD, GOOD, WARN, paint};
use crate::exit_code::ExitCode;

/// Draws it. `kept` is where the run is recorded.
pub(crate) fn draw(summary: &Summary, kept: &str) -> String {
    let (code, sentence) = match &summary.ended {
        Some(ended) => (ExitCode::of_run(ended.code), ended.sentence.as_str()),
        None => (ExitCode::Unknown, "the journal of this run has no end"),
    };
    let mut screen = format!("\n{}\n", head(summary, code));
    for line in wrap(SafeText::of(sentence).as_str(), WIDTH - 1) {
        screen += &format!(" {line}\n");
    }
    if let Some(Ending::Stale { differences, .. }) = &summary.ending {
        screen += &stale::table(differences);
    }
    screen += &goal(summary);
    screen += "\n";
    screen += &tally(summary);
    screen += &touched(summary);
    screen += &unwell(summary, code);
    screen + "\n" + &records(summary, kept)
}

fn head(summary: &Summary, code: ExitCode) -> String {
    let style = match code {
        ExitCode::Success => GOOD,
        ExitCode::Exceptions | ExitCode::Stopped | ExitCode::NotApplicable => WARN,
        _ => BAD,
    };
    let planned = summary.planned.as_ref();
    let mut words: Vec<String> = planned
        .map(|planned| {
            let environment = planned.environment.as_ref().map(|name| name.as_str().to_uppercase());
            let words = [Some(planned.runbook.clone()), Some(planned.run.to_string()), environment];
            words.into_iter().flatten().collect()
        })
        .unwrap_or_default();
    words.push(show_duration(std::time::Duration::from_secs(summary.took.as_secs())));
    rule(style, word(code), &words.join(" · "))
}

/// What a person reads first.
fn word(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Success => "RESOLVED",
        ExitCode::Failed => "NOT RESOLVED",
        ExitCode::NotApplicable => "NOTHING CHANGED",
        ExitCode::PersonNeeded => "NOT APPROVED",
        ExitCode::Locked => "LOCKED",
        ExitCode::Stale => "STALE PLAN: NOTHING CHANGED",
        ExitCode::Unreachable => "UNREACHABLE",
        ExitCode::Stopped => "STOPPED",
        ExitCode::Exceptions => "RESOLVED WITH EXCEPTIONS",
        _ => "UNKNOWN: LOOK BEFORE YOU ACT",
    }
}

fn goal(summary: &Summary) -> String {
    let Some(InquiryLine { verdict: Some(verdict), checks, .. }) = summary.goal() else {
        return String::new();
    };
    let (asked, held) =
        checks.iter().fold((0, 0), |(asked, held), check| (asked + check.asked, held + check.held));
    let samples = if asked > 1 { format!("  ({held} of {asked} held)") } else { String::new() };
    let text = format!("{} {}{samples}", now(verdict), SafeText::line(verdict.line()));
    field("goal", 5, &text)
}

/// How many steps ended how.
fn tally(summary: &Summary) -> String {
    let sorts = [
        StepStatus::Done,
        StepStatus::Skipped,
        StepStatus::NotNeeded,
        StepStatus::PassedOver,
        StepStatus::Accepted,
        StepStatus::Declined,
        StepStatus::Undone,
        StepStatus::Failed,
        StepStatus::Unknown,
        StepStatus::Blocked,
        StepStatus::Cancelled,
    ];
    let mut words: Vec<String> = sorts
        .iter()
        .map(|status| (*status, summary.count(*status)))
        .filter(|(_, number)| *number > 0)
        .map(|(status, number)| format!("{} {number} {status}", sign(status)))
        .collect();
    if summary.retries() > 0 {
        words.push(format!("{} retried", summary.retries()));
    }
    if words.is_empty() { String::new() } else { format!("   {}\n", words.join("   ")) }
}

fn touched(summary: &Summary) -> String {
    let of = |effect: Effect| {
        let touched = summary.touched(effect);
        let lines: Vec<String> = touched.iter().map(|(step, on)| place(step, on)).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") }
    };
    field("  changed", 15, &of(Effect::Change))
        + &field("  destroyed", 15, &of(Effect::Destroy))
        + &shells(summary)
}

/// Where people had a shell: what they did is theirs to tell.
fn shells(summary: &Summary) -> String {
    let opened = summary.shells.iter().map(|(host, by)| {
        let by: Vec<&str> = by.iter().map(String::as_str).collect();
        format!("{host}, opened by {}", SafeText::line(by.join(", ")))
    });
    let opened: Vec<String> = opened.collect();
    match opened.is_empty() {
        true => String::new(),
        false => field(&paint(WARN, "  shells"), 15, &opened.join("; ")),
    }
}

fn place(step: &StepId, on: &[&HostName]) -> String {
    format!("{step} on {}", hosts(on.iter().map(|host| host.as_str()), false))
}

/// What failed, what nobody knows, and who could not be reached.
fn unwell(summary: &Summary, code: ExitCode) -> String {
    let mut lines = vec![];
    for (id, step) in &summary.steps {
        let why = step.why.as_deref().unwrap_or("");
        // one that is unknown is told below, with its host
        let in_doubt = summary.in_doubt().any(|line| line.attempt.step == *id);
        let is_told = matches!(step.status, Some(StepStatus::Failed | StepStatus::PassedOver))
            || step.status == Some(StepStatus::Unknown) && !in_doubt;
        if is_told {
            let status = step.status.map_or("", StepStatus::word);
            lines.push((status.to_owned(), format!("{id}  {}", SafeText::line(why))));
        }
    }
    lines.extend(undone(summary));
    for line in summary.in_doubt() {
        let who = format!("{} on {}", line.attempt.step, line.attempt.host);
        // a run that was stopped lets go of what runs, which is not lost
        lines.push(match (&line.fate, code) {
            (Fate::Intended, ExitCode::Stopped) => {
                ("under way".to_owned(), format!("{who}: it goes on there; look how it ended"))
            }
            _ => ("UNKNOWN".to_owned(), format!("{who}: look whether it ran")),
        });
    }
    for (host, line) in &summary.hosts {
        if let Some(why) = &line.unreachable {
            lines.push(("unreachable".to_owned(), format!("{host}  {}", SafeText::line(why))));
        }
    }
    lines
        .iter()
        .map(|(label, text)| field(&paint(WARN, format!("  {label}")), 15, text.trim()))
        .collect()
}

/// What was taken back, and what could not be.
fn undone(summary: &Summary) -> Vec<(String, String)> {
    let mut lines = vec![];
    for (id, step) in &summary.steps {
        let on: Vec<&HostName> =
            step.hosts.iter().filter(|(_, host)| host.undone).map(|(name, _)| name).collect();
        if !on.is_empty() {
            lines.push(("undone".to_owned(), place(id, &on)));
        }
        for (name, host) in &step.hosts {
            let why = host.undo_failure.as_deref().or_else(|| {
                let mut left = summary.left.iter();
                let left = left.find(|left| left.step == *id && left.host == *name)?;
                Some(left.why.as_str())
            });
            if let Some(why) = why {
                let text = format!("{id} on {name}: {}", SafeText::line(why));
                lines.push(("NOT UNDONE".to_owned(), text));
            }
        }
    }
    lines
}

fn records(summary: &Summary, kept: &str) -> String {
    let head = summary.head.map_or_else(String::new, |head| format!(", head {}…", head.short()));
    let number = usize::try_from(summary.records).unwrap_or(usize::MAX);
    let mut screen = field("Journal", 10, &format!("{}{head}  {kept}", count(number, "record")));
    if let Some(planned) = &summary.planned {
        screen += &field("Output", 10, &format!("runbook logs {}", planned.run));
    }
    screen
}

#[cfg(test)]
mod tests {
    use runbook_core::plan::Verdict;
    use runbook_core::run::{About, BackEnd, Event, Left, Options, Part};

    use super::super::samples::{attempt, exited, host, intended, plain, record};
    use super::*;

    fn summary(code: u8, sentence: &str, facts: Vec<Event>) -> Summary {
        let planned = Event::Planned {
            run: "kx3w9p".parse().unwrap(),
            runbook: "rollback-compose".to_owned(),
            digest: runbook_core::base::Digest::of("x"),
            environment: "prod".parse().ok(),
            operator: "ana".to_owned(),
            options: Options::default(),
        };
        let ended = Event::Ended { code, sentence: sentence.to_owned() };
        let facts = std::iter::once(planned).chain(facts).chain([ended]);
        let records: Vec<_> =
            (0..).zip(facts).map(|(second, fact)| record(second * 30, fact)).collect();
        Summary::of(&records)
    }

    fn up(status: StepStatus, why: Option<&str>) -> [Event; 2] {
        let step: StepId = "up".parse().unwrap();
        let why = why.map(str::to_owned);
        [
            Event::HostEnded { step: step.clone(), host: host("app1"), status, why: why.clone() },
            Event::StepEnded { step, status, why },
        ]
    }

    #[test]
    fn resolved() {
        let about = About::GoalAtEnd;
        let verdict = Verdict::Held { saw: "200".to_owned() };
        let main = attempt("app1", Part::Main);
        let mut facts = vec![intended(main.clone(), "up"), exited(main, 0)];
        facts.extend(up(StepStatus::Done, None));
        facts.extend([
            Event::InquiryBegan { about: about.clone() },
            Event::InquiryEnded { about, verdict },
        ]);
        let screen = plain(&draw(&summary(0, "the goal holds", facts), "/state/runs/kx3w9p"));
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn cut_off_in_the_middle_of_a_change() {
        let mut whole = summary(5, "", vec![intended(attempt("app1", Part::Main), "up")]);
        whole.ended = None;
        insta::assert_snapshot!(plain(&draw(&whole, "/state/runs/kx3w9p")));
    }

    #[test]
    fn who_had_a_shell_is_told() {
        let opened = |by: &str| Event::ShellOpened {
            step: "up".parse().unwrap(),
            host: host("app1"),
            by: by.to_owned(),
        };
        let facts = vec![opened("ben"), opened("ana\u{1b}[2J"), opened("ben")];
        let screen = plain(&draw(&summary(1, "it failed", facts), "/x"));
        assert!(screen.contains("\n   shells       app1, opened by ana, ben\n"), "{screen}");
    }

    #[test]
    fn what_was_undone_and_what_was_not() {
        let step: StepId = "up".parse().unwrap();
        let undone = |name: &str, failure: Option<&str>| Event::Undone {
            step: step.clone(),
            host: host(name),
            failure: failure.map(str::to_owned),
        };
        let left = |step: &str, name: &str, why: &str| Left {
            step: step.parse().unwrap(),
            host: host(name),
            why: why.to_owned(),
        };
        let mut facts = up(StepStatus::Done, None).to_vec();
        facts.extend(
            ["app2", "app3", "app4"]
                .map(|name| Event::TurnBegan { step: step.clone(), host: host(name) }),
        );
        facts.push(Event::TurnBegan { step: "tell".parse().unwrap(), host: host("local") });
        facts.extend([
            undone("app4", None),
            undone("app3", Some("exit 1")),
            undone("app3", None),
            undone("app2", Some("exit 3\u{1b}[2J")),
            Event::UndoEnded {
                how: BackEnd::Complete,
                left: vec![
                    left("tell", "local", "a message stays said"),
                    left("up", "app2", "exit 3"),
                    left("up", "app1", "a person chose to go past it"),
                ],
            },
        ]);
        let sentence = "stopped at `hold`, which failed; everything this run changed was undone";
        insta::assert_snapshot!(plain(&draw(&summary(1, sentence, facts), "/x")));
    }

    #[test]
    fn every_code_has_its_word() {
        let words = [1, 3, 4, 5, 6, 8, 9, 10].map(|code| {
            let facts = up(StepStatus::Failed, Some("exit 3\u{1b}[2J")).to_vec();
            let screen = plain(&draw(&summary(code, "a sentence", facts), "/x"));
            screen.lines().nth(1).unwrap_or_default().to_owned()
        });
        insta::assert_snapshot!(words.join("\n"));
    }
}
