//! The block that is drawn in place while a run goes on, at most a dozen lines, and the line a step
//! leaves behind when it has ended. Must not know of time but what it is given.

use std::time::Duration;

use runbook_core::base::units::show_duration;
use runbook_core::base::{HostName, SafeText, StepId};
use runbook_core::run::{Event, Found, StepStatus};

use super::event_line::found_words;
use super::layout::{WIDTH, cut, ends, pad};
use super::progress::{HostProgress, Progress, StepProgress};
use super::theme::{BAD, FAINT, GOOD, LIVE, STRONG, WARN, paint};

/// The most lines of the block above its last.
const LINES: usize = 11;

/// What is run, where: ` rollback-compose  PROD`.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    /// The runbook.
    pub(crate) name: String,
    /// The environment, loud; empty without one.
    pub(crate) environment: String,
}

/// Draws where the run stands, `elapsed` after it began.
pub(crate) fn draw(heading: &Heading, progress: &Progress, elapsed: Duration) -> String {
    let whole = Duration::from_secs(elapsed.as_secs());
    let left =
        format!(" {}  {}", paint(STRONG, &heading.name), paint(STRONG, &heading.environment));
    let mut lines = vec![ends(&left, &format!("+{} ", show_duration(whole)))];
    let running = progress.steps.iter().filter(|(_, step)| step.ended.is_none());
    for (id, step) in running {
        lines.push(step_line(id, step));
        // what runs is shown before what has ended
        let (ended, running): (Vec<_>, Vec<_>) = step
            .hosts
            .iter()
            .filter(|(_, host)| !host.doing.is_empty())
            .partition(|(_, host)| host.ended.is_some());
        for (name, host) in running.into_iter().chain(ended) {
            lines.extend(host_lines(name, host, progress, elapsed));
        }
    }
    if lines.len() > LINES {
        let hidden = lines.len() - LINES + 1;
        lines.truncate(LINES - 1);
        lines.push(paint(FAINT, format!("     … {hidden} lines more")));
    }
    lines.push(match &progress.stopping {
        None if progress.going_back => {
            paint(WARN, " going back: nothing new starts, what was done is undone")
        }
        Some(how) => paint(WARN, format!(" {how}: nothing new starts, what runs goes on")),
        None => format!(" {}  start nothing new; what runs goes on", paint(LIVE, "Ctrl-C")),
    });
    lines.join("\n")
}

fn step_line(id: &StepId, step: &StepProgress) -> String {
    let done = step.hosts.values().filter(|host| host.ended.is_some()).count();
    format!(" {} {}{done}/{}", paint(LIVE, "▶"), pad(id.as_str(), 14), step.hosts.len())
}

fn host_lines(
    name: &HostName,
    host: &HostProgress,
    progress: &Progress,
    elapsed: Duration,
) -> Vec<String> {
    if let Some((status, why)) = &host.ended {
        let why = why.as_ref().map_or_else(String::new, |why| format!("  {}", SafeText::line(why)));
        let line = format!("     {} {}{status}{why}", sign(*status), pad(name.as_str(), 12));
        return vec![cut(&line, WIDTH)];
    }
    let since = Duration::from_secs(elapsed.saturating_sub(host.began).as_secs());
    let saw = host
        .saw
        .as_ref()
        .map_or_else(String::new, |saw| format!("   last: {}", SafeText::line(saw)));
    let line = format!(
        "     {} {}{}   {}{saw}",
        paint(LIVE, "▶"),
        pad(name.as_str(), 12),
        host.doing,
        show_duration(since)
    );
    let said = host.attempt.as_ref().and_then(|attempt| progress.tail(attempt));
    let said = said.and_then(|tail| tail.lines.back());
    let said = said.map(|said| paint(FAINT, cut(&format!("                   {said}"), WIDTH)));
    [Some(cut(&line, WIDTH)), said].into_iter().flatten().collect()
}

/// The line a fact leaves behind for good; most leave none.
pub(crate) fn permanent(fact: &Event, progress: &Progress) -> Option<String> {
    match fact {
        Event::StepEnded { step, status, why } => ended(step, *status, why.as_deref(), progress),
        Event::Unreachable { host, why } => Some(format!(
            " {} {host}  cannot be reached: {}\n",
            paint(BAD, "✗"),
            SafeText::line(why)
        )),
        Event::Undone { step, host, failure } => {
            let (sign, what) = match failure {
                None => (sign(StepStatus::Undone), "undone".to_owned()),
                Some(why) => {
                    (sign(StepStatus::Failed), format!("NOT UNDONE: {}", SafeText::line(why)))
                }
            };
            Some(cut(&format!(" {sign} {}{host}  {what}", pad(step.as_str(), 16)), WIDTH) + "\n")
        }
        Event::UndoBegan { why, .. } => {
            let line = cut(&format!(" going back: {}", SafeText::line(why)), WIDTH);
            Some(paint(WARN, line) + "\n")
        }
        Event::StopAsked { how } => {
            let line = format!(" {}: nothing new starts, what runs goes on\n", SafeText::line(how));
            Some(paint(WARN, line))
        }
        Event::Found { attempt, found } => {
            let sign = match found {
                Found::Running => paint(LIVE, "▶"),
                Found::Ended => sign(StepStatus::Done),
                Found::NotStarted => paint(FAINT, "·"),
                Found::Unknown(_) => sign(StepStatus::Unknown),
            };
            let who = format!("{}{}", pad(attempt.step.as_str(), 16), attempt.host);
            Some(
                cut(&format!(" {sign} {who}  {}", found_words(found)), WIDTH)
                    + "
",
            )
        }
        Event::BaseChosen { keeper, base, passed_over } if !passed_over.is_empty() => {
            let why = SafeText::line(passed_over.join("; "));
            let line = format!(" {keeper}: {why}; jobs are kept in {}", SafeText::line(&base.path));
            Some(
                paint(WARN, cut(&line, WIDTH))
                    + "
",
            )
        }
        _ => None,
    }
}

