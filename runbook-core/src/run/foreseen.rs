//! What a plan rests on: what was read before it was made, and must be the same when it
//! is executed. Knows nothing of files.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::about::{About, Slot};
use super::inquiry::checks;
use super::machine::Run;
use super::state::{Decision, Delivered, Link, Phase, StepState};
use crate::base::{Digest, HostName, StepId, Value};
use crate::plan::Verdict;
use crate::runbook::{Check, How, Probe, Step};

/// Something that was read, and on which what is done depends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Premise {
    /// Of which step; none for what is asked of the whole runbook or of a host.
    pub step: Option<StepId>,
    /// On which host; none for what is one for all.
    pub host: Option<HostName>,
    /// What was read, such as `when`, `items` or the name of a value; unique with the two others.
    pub what: String,
    /// What it is.
    pub is: String,
}

impl Premise {
    /// Where it was read and what it is about.
    #[must_use]
    pub fn place(&self) -> String {
        place(self.step.as_ref(), self.host.as_ref(), &self.what)
    }
}

fn place(step: Option<&StepId>, host: Option<&HostName>, what: &str) -> String {
    let step = step.map(|step| format!("step `{step}`"));
    let host = host.map(ToString::to_string);
    let place = [step, host].into_iter().flatten().collect::<Vec<_>>().join(" on ");
    if place.is_empty() { what.to_owned() } else { format!("{place}: {what}") }
}

/// A plan file, as far as the run that executes it must know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// Which plan: the digest of its file, so that a copy is the same plan.
    pub plan: Digest,
    /// When it was written.
    pub written: Timestamp,
    /// From when on it is not executed.
    pub expires: Timestamp,
    /// What it rests on.
    pub premises: Vec<Premise>,
}

/// A premise that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Of which step.
    pub step: Option<StepId>,
    /// On which host.
    pub host: Option<HostName>,
    /// What was read.
    pub what: String,
    /// What it was when the plan was made.
    pub before: String,
    /// What it is; none where it is not known now.
    pub now: Option<String>,
}

impl Difference {
    /// Where it is and what it is about.
    #[must_use]
    pub fn place(&self) -> String {
        place(self.step.as_ref(), self.host.as_ref(), &self.what)
    }

    /// What it is now, for a person.
    #[must_use]
    pub fn now(&self) -> &str {
        self.now.as_deref().unwrap_or("not known")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: was {}, is {}", self.place(), brief(&self.before), brief(self.now()))
    }
}

/// The most of a text that stands in a sentence.
const BRIEF: usize = 60;

fn brief(text: &str) -> String {
    let line = text.lines().collect::<Vec<_>>().join(", ");
    match line.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl Foreseen {
    /// Whether the plan may be executed now.
    ///
    /// # Errors
    /// Why not: it is too old, or a clock is wrong.
    pub fn stands_at(&self, now: Timestamp) -> Result<(), String> {
        let (written, expires) = (self.written, self.expires);
        if now < written {
            return Err(format!(
                "the plan was written at {written:.0} and it is {now:.0} here: a clock is wrong"
            ));
        }
        if now >= expires {
            return Err(format!("the plan expired at {expires:.0}, and it is {now:.0}"));
        }
        Ok(())
    }

    /// What is not as it was. `complete` is whether everything before the first change was read: then
    /// what is not known now is a difference too. What the plan did not know is none: only a
    /// difference elsewhere, or what a person decided since, makes it known.
    #[must_use]
    pub fn differences(&self, now: &[Premise], complete: bool) -> Vec<Difference> {
        let same = |one: &Premise, other: &Premise| {
            one.step == other.step && one.host == other.host && one.what == other.what
        };
        let difference = |before: &Premise| {
            let found =
                now.iter().find(|premise| same(premise, before)).map(|premise| premise.is.clone());
            let differs = match &found {
                Some(is) => *is != before.is,
                None => complete,
            };
            differs.then(|| Difference {
                step: before.step.clone(),
                host: before.host.clone(),
                what: before.what.clone(),
                before: before.is.clone(),
                now: found,
            })
        };
        self.premises.iter().filter_map(difference).collect()
    }
}

/// The premises that were gathered.
struct Gathered<'a> {
    run: &'a Run,
    premises: Vec<Premise>,
}

impl Run {
    /// What was read before the first change and decides what is done: who the hosts are, the verdicts
    /// of the goal, of preconditions, `when`, `where`, `skip_if`, `finish_if` and `stop_if`, the lists
    /// that are acted on, and the values that a program, a request, an expression or the words of a
    /// card name. What is only shown is not among them.
    #[must_use]
    pub fn premises(&self) -> Vec<Premise> {
        let mut gathered = Gathered { run: self, premises: Vec::new() };
        gathered.hosts();
        gathered.inquiry(None, None, "goal", &About::GoalAtStart);
        let preconditions = About::Preconditions { again: false };
        gathered.inquiry(None, None, "precondition", &preconditions);
        for step in &self.plan().runbook.steps {
            if let Some(state) = self.state().steps.get(&step.id) {
                gathered.step(step, state);
            }
            gathered.checks(step);
        }
        gathered.values();
        gathered.premises
    }

