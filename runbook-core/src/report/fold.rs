//! How one more record changes the summary. Knows nothing of the rules of a run: it takes each fact
//! at its word.

use std::time::Duration;

use super::summary::{
    CheckTally, Decision, EffectLine, Ended, Fate, InquiryLine, Planned, StepHost, StepLine,
    Summary, ValueLine,
};
use crate::base::{HostName, StepId};
use crate::plan::Verdict;
use crate::run::{
    About, Answer, AttemptId, Effect, Event, Outcome, Part, ProbeId, QuestionId, Record,
    StepStatus, Topic,
};

impl Summary {
    /// Takes in the next record.
    pub fn observe(&mut self, record: &Record) {
        self.advance(record);
        match &record.fact {
            Event::Planned { run, runbook, digest, environment, operator, options } => {
                self.planned = Some(Planned {
                    run: run.clone(),
                    runbook: runbook.clone(),
                    digest: *digest,
                    environment: environment.clone(),
                    operator: operator.clone(),
                    options: options.clone(),
                });
            }
            Event::Connecting { .. } | Event::Connected { .. } | Event::Unreachable { .. } => {
                self.observe_host(&record.fact);
            }
            Event::Intended { attempt, effect, .. } => self.intended(attempt, *effect),
            Event::Exited { attempt, outcome } => self.exited(attempt, outcome),
            Event::Lost { attempt, loss } => self.settle(attempt, Fate::from(loss)),
            Event::Valued { step, host, name, value } => self.valued(ValueLine {
                step: step.clone(),
                host: host.clone(),
                name: name.clone(),
                value: value.clone(),
            }),
            Event::InquiryBegan { .. }
            | Event::ProbeAnswered { .. }
            | Event::InquiryEnded { .. } => self.observe_check(&record.fact),
            Event::Resumed { by, .. } => self.resumed(record, by),
            Event::Asked { question, about } => {
                self.clock.asked.insert(question.0, (self.took, about.clone()));
            }
            Event::Answered { question, answer, by } => {
                self.answered(record, *question, answer, by);
            }
            _ => self.observe_progress(&record.fact),
        }
    }

    /// What had ended badly, or had not begun, is open again.
    fn resumed(&mut self, record: &Record, by: &str) {
        self.resumed.push((record.at, by.to_owned()));
        (self.ended, self.ending, self.stop_asked) = (None, None, None);
        let open = |status: Option<StepStatus>| {
            status.filter(|status| {
                !matches!(
                    status,
                    StepStatus::Failed
                        | StepStatus::Declined
                        | StepStatus::Unknown
                        | StepStatus::Blocked
                        | StepStatus::Cancelled
                )
            })
        };
        for step in self.steps.values_mut() {
            step.status = open(step.status);
            step.hosts.values_mut().for_each(|host| host.status = open(host.status));
        }
    }

    /// Both clocks, and the chain.
    fn advance(&mut self, record: &Record) {
        if self.records > 0 {
            // Another boot begins its own count: what lies between is not known.
            let passed = record.elapsed_ms.saturating_sub(self.clock.elapsed_ms);
            self.took += Duration::from_millis(passed);
        }
        self.clock.elapsed_ms = record.elapsed_ms;
        self.began.get_or_insert(record.at);
        self.last = Some(record.at);
        self.records += 1;
        self.head = Some(record.sum);
    }

    fn observe_host(&mut self, fact: &Event) {
        match fact {
            Event::Connecting { host } => {
                self.hosts.entry(host.clone()).or_default();
            }
            Event::Connected { host, identity } => {
                let line = self.hosts.entry(host.clone()).or_default();
                line.identity = Some(identity.clone());
                line.unreachable = None;
            }
            Event::Unreachable { host, why } => {
                self.hosts.entry(host.clone()).or_default().unreachable = Some(why.clone());
            }
            _ => {}
        }
    }

    fn observe_progress(&mut self, fact: &Event) {
        match fact {
            Event::TurnBegan { step, host } => self.turn_began(step, host),
            Event::HostEnded { step, host, status, why } => {
                let began = self.clock.began_on.get(&(step.clone(), host.clone())).copied();
                let took = began.map_or(Duration::ZERO, |began| self.took.saturating_sub(began));
                let line = self.step_on(step, host);
                (line.status, line.why, line.took) = (Some(*status), why.clone(), took);
            }
            Event::Undone { step, host, failure } => {
                let line = self.step_on(step, host);
                line.undone = failure.is_none();
                line.undo_failure.clone_from(failure);
            }
            Event::UndoEnded { left, .. } => self.left.clone_from(left),
            Event::StepEnded { step, status, why } => {
                let began = self.clock.began.get(step).copied();
                let took = began.map_or(Duration::ZERO, |began| self.took.saturating_sub(began));
                let line = self.step(step);
                (line.status, line.why, line.took) = (Some(*status), why.clone(), took);
            }
            Event::Agreed => self.agreed = true,
            Event::ShellOpened { host, by, .. } => {
                self.shells.entry(host.clone()).or_default().insert(by.clone());
            }
            Event::Ending { ending } => self.ending = Some(ending.clone()),
            Event::StopAsked { how } => self.stop_asked = Some(how.clone()),
            Event::Ended { code, sentence } => {
                self.ended = Some(Ended { code: *code, sentence: sentence.clone() });
            }
            _ => {}
        }
    }

