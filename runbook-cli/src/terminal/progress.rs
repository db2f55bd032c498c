//! Where a run stands, folded from its records: what the display, the failure card and the summary
//! say of a host is said from here. Must not know how it is drawn.

use std::collections::BTreeMap;
use std::time::Duration;

use super::event_line::slot_word;
use indexmap::IndexMap;
use runbook_core::base::{AttemptNumber, HostName, Sanitiser, StepId, Value, ValueName};
use runbook_core::plan::Verdict;
use runbook_core::report::Stream;
use runbook_core::run::{About, AttemptId, Event, Part, Payload, Record, StepStatus};

/// How many of the last lines of an output are kept in memory.
const TAIL: usize = 50;
/// How many characters of a line are kept.
const LINE: usize = 400;

/// Where a run stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The steps that began, in that order.
    pub(crate) steps: IndexMap<StepId, StepProgress>,
    /// What the goal last came to.
    pub(crate) goal: Option<Verdict>,
    /// Milliseconds since the run's first record.
    pub(crate) elapsed: Duration,
    /// Whether something was changed or destroyed, or may have been.
    pub(crate) changed: bool,
    /// Hosts on which someone opened a shell, and who.
    pub(crate) shells: Vec<(HostName, String)>,
    /// Whether it goes back.
    pub(crate) going_back: bool,
    /// Whether someone asked the run to stop.
    pub(crate) stopping: Option<String>,
    first_elapsed: Option<u64>,
    tails: BTreeMap<AttemptId, Tail>,
}

/// Where a step stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct StepProgress {
    /// The hosts it was selected for, and how far it is on each.
    pub(crate) hosts: IndexMap<HostName, HostProgress>,
    /// How it ended.
    pub(crate) ended: Option<(StepStatus, Option<String>)>,
    /// When it began, on the run's clock.
    pub(crate) began: Duration,
    /// When it ended.
    pub(crate) finished: Option<Duration>,
    /// Its diagnose commands, in order: where, what, and which attempt.
    pub(crate) diagnosed: Vec<(HostName, Payload, AttemptId)>,
    /// The values it delivered.
    pub(crate) values: Vec<(ValueName, Option<HostName>, Option<Value>)>,
}

/// How far a step is on a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostProgress {
    /// How it ended there.
    pub(crate) ended: Option<(StepStatus, Option<String>)>,
    /// What it does now; empty before its turn.
    pub(crate) doing: String,
    /// When its turn began.
    pub(crate) began: Duration,
    /// What a check last saw.
    pub(crate) saw: Option<String>,
    /// Which attempt runs, or ran last.
    pub(crate) attempt: Option<AttemptId>,
}

/// The last lines of an output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    sanitisers: [Sanitiser; 2],
    open: [String; 2],
    /// The lines, oldest first.
    pub(crate) lines: std::collections::VecDeque<String>,
    /// How many there were.
    pub(crate) total: usize,
}

impl Tail {
    fn push(&mut self, stream: Stream, chunk: &[u8]) {
        let at = usize::from(stream == Stream::Stderr);
        let text = self.sanitisers[at].push(chunk).to_string();
        for piece in text.split_inclusive('\n') {
            let room = LINE.saturating_sub(self.open[at].chars().count());
            self.open[at].extend(piece.trim_end_matches('\n').chars().take(room));
            if piece.ends_with('\n') {
                self.line(at);
            }
        }
    }

    fn finish(&mut self) {
        for at in 0..2 {
            let rest = self.sanitisers[at].finish().to_string();
            self.open[at].push_str(&rest);
            if !self.open[at].is_empty() {
                self.line(at);
            }
        }
    }

    fn line(&mut self, at: usize) {
        if self.lines.len() == TAIL {
            self.lines.pop_front();
        }
        self.lines.push_back(std::mem::take(&mut self.open[at]));
        self.total += 1;
    }
}

impl Progress {
    /// Takes a fact in.
    pub(crate) fn observe(&mut self, record: &Record) {
        let first = *self.first_elapsed.get_or_insert(record.elapsed_ms);
        self.elapsed = Duration::from_millis(record.elapsed_ms.saturating_sub(first));
        match &record.fact {
            Event::Decided { step, skipped: None } => _ = self.step(step),
            Event::Selected { step, hosts } => self.selected(step, hosts),
            Event::TurnBegan { step, host } => self.turn_began(step, host),
            Event::Intended { attempt, effect, payload, .. } => {
                self.changed |= *effect > runbook_core::run::Effect::Read;
                self.intended(attempt, payload);
            }
            Event::Exited { attempt, .. } | Event::Lost { attempt, .. } => self.came_back(attempt),
            Event::InquiryBegan { about } => self.inquiry_began(about),
            Event::ProbeAnswered { probe, verdict } => self.saw(&probe.about, &probe.host, verdict),
            Event::InquiryEnded { about, verdict } => self.inquiry_ended(about, verdict),
            Event::Valued { step, host, name, value } => {
                let value = (name.clone(), host.clone(), value.clone());
                self.step(step).values.push(value);
            }
            Event::HostEnded { step, host, status, why } => {
                self.host(step, host).ended = Some((*status, why.clone()));
            }
            Event::Undone { step, host, failure } => {
                let status =
                    if failure.is_some() { StepStatus::Failed } else { StepStatus::Undone };
                self.host(step, host).ended = Some((status, failure.clone()));
            }
            Event::StepEnded { step, status, why } => self.step_ended(step, *status, why.as_ref()),
            Event::ShellOpened { host, by, .. } => {
                let shell = (host.clone(), by.clone());
                if !self.shells.contains(&shell) {
                    self.shells.push(shell);
                }
            }
            Event::UndoTurnBegan { step, host } => {
                self.turn_began(step, host);
                let host = self.host(step, host);
                "is being undone".clone_into(&mut host.doing);
                host.ended = None;
                self.step(step).ended = None;
            }
            Event::UndoBegan { .. } => self.going_back = true,
            Event::UndoEnded { .. } => self.went_back(),
            Event::StopAsked { how } => self.stopping = Some(how.clone()),
            _ => {}
        }
    }

