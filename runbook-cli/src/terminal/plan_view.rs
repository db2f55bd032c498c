//! The preview: what is true now, what would be done, what cannot be known yet. Drawn from data;
//! it must not know how any of it was found out.

use jiff::civil::Date;
use runbook_core::base::units::show_duration;
use runbook_core::base::{SafeText, Value};
use runbook_core::plan::{Bound, Plan, Verdict};
use runbook_core::run::{CheckLine, Ledger, Preview};
use runbook_core::runbook::Runbook;

use super::layout::{WIDTH, count, cut, ends, field, wrap};
use super::steps_view;
use super::theme::{BAD, FAINT, STRONG, WARN, paint, tick};

/// Everything the preview is drawn from.
#[derive(Debug)]
pub(crate) struct PlanView<'a> {
    /// What is planned.
    pub(crate) plan: &'a Plan,
    /// What was seen.
    pub(crate) preview: &'a Preview,
    /// The day it is, for the review date.
    pub(crate) today: Date,
    /// Whether nothing was asked of any host.
    pub(crate) offline: bool,
    /// Whether every command is shown.
    pub(crate) diff: bool,
    /// Whether the lock is held while this is shown, where there is one.
    pub(crate) holds_lock: bool,
    /// The command lines to try next, and what each does.
    pub(crate) next: &'a [(String, String)],
}

/// Draws it.
pub(crate) fn draw(view: &PlanView<'_>) -> String {
    let mut screen = header(view.plan, view.today) + "\n";
    screen += &facts(view);
    screen += "\n";
    screen += &steps_view::table(&view.preview.steps);
    if view.diff {
        screen += &steps_view::commands(&view.preview.steps);
    }
    screen += "\n";
    screen + &outcome(view) + &next(view.next)
}

/// The runbook, where it acts, and whether it can be trusted still.
fn header(plan: &Plan, today: Date) -> String {
    let runbook = &plan.runbook;
    let name = paint(STRONG, &runbook.name);
    let environment = environment_name(plan);
    let room = WIDTH - runbook.name.chars().count() - environment.chars().count() - 7;
    let title = cut(&safe(&runbook.title), room);
    let style = if plan.environment.protect { BAD } else { STRONG };
    let loud = if environment.is_empty() { environment } else { paint(style, environment) };
    let mut header = ends(&format!(" {name}   {title}"), &loud) + "\n";
    let from = format!(" {}  {}", safe(&runbook.source.name), runbook.digest.short());
    header += &format!("{}{}\n", paint(FAINT, from), reviewed(runbook, today));
    for (label, sentence) in [("Use when", &runbook.use_when), ("Not when", &runbook.not_when)] {
        if let Some(sentence) = sentence {
            header += &field(label, 10, &safe(sentence));
        }
    }
    header
}

/// The environment, loud; empty without one.
pub(crate) fn environment_name(plan: &Plan) -> String {
    plan.environment.name.as_ref().map_or_else(String::new, |name| name.as_str().to_uppercase())
}

/// When the runbook was reviewed, and whether that is too long ago.
fn reviewed(runbook: &Runbook, today: Date) -> String {
    let Some(reviewed) = runbook.reviewed else { return String::new() };
    let days = i64::from((today - reviewed).get_days());
    let ago = match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days if days < 0 => format!("on {reviewed}"),
        days => format!("{days} days ago"),
    };
    let limit = runbook.review_every.map(|every| every.as_secs() / 86_400);
    match limit {
        Some(limit) if u64::try_from(days).is_ok_and(|days| days > limit) => {
            let late = format!("   reviewed {ago}: PAST DUE (every {limit} days)");
            paint(WARN, late)
        }
        _ => paint(FAINT, format!("   reviewed {ago}")),
    }
}

/// What it was given and what is true now.
fn facts(view: &PlanView<'_>) -> String {
    let mut rows = values(view.plan);
    rows.push(("hosts".to_owned(), hosts(view)));
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0).clamp(8, 16) + 2;
    let mut facts: String =
        rows.iter().map(|(label, text)| field(&format!("  {label}"), width + 2, text)).collect();
    for (label, checks) in [("goal", &view.preview.goal), ("requires", &view.preview.preconditions)]
    {
        for check in checks {
            facts += &check_line(label, width, check);
        }
    }
    facts
}

fn values(plan: &Plan) -> Vec<(String, String)> {
    plan.values.iter().map(|(name, bound)| (name.to_string(), bound_text(bound))).collect()
}