    fn turn_began(&mut self, step: &StepId, host: &HostName) {
        let now = self.took;
        self.clock.began.entry(step.clone()).or_insert(now);
        self.clock.began_on.insert((step.clone(), host.clone()), now);
        self.step_on(step, host);
    }

    fn step(&mut self, step: &StepId) -> &mut StepLine {
        self.steps.entry(step.clone()).or_default()
    }

    fn step_on(&mut self, step: &StepId, host: &HostName) -> &mut StepHost {
        self.step(step).hosts.entry(host.clone()).or_default()
    }

    fn intended(&mut self, attempt: &AttemptId, effect: Effect) {
        if attempt.part == Part::Main {
            let line = self.step_on(&attempt.step, &attempt.host);
            line.attempts += 1;
            line.retries += u32::from(line.failures > line.retries);
        }
        if effect > Effect::Read {
            let attempt = attempt.clone();
            self.effects.push(EffectLine { attempt, effect, fate: Fate::Intended });
        }
    }

    fn exited(&mut self, attempt: &AttemptId, outcome: &Outcome) {
        for (name, value) in &outcome.captured {
            self.valued(ValueLine {
                step: attempt.step.clone(),
                host: Some(attempt.host.clone()),
                name: name.clone(),
                value: value.clone(),
            });
        }
        self.settle(attempt, outcome.failure.clone().map_or(Fate::Done, Fate::Failed));
    }

    fn settle(&mut self, attempt: &AttemptId, fate: Fate) {
        if attempt.part == Part::Main && fate != Fate::Done {
            self.step_on(&attempt.step, &attempt.host).failures += 1;
        }
        if let Some(line) = self.effects.iter_mut().rfind(|line| line.attempt == *attempt) {
            line.fate = fate;
        }
    }

    fn valued(&mut self, line: ValueLine) {
        let same = |other: &&mut ValueLine| other.name == line.name && other.host == line.host;
        match self.values.iter_mut().find(same) {
            Some(other) => *other = line,
            None => self.values.push(line),
        }
    }

    fn answered(&mut self, record: &Record, question: QuestionId, answer: &Answer, by: &str) {
        let Some((since, about)) = self.clock.asked.shift_remove(&question.0) else { return };
        let waited = self.took.saturating_sub(since);
        self.waited += waited;
        if let Topic::Unknown { attempt } = &about {
            let what = match answer {
                Answer::Accept => Some("took it as done"),
                Answer::Again => Some("had it run again"),
                _ => None,
            };
            if let Some(what) = what {
                self.settle(attempt, Fate::Settled(format!("{by} {what}")));
            }
        }
        let (answer, by) = (answer.clone(), by.to_owned());
        self.decisions.push(Decision { at: record.at, about, answer, by, waited });
    }

    fn observe_check(&mut self, fact: &Event) {
        match fact {
            Event::InquiryBegan { about } => {
                self.inquiry(about);
            }
            Event::ProbeAnswered { probe, verdict } => {
                tally(self.inquiry(&probe.about), probe, verdict);
            }
            Event::InquiryEnded { about, verdict } => {
                self.inquiry(about).verdict = Some(verdict.clone());
            }
            _ => {}
        }
    }

    fn inquiry(&mut self, about: &About) -> &mut InquiryLine {
        let place = self.inquiries.iter().rposition(|line| line.about == *about);
        let place = place.unwrap_or_else(|| {
            let about = about.clone();
            self.inquiries.push(InquiryLine { about, verdict: None, checks: Vec::new() });
            self.inquiries.len() - 1
        });
        &mut self.inquiries[place]
    }
}

fn tally(line: &mut InquiryLine, probe: &ProbeId, verdict: &Verdict) {
    let held = u32::from(verdict.held());
    let same = |tally: &&mut CheckTally| {
        tally.check == probe.check && tally.part == probe.part && tally.host == probe.host
    };
    if let Some(tally) = line.checks.iter_mut().find(same) {
        tally.asked += 1;
        tally.held += held;
        tally.last = verdict.clone();
        return;
    }
    line.checks.push(CheckTally {
        check: probe.check,
        part: probe.part,
        host: probe.host.clone(),
        asked: 1,
        held,
        last: verdict.clone(),
    });
}