    /// Takes the next bytes of an output in.
    pub(crate) fn output(&mut self, attempt: &AttemptId, stream: Stream, chunk: &[u8]) {
        self.tails.entry(attempt.clone()).or_default().push(stream, chunk);
    }

    /// The last lines an attempt printed.
    pub(crate) fn tail(&self, attempt: &AttemptId) -> Option<&Tail> {
        self.tails.get(attempt)
    }

    /// The last attempt of a step on a host, then its diagnose commands.
    pub(crate) fn attempts(&self, step: &StepId, host: &HostName) -> Vec<AttemptId> {
        let Some(step) = self.steps.get(step) else { return vec![] };
        let own = step.hosts.get(host).and_then(|host| host.attempt.clone());
        let diagnosed = step.diagnosed.iter().filter(|(on, ..)| on == host);
        own.into_iter().chain(diagnosed.map(|(.., attempt)| attempt.clone())).collect()
    }

    fn step(&mut self, step: &StepId) -> &mut StepProgress {
        let began = self.elapsed;
        self.steps
            .entry(step.clone())
            .or_insert_with(|| StepProgress { began, ..StepProgress::default() })
    }

    fn host(&mut self, step: &StepId, host: &HostName) -> &mut HostProgress {
        self.step(step).hosts.entry(host.clone()).or_default()
    }

    fn selected(&mut self, step: &StepId, hosts: &[HostName]) {
        for host in hosts {
            self.host(step, host);
        }
    }

    fn turn_began(&mut self, step: &StepId, host: &HostName) {
        let began = self.elapsed;
        let host = self.host(step, host);
        host.began = began;
        "begins".clone_into(&mut host.doing);
    }

    fn intended(&mut self, attempt: &AttemptId, payload: &Payload) {
        if matches!(attempt.part, Part::Diagnose(_)) {
            let diagnosed = (attempt.host.clone(), payload.clone(), attempt.clone());
            self.step(&attempt.step).diagnosed.push(diagnosed);
            return;
        }
        let doing = match attempt.part {
            // what is offered is no part of what the step does
            Part::Suggest(_) => return,
            Part::Main if attempt.number == AttemptNumber(1) => "runs".to_owned(),
            Part::Main => format!("runs, attempt {}", attempt.number),
            Part::Items => "lists what will be acted on".to_owned(),
            Part::Undo => "is being undone".to_owned(),
            Part::Diagnose(_) => "diagnose".to_owned(),
        };
        let host = self.host(&attempt.step, &attempt.host);
        host.doing = doing;
        host.attempt = Some(attempt.clone());
    }

    /// What is not undone by now is not any more.
    fn went_back(&mut self) {
        self.going_back = false;
        for step in self.steps.values_mut().filter(|step| step.ended.is_none()) {
            step.ended = Some((StepStatus::Failed, None));
        }
    }

    fn came_back(&mut self, attempt: &AttemptId) {
        if let Some(tail) = self.tails.get_mut(attempt) {
            tail.finish();
        }
    }

    fn inquiry_began(&mut self, about: &About) {
        if let About::Step { step, host: Some(host), slot, .. } = about {
            let host = self.host(step, host);
            slot_word(*slot).clone_into(&mut host.doing);
            host.saw = None;
        }
    }

    fn saw(&mut self, about: &About, on: &HostName, verdict: &Verdict) {
        let About::Step { step, host, slot, .. } = about else { return };
        let hosts = &mut self.step(step).hosts;
        // what is asked once for all of a step's hosts, such as the goal, may be asked elsewhere
        let one = host.as_ref().or_else(|| hosts.contains_key(on).then_some(on));
        for (_, host) in hosts.iter_mut().filter(|(name, _)| one.is_none_or(|one| one == *name)) {
            slot_word(*slot).clone_into(&mut host.doing);
            host.saw = Some(verdict.line().to_owned());
        }
    }

    fn inquiry_ended(&mut self, about: &About, verdict: &Verdict) {
        if matches!(about, About::GoalAtStart | About::GoalAtEnd) {
            self.goal = Some(verdict.clone());
        }
    }

    fn step_ended(&mut self, step: &StepId, status: StepStatus, why: Option<&String>) {
        let now = self.elapsed;
        let step = self.step(step);
        step.ended = Some((status, why.cloned()));
        step.finished = Some(now);
    }
}