fn bound_text(bound: &Bound) -> String {
    match bound {
        Bound::None => paint(FAINT, "none"),
        Bound::One(value) => value_text(value),
        Bound::PerHost(values) => values
            .iter()
            .map(|(host, value)| format!("{host}: {}", value_text(value)))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

/// As a person writes it; a program is given a duration in seconds.
fn value_text(value: &Value) -> String {
    match value {
        Value::Duration(duration) => show_duration(*duration),
        value => one_line(&value.text()),
    }
}

/// A list is shown on one line, an empty text as what it is.
fn one_line(text: &str) -> String {
    if text.is_empty() { "''".to_owned() } else { safe(&text.replace('\n', ", ")) }
}

fn hosts(view: &PlanView<'_>) -> String {
    let hosts = &view.preview.hosts;
    let names: Vec<&str> = hosts.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return "none: everything is done from here".to_owned();
    }
    let reached = hosts.iter().filter(|(_, identity)| identity.is_some()).count();
    let asserted = view
        .plan
        .hosts
        .values()
        .any(|host| host.expect.hostname.is_some() || host.expect.machine_id.is_some());
    let state = match (view.offline, asserted) {
        (true, _) => paint(FAINT, "not connected (--offline)"),
        (false, true) => {
            format!("identity {} {reached}/{}", tick(reached == hosts.len()), hosts.len())
        }
        (false, false) => {
            format!("reached {} {reached}/{}", tick(reached == hosts.len()), hosts.len())
        }
    };
    format!("{}   {state}", names.join(" "))
}

/// A check and what it came to; where it does not hold, what to do about it.
fn check_line(label: &str, width: usize, check: &CheckLine) -> String {
    let title = safe(&check.title);
    let label = format!("  {label}");
    let Some(verdict) = &check.verdict else {
        return field(&label, width + 2, &format!("{title}   {}", paint(FAINT, "not asked")));
    };
    let mut drawn = field(&label, width + 2, &format!("{title}   {}", now(verdict)));
    if !verdict.held() {
        drawn += &field("", width + 2, &format!("saw: {}", safe(verdict.line())));
        if let Some(hint) = &check.hint {
            drawn += &field("", width + 2, &format!("hint: {}", safe(hint)));
        }
    }
    drawn
}

/// `✓`, `✗`, or that nobody knows.
pub(crate) fn now(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Held { .. } => tick(true),
        Verdict::NotMet { .. } => tick(false),
        Verdict::Error { .. } => paint(BAD, "? no answer"),
    }
}

/// The sums, what ended it, and what else should be known.
fn outcome(view: &PlanView<'_>) -> String {
    let mut lines = vec![];
    if let Some(ended) = &view.preview.ended {
        lines.extend(wrap(&format!("Ends here: {}", safe(ended)), WIDTH - 2));
    }
    lines.extend(ledger(&view.preview.ledger, view.preview.hosts.len(), view.offline));
    if view.plan.runbook.lock.is_some() && !view.holds_lock {
        lines.push("The lock is not held yet: until `run` takes it, someone else may.".to_owned());
    }
    lines.iter().map(|line| format!(" {line}\n")).collect()
}

fn ledger(ledger: &Ledger, hosts: usize, offline: bool) -> Vec<String> {
    let (changes, destroys) = (count(ledger.changes, "change"), count(ledger.destroys, "destroy"));
    let destroys = if ledger.destroys > 0 { paint(BAD, destroys) } else { destroys };
    let place = if hosts == 0 { "this machine".to_owned() } else { count(hosts, "host") };
    let mut lines = vec![format!("Plan: {changes}, {destroys} on {place}.")];
    if ledger.unknown > 0 {
        let runs = if ledger.unknown == 1 { "it runs" } else { "they run" };
        let steps = count(ledger.unknown, "step");
        lines.push(format!("Of {steps} it is not known yet whether {runs}."));
    }
    lines.push(if offline {
        "Nothing was asked of any host, and nothing was changed.".to_owned()
    } else {
        let reads = count(ledger.reads, "read-only command");
        format!("This preview ran {reads} and changed nothing.")
    });
    lines
}

fn next(commands: &[(String, String)]) -> String {
    let line = |(index, (command, what)): (usize, &(String, String))| {
        let label = if index == 0 { "Next:" } else { "" };
        let indent = if what.is_empty() { "" } else { "  " };
        format!(" {label:<7}{command}{indent}{}\n", paint(FAINT, what))
    };
    let lines: String = commands.iter().enumerate().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn safe(text: &str) -> String {
    SafeText::line(text).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::samples::{plain, plan, preview};
    use super::*;

    fn drawn(change: impl FnOnce(&mut PlanView<'_>)) -> String {
        let (plan, preview) = (plan(), preview());
        let next = [
            ("runbook run rollback-compose -e prod tag=v1.3.9".to_owned(), String::new()),
            ("runbook plan … --diff".to_owned(), "show every command with its values".to_owned()),
        ];
        let mut view = PlanView {
            plan: &plan,
            preview: &preview,
            today: date(2026, 1, 15),
            offline: false,
            diff: false,
            holds_lock: false,
            next: &next,
        };
        change(&mut view);
        plain(&draw(&view))
    }

    #[test]
    fn the_whole_preview() {
        let screen = drawn(|_| {});
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn with_every_command() {
        insta::assert_snapshot!(drawn(|view| view.diff = true));
    }

    #[test]
    fn offline_and_past_due() {
        let screen = drawn(|view| {
            view.offline = true;
            view.today = date(2026, 5, 1);
        });
        assert!(screen.contains("reviewed 118 days ago: PAST DUE (every 90 days)"), "{screen}");
        assert!(screen.contains("not connected (--offline)"), "{screen}");
        assert!(screen.contains("Nothing was asked of any host"), "{screen}");
    }
}