    /// What differs from the plan that is executed; nothing where none is, or once it was agreed to.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let Some(foreseen) = &self.options().foreseen else { return Vec::new() };
        match self.state().phase {
            Phase::Preview => foreseen.differences(&self.premises(), false),
            Phase::Consent => foreseen.differences(&self.premises(), true),
            Phase::Fresh | Phase::Execution => Vec::new(),
        }
    }
}

impl Gathered<'_> {
    fn add(
        &mut self,
        step: Option<&StepId>,
        host: Option<&HostName>,
        what: impl Into<String>,
        is: impl Into<String>,
    ) {
        let (step, host) = (step.cloned(), host.cloned());
        self.premises.push(Premise { step, host, what: what.into(), is: is.into() });
    }

    fn hosts(&mut self) {
        for host in self.run.plan().hosts.keys() {
            match self.run.state().hosts.get(host).and_then(|state| state.link.as_ref()) {
                Some(Link::Up(identity)) => {
                    self.add(None, Some(host), "connection", "reached");
                    self.add(None, Some(host), "hostname", &identity.hostname);
                    self.add(None, Some(host), "machine-id", &identity.machine_id);
                    if let Some(key) = &identity.fingerprint {
                        self.add(None, Some(host), "host key", key);
                    }
                }
                Some(Link::Down(_)) => self.add(None, Some(host), "connection", "not reached"),
                Some(Link::Connecting) | None => {}
            }
        }
    }

    fn step(&mut self, step: &Step, state: &StepState) {
        let id = Some(&step.id);
        if let (Some(decision), Some(_)) = (&state.decision, &step.when) {
            let is = matches!(decision, Decision::Runs);
            self.add(id, None, "when", is.to_string());
        }
        if let Some(hosts) = &state.hosts {
            let names: Vec<_> = hosts.keys().map(HostName::as_str).collect();
            self.add(id, None, "hosts", names.join("\n"));
        }
        let turns = state.hosts.iter().flatten();
        let listed = turns.filter_map(|(host, turn)| Some((host, turn.items.as_ref()?)));
        let listed: Vec<_> = state.preview_items.iter().chain(listed).collect();
        for (host, items) in listed {
            self.add(id, Some(host), "items", items.join("\n"));
        }
    }

    /// The lists of checks of a step that decide whether it runs, or whether the run goes on.
    fn checks(&mut self, step: &Step) {
        let run = self.run;
        for about in run.state().inquiries.keys() {
            let About::Step { step: of, host, slot, round: 1 } = about else { continue };
            let word = match slot {
                Slot::SkipIf => "skip_if",
                Slot::Precondition => "precondition",
                Slot::StopIf => "stop_if",
                Slot::FinishIf => "finish_if",
                _ => continue,
            };
            if *of == step.id {
                self.inquiry(Some(of), host.as_ref(), word, about);
            }
        }
    }

    /// What each check of a list came to. What was seen is not part of it.
    fn inquiry(
        &mut self,
        step: Option<&StepId>,
        host: Option<&HostName>,
        word: &str,
        about: &About,
    ) {
        let run = self.run;
        let Some(inquiry) = run.state().inquiries.get(about) else { return };
        let listed = checks(&run.plan().runbook, about);
        let several = listed.len() > 1;
        for (index, check) in (0..).zip(listed) {
            let settled = inquiry.checks.get(&index).and_then(|check| check.settled.as_ref());
            let Some(settled) = settled else { continue };
            let is = match settled {
                Some(Verdict::Held { .. }) => "holds",
                Some(Verdict::NotMet { .. }) => "does not hold",
                Some(Verdict::Error { .. }) => "no answer",
                None => "left out",
            };
            let number = if several { format!(" {}", index + 1) } else { String::new() };
            self.add(step, host, format!("{word}{number} ({})", asks(check)), is);
        }
    }

    /// The values that can change what is done.
    fn values(&mut self) {
        let run = self.run;
        let acting = run.plan().runbook.acting_names();
        let text = |value: &Option<Value>| value.as_ref().map_or("none".to_owned(), Value::text);
        for (name, delivered) in &run.state().values {
            if !acting.contains(name.as_str()) {
                continue;
            }
            let step = run.source_of(name.as_str());
            match delivered {
                Delivered::One(value) => self.add(step, None, name.as_str(), text(value)),
                Delivered::PerHost(values) => {
                    for (host, value) in values {
                        self.add(step, Some(host), name.as_str(), text(value));
                    }
                }
            }
        }
    }
}

/// What a check asks, as it is written: the same words whatever was read.
fn asks(check: &Check) -> String {
    if let Some(title) = &check.title {
        return title.source().to_owned();
    }
    match &check.probe {
        Probe::Read(How::Script(script)) => script.text.trim().lines().next().unwrap_or("").into(),
        Probe::Read(How::Argv(words)) => {
            words.iter().map(|word| word.source()).collect::<Vec<_>>().join(" ")
        }
        Probe::Read(How::Request(request)) | Probe::Http(request) => {
            format!("GET {}", request.url.source())
        }
        Probe::Tcp(address) => format!("connect to {}", address.source()),
        Probe::That(that) => that.source().to_owned(),
        Probe::Ask(text) => text.source().to_owned(),
        Probe::Goal => "the goal".to_owned(),
    }
}
