//! Whether the records of a run could have been written by a run: what was intended, approved, sent and
//! ended, in an order that the machine allows, and the end that the machine comes to. Knows nothing of
//! bytes and files: that a chain is whole is the journal's to say.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::audit_approvals::{Approvals, Moment};
use crate::base::Digest;
use crate::plan::Plan;
use crate::run::{AttemptId, Effect, Event, Options, QuestionId, Record, Run, Terms};

/// What is wrong with a run's records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which record, by its `seq`; none where it is not one alone.
    pub record: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// How many records there are.
    pub records: usize,
    /// How many attempts were intended.
    pub attempts: usize,
    /// How many destroys were approved.
    pub approvals: usize,
    /// What is wrong, in order.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some(record) => write!(f, "record {record}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// What has been seen so far.
struct Auditor {
    run: Run,
    audit: Audit,
    seq: u64,
    approvals: Approvals,
    ended: BTreeMap<AttemptId, bool>,
    questions: BTreeMap<QuestionId, bool>,
    agreed: bool,
}

/// Holds the facts of a run of this plan against the laws of the machine.
#[must_use]
pub fn audit<'a>(plan: &Arc<Plan>, facts: impl IntoIterator<Item = &'a Event>) -> Audit {
    let mut auditor = Auditor::new(plan);
    facts.into_iter().for_each(|fact| auditor.take(fact, None));
    auditor.audit
}

/// The same of records, which tell also when it was.
#[must_use]
pub fn audit_records<'a>(plan: &Arc<Plan>, records: impl IntoIterator<Item = &'a Record>) -> Audit {
    let mut auditor = Auditor::new(plan);
    for record in records {
        let when = Moment { at: record.at, elapsed_ms: record.elapsed_ms };
        auditor.take(&record.fact, Some(when));
    }
    auditor.audit
}

impl Auditor {
    fn new(plan: &Arc<Plan>) -> Self {
        Self {
            run: Run::new(Arc::clone(plan), Options::default()),
            audit: Audit::default(),
            seq: 0,
            approvals: Approvals::default(),
            ended: BTreeMap::new(),
            questions: BTreeMap::new(),
            agreed: false,
        }
    }

    fn wrong(&mut self, what: impl Into<String>) {
        self.audit.findings.push(Finding { record: Some(self.seq), what: what.into() });
    }

    fn take(&mut self, fact: &Event, when: Option<Moment>) {
        self.order(fact);
        match fact {
            Event::Planned { digest, run, .. } => self.planned(*digest, run.as_str()),
            Event::Agreed => self.agreed(),
            Event::Resumed { .. } => self.approvals.resumed(),
            Event::Requested { card, terms } => self.requested(*card, terms, when),
            Event::Expired { request, .. } => self.approvals.expired(*request),
            Event::Approved { approval } => {
                self.audit.approvals += 1;
                let wrong = self.approvals.approved(approval, when);
                wrong.into_iter().for_each(|what| self.wrong(what));
            }
            Event::Intended { attempt, effect, digest, payload, .. } => {
                if attempt.order_digest(*effect, payload) != *digest {
                    self.wrong(format!("the digest of {attempt} is not that of what was sent"));
                }
                self.intended(attempt, *effect, *digest, when);
            }
            Event::Exited { attempt, .. } | Event::Lost { attempt, .. } => self.came_back(attempt),
            Event::Sought { attempt } => self.sought(attempt),
            Event::Reattached { attempt } | Event::Found { attempt, .. } => self.found(attempt),
            Event::Asked { question, .. } => self.asked(*question),
            Event::Answered { question, .. } => self.answered(*question),
            _ => {}
        }
        self.run.follow(fact);
        self.audit.records += 1;
        self.seq += 1;
    }

