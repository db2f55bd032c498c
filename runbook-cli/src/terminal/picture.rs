//! The block that is drawn in place while a run goes on, at most a dozen lines, and the line a step
//! leaves behind when it has ended. Must not know of time but what it is given.

use std::time::Duration;

use runbook_core::base::units::show_duration;
use runbook_core::base::{HostName, SafeText, StepId};
use runbook_core::run::{Event, StepStatus};

use super::layout::{WIDTH, cut, ends, pad};
use super::progress::{HostProgress, Progress, StepProgress};
use super::theme::{BAD, FAINT, GOOD, LIVE, STRONG, WARN, paint};

/// The most lines of hosts that are shown.
const HOSTS_SHOWN: usize = 7;

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
    let mut room = HOSTS_SHOWN;
    for (id, step) in running {
        lines.push(step_line(id, step));
        let hosts = step.hosts.iter().filter(|(_, host)| !host.doing.is_empty());
        for (name, host) in hosts {
            if room == 0 {
                break;
            }
            room -= 1;
            lines.extend(host_lines(name, host, progress, elapsed));
        }
    }
    lines.push(match &progress.stopping {
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
        Event::StopAsked { how } => {
            let line = format!(" {}: nothing new starts, what runs goes on\n", SafeText::line(how));
            Some(paint(WARN, line))
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
    let good = step.hosts.values().filter(|host| is_done(host)).count();
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

fn is_done(host: &HostProgress) -> bool {
    matches!(host.ended, Some((StepStatus::Done | StepStatus::Skipped, _)))
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