fn ended(
    id: &StepId,
    status: StepStatus,
    why: Option<&str>,
    progress: &Progress,
) -> Option<String> {
    let step = progress.steps.get(id)?;
    let took = step.finished.map_or(Duration::ZERO, |finished| finished.saturating_sub(step.began));
    let good = step.hosts.values().filter(|host| is_good(host, status)).count();
    let share = match step.hosts.len() {
        0 => String::new(),
        all => format!("{good}/{all}"),
    };
    let why = why.map(|why| SafeText::line(why).to_string()).unwrap_or_default();
    let word = if status == StepStatus::Done { String::new() } else { format!("{status}  ") };
    let line = format!(
        " {} {}{}{}{word}{why}",
        sign(status),
        pad(id.as_str(), 16),
        pad(&share, 7),
        pad(&show_duration(took), 9),
    );
    Some(cut(line.trim_end(), WIDTH) + "\n")
}

/// Whether a host went the way the step was to go: there, or back.
fn is_good(host: &HostProgress, status: StepStatus) -> bool {
    match (&host.ended, status) {
        (Some((StepStatus::Undone, _)), StepStatus::Undone) => true,
        (Some((StepStatus::Done | StepStatus::Skipped, _)), other) => other != StepStatus::Undone,
        _ => false,
    }
}

/// The sign of how something ended.
pub(crate) fn sign(status: StepStatus) -> String {
    match status {
        StepStatus::Done => paint(GOOD, "✓"),
        StepStatus::Failed => paint(BAD, "✗"),
        StepStatus::Unknown => paint(BAD, "?"),
        StepStatus::Skipped | StepStatus::NotNeeded => paint(FAINT, "-"),
        StepStatus::Undone => paint(WARN, "↶"),
        _ => paint(WARN, "·"),
    }
}

#[cfg(test)]
mod tests {
    use runbook_core::plan::Verdict;
    use runbook_core::report::Stream;
    use runbook_core::run::{About, Part, Slot};

    use super::super::samples::{attempt, host, intended, plain, record};
    use super::*;

    fn progress() -> Progress {
        let up: StepId = "up".parse().unwrap();
        let hosts: Vec<HostName> = (1..=12).map(|number| host(&format!("app{number}"))).collect();
        let mut facts = vec![Event::Selected { step: up.clone(), hosts: hosts.clone() }];
        facts.push(Event::TurnBegan { step: up.clone(), host: hosts[0].clone() });
        let (status, why) = (StepStatus::Done, None);
        facts.push(Event::HostEnded { step: up.clone(), host: hosts[0].clone(), status, why });
        for host in &hosts[1..] {
            facts.push(Event::TurnBegan { step: up.clone(), host: host.clone() });
            facts.push(intended(attempt(host.as_str(), Part::Main), "up"));
        }
        let about =
            About::Step { step: up, host: Some(host("app2")), slot: Slot::Verify, round: 1 };
        let probe = runbook_core::run::ProbeId {
            about,
            check: 0,
            part: None,
            sample: 6,
            host: host("app2"),
        };
        let verdict = Verdict::NotMet { saw: "502 Bad Gateway".to_owned() };
        facts.push(Event::ProbeAnswered { probe, verdict });
        let mut progress = Progress::default();
        for (second, fact) in (0..).zip(facts) {
            progress.observe(&record(second, fact));
        }
        let said = b"app-1 | \x1b[2JINFO waiting for the lock of the migrations, which is long\n";
        progress.output(&attempt("app2", Part::Main), Stream::Stdout, said);
        progress
    }

    fn heading() -> Heading {
        Heading { name: "rollback-compose".to_owned(), environment: "PROD".to_owned() }
    }

    #[test]
    fn twelve_hosts_take_at_most_a_dozen_lines() {
        let screen = plain(&draw(&heading(), &progress(), Duration::from_secs(72)));
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        assert!(screen.lines().count() <= 12, "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn a_step_that_ended_leaves_a_line() {
        let mut progress = progress();
        let step: StepId = "up".parse().unwrap();
        let why = Some("exit 3 on app2".to_owned());
        let fact = Event::StepEnded { step, status: StepStatus::Failed, why };
        progress.observe(&record(40, fact.clone()));
        let line = permanent(&fact, &progress).map(|line| plain(&line));
        assert_eq!(
            line.as_deref(),
            Some(" ✗ up              1/12   40s      failed  exit 3 on app2\n")
        );
        assert_eq!(permanent(&Event::Previewed, &progress), None);
    }

    #[test]
    fn who_asked_to_stop_is_said() {
        let mut progress = progress();
        progress.observe(&record(60, Event::StopAsked { how: "SIGINT".to_owned() }));
        let screen = plain(&draw(&heading(), &progress, Duration::from_secs(72)));
        assert!(screen.ends_with("SIGINT: nothing new starts, what runs goes on"), "{screen}");
    }
}