    /// `planned` comes first and once, and after an end only `resumed`.
    fn order(&mut self, fact: &Event) {
        let planned = matches!(fact, Event::Planned { .. });
        // What time it is may be read before it is planned.
        let first = self.seq == 0 || self.run.state().phase == crate::run::state::Phase::Fresh;
        if !first && planned {
            self.wrong("it was planned a second time");
        }
        if first && !planned && !matches!(fact, Event::ClockRead { .. }) {
            self.wrong("something happened before it was planned");
        }
        let resumed = matches!(fact, Event::Resumed { .. } | Event::ClockRead { .. });
        if self.run.state().ended.is_some() && !resumed {
            self.wrong("something happened after the run had ended");
        }
    }

    fn planned(&mut self, digest: Digest, run: &str) {
        if digest != self.run.plan().runbook.digest {
            self.wrong("the runbook that was kept is not the one that was planned");
        }
        if run != self.run.plan().run.id.as_str() {
            self.wrong("the plan that was kept is that of another run");
        }
    }

    /// A plan file is agreed to only where its premises hold, and after it was used up.
    fn agreed(&mut self) {
        self.agreed = true;
        let executes = self.run.options().foreseen.is_some();
        if executes && self.run.state().taking != crate::run::state::Taking::Taken {
            self.wrong("the plan that is executed was not used up before it was agreed to");
        }
        let differences = self.run.differences();
        if let Some(first) = differences.first() {
            self.wrong(format!("a stale plan was agreed to: {first}"));
        }
    }

    fn requested(&mut self, card: Digest, terms: &Terms, when: Option<Moment>) {
        let plan = self.run.plan();
        let own = plan.runbook.step(&terms.step).and_then(|step| step.card.approvals);
        let needed = plan.environment.approvals_for(own);
        let wrong = self.approvals.requested(card, terms, needed, when);
        wrong.into_iter().for_each(|what| self.wrong(what));
    }

    fn intended(
        &mut self,
        attempt: &AttemptId,
        effect: Effect,
        digest: Digest,
        when: Option<Moment>,
    ) {
        self.audit.attempts += 1;
        if self.ended.insert(attempt.clone(), false).is_some() {
            self.wrong(format!("the number of {attempt} was used twice"));
        }
        if effect > Effect::Read && !self.agreed {
            self.wrong(format!("{attempt} changes something and nothing was agreed to"));
        }
        if effect > Effect::Read && self.run.options().preview_only {
            self.wrong(format!("{attempt} changes something in a preview"));
        }
        if effect == Effect::Destroy {
            let wrong = self.approvals.sent(attempt, digest, when);
            wrong.into_iter().for_each(|what| self.wrong(what));
        }
        let plan = self.run.plan();
        if plan.runbook.step(&attempt.step).is_none() {
            self.wrong(format!("{attempt} is of no step of the plan"));
        } else if !plan.hosts.contains_key(&attempt.host) && attempt.host != "local" {
            self.wrong(format!("{attempt} is on no host of the plan"));
        }
    }

    fn came_back(&mut self, attempt: &AttemptId) {
        match self.ended.insert(attempt.clone(), true) {
            Some(false) => {}
            // Nobody knew how it had ended, and the run was taken up again: it is open once more.
            Some(true) if self.is_open(attempt) => {}
            Some(true) => self.wrong(format!("{attempt} ended twice")),
            None => self.wrong(format!("{attempt} ended and was never intended")),
        }
    }

    fn is_open(&self, attempt: &AttemptId) -> bool {
        self.run.state().attempts.get(attempt).is_some_and(|attempt| attempt.end.is_none())
    }

    /// What is looked for may end again: nobody knew how it had.
    fn sought(&mut self, attempt: &AttemptId) {
        if self.ended.insert(attempt.clone(), false).is_none() {
            self.wrong(format!("{attempt} was looked for and never intended"));
        }
    }

    fn found(&mut self, attempt: &AttemptId) {
        if !self.ended.contains_key(attempt) {
            self.wrong(format!("{attempt} was found and never intended"));
        }
    }

    fn asked(&mut self, question: QuestionId) {
        if self.questions.insert(question, false).is_some() {
            self.wrong(format!("question {} was put twice", question.0));
        }
    }

    fn answered(&mut self, question: QuestionId) {
        if self.questions.insert(question, true) != Some(false) {
            self.wrong(format!("question {} has an answer that was not asked for", question.0));
        }
    }
}
