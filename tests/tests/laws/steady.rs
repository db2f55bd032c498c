//! A world that answers the same question in the same way each time, whatever was lost in between,
//! with at most one trouble at one step; and a person who answers from what they see.

use std::collections::VecDeque;
use std::time::Duration;

use runbook_core::base::{Digest, HostName, StepId, Value, ValueType};
use runbook_core::plan::{Exit, Plan, Verdict};
use runbook_core::run::{
    About, Action, Answer, AttemptId, Input, JobBase, Loss, Order, Outcome, OutputDigest, Part,
    ProbeId, Question, QuestionId, Slot,
};
use runbook_core::runbook::Kind;

use crate::hosts::Hosts;
use crate::world::identity;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Nothing,
    /// The step fails the first time.
    FailsOnce,
    /// It fails each time.
    Fails,
    /// The connection drops before it is sent.
    NotSent,
    /// The connection drops while it runs, and does not come back.
    LinkGone,
}

/// The world.
#[derive(Clone, Debug)]
pub(crate) struct Steady {
    pub(crate) hosts: Hosts,
    trouble: Trouble,
    at: (StepId, HostName),
    /// The connection has dropped already.
    dropped: bool,
    owed: VecDeque<Owed>,
    /// How often a person had a step run again on a host: by `Retry`, or `Again`.
    pub(crate) words: Vec<(StepId, HostName)>,
    /// What a person took as done.
    pub(crate) accepted: Vec<StepId>,
    /// A person had what had run in vain, and nobody could tell, run again.
    pub(crate) redone: bool,
    pub(crate) closed: bool,
}

#[derive(Clone, Debug)]
enum Owed {
    News(Box<Input>),
    Question(QuestionId, Box<Question>),
}

impl Steady {
    pub(crate) fn new(trouble: Trouble, at: (StepId, HostName)) -> Self {
        Self {
            hosts: Hosts::default(),
            trouble,
            at,
            dropped: false,
            owed: VecDeque::new(),
            words: Vec::new(),
            accepted: Vec::new(),
            redone: false,
            closed: false,
        }
    }

    /// The process is gone, and with it everything that it waited for.
    pub(crate) fn forget(&mut self) {
        self.owed.clear();
        self.closed = false;
    }

    /// Whether nothing goes wrong in it.
    pub(crate) fn is_calm(&self) -> bool {
        self.trouble == Trouble::Nothing
    }

    /// Whether its trouble is a connection that drops.
    pub(crate) const fn drops(&self) -> bool {
        matches!(self.trouble, Trouble::NotSent | Trouble::LinkGone)
    }

    fn news(&mut self, input: Input) {
        self.owed.push_back(Owed::News(Box::new(input)));
    }

    /// The next news; none when nothing is owed.
    pub(crate) fn next(&mut self, plan: &Plan) -> Option<Input> {
        let input = match self.owed.pop_front()? {
            Owed::News(input) => *input,
            Owed::Question(question, what) => {
                let answer = self.person(&what, plan);
                Input::Answered { question, answer, by: "ana".to_owned() }
            }
        };
        match &input {
            Input::Exited { attempt, .. } | Input::Lost { attempt, .. } => self.hosts.end(attempt),
            _ => {}
        }
        Some(input)
    }

    pub(crate) fn take(&mut self, action: Action) {
        match action {
            Action::TakeLock { name, host } => self.news(Input::LockTaken { name, host }),
            Action::TakePlan { plan } => self.news(Input::PlanTaken { plan }),
            Action::Connect { host } => {
                self.news(Input::Connected { identity: identity(host.as_str()), host });
            }
            Action::ChooseBase { keeper } => {
                let base = JobBase { path: "/jobs".to_owned(), in_memory: false };
                self.news(Input::BaseChosen { keeper, base, passed_over: Vec::new() });
            }
            Action::Probe(order) => {
                let verdict = verdict(&order.id);
                self.news(Input::ProbeAnswered { probe: order.id, verdict });
            }
            Action::Start(order) => self.start(&order),
            Action::Destroy(approved) => self.start(approved.order()),
            Action::Seek { attempt, .. } => {
                let found = self.hosts.seek(&attempt);
                self.news(Input::Found { attempt, found });
            }
            Action::Follow(order) => {
                self.hosts.follow(&order.id);
                let outcome = self.outcome(&order);
                self.news(Input::Exited { attempt: order.id, outcome });
            }
            Action::SetTimer { timer, .. } => self.news(Input::TimerFired { timer }),
            Action::Ask { id, question } => {
                self.owed.push_back(Owed::Question(id, Box::new(question)));
            }
            Action::Withdraw { id } => {
                self.owed.retain(|owed| !matches!(owed, Owed::Question(other, _) if *other == id));
            }
            Action::Close { .. } => self.closed = true,
            Action::Cancel { .. } => self.hosts.wrong.push("nobody asked to stop it".to_owned()),
            other => self.hosts.wrong.push(format!("not an order of this world: {other:?}")),
        }
    }

    /// Whether it is the one at which its trouble comes.
    pub(crate) fn is_troubled(&self, id: &AttemptId) -> bool {
        id.part == Part::Main && (&id.step, &id.host) == (&self.at.0, &self.at.1)
    }

    fn start(&mut self, order: &Order) {
        let attempt = order.id.clone();
        let drops = self.is_troubled(&attempt) && !self.dropped;
        if drops && self.trouble == Trouble::NotSent {
            self.dropped = true;
            let loss = Loss::NotStarted("the link dropped before it was sent".to_owned());
            return self.news(Input::Lost { attempt, loss });
        }
        self.hosts.start(order);
        if drops && self.trouble == Trouble::LinkGone {
            self.dropped = true;
            let loss = Loss::Unknown("the link dropped while it ran".to_owned());
            return self.news(Input::Lost { attempt, loss });
        }
        let outcome = self.outcome(order);
        self.news(Input::Exited { attempt, outcome });
    }

    fn fails(&self, id: &AttemptId) -> bool {
        let first = self.hosts.times(&id.step, &id.host, id.part) <= 1;
        self.is_troubled(id)
            && (self.trouble == Trouble::Fails || (self.trouble == Trouble::FailsOnce && first))
    }

    fn outcome(&self, order: &Order) -> Outcome {
        let failure = self.fails(&order.id).then(|| "exit 1".to_owned());
        let lists = matches!(order.id.part, Part::Items | Part::Suggest(_));
        let wanted = order.captures.iter().filter(|_| failure.is_none());
        let captured = wanted.map(|(name, wanted)| (name.clone(), Some(value(&wanted.kind))));
        let captured = captured.collect();
        let nothing = OutputDigest { bytes: 0, sha256: Digest::of("") };
        Outcome {
            exit: Some(Exit::Code(i32::from(failure.is_some()))),
            failure,
            captured,
            items: lists.then(|| vec!["one".to_owned(), "two".to_owned()]),
            stdout: nothing,
            stderr: nothing,
            took: Duration::from_millis(1),
        }
    }

    fn person(&mut self, question: &Question, plan: &Plan) -> Answer {
        match question {
            Question::Changes { type_instead: Some(word), .. } => Answer::Typed(vec![word.clone()]),
            Question::Changes { .. } | Question::Attest { .. } => Answer::Yes,
            Question::Destroy(card) => {
                Answer::Typed(card.hosts.iter().map(|host| host.confirm.clone()).collect())
            }
            Question::Choose { options, .. } => {
                let goes_on = options.iter().find(|(_, (_, stops))| !stops);
                goes_on.map_or(Answer::No, |(key, _)| Answer::Chosen(key.clone()))
            }
            Question::Manual { ask, step, .. } => {
                let step = plan.runbook.step(step).expect("a step of the plan");
                let value = |name: &_| value(&step.ask[name].kind);
                Answer::Done(ask.iter().map(|name| (name.clone(), Some(value(name)))).collect())
            }
            Question::Failure(_) if self.trouble == Trouble::Fails => Answer::Quit,
            Question::Failure(card) => {
                self.words.push((card.step.clone(), card.host.clone()));
                Answer::Retry
            }
            // As long as the host can tell, it is asked; else they look, and see whether it did what
            // it should.
            Question::Unknown(card)
                if card.may_seek && !self.hosts.has_forgotten(&card.attempt) =>
            {
                Answer::Seek
            }
            Question::Unknown(card) => {
                let id = &card.attempt;
                if self.hosts.knows(id) && !self.fails(id) {
                    self.accepted.push(id.step.clone());
                    return Answer::Accept;
                }
                self.redone |= self.hosts.knows(id);
                self.words.push((id.step.clone(), id.host.clone()));
                Answer::Again
            }
            other => panic!("nobody is asked that here: {other:?}"),
        }
    }
}

/// The goal is not reached before the end, nothing is skipped or finished early, and the rest holds.
fn verdict(probe: &ProbeId) -> Verdict {
    let unmet = matches!(
        probe.about,
        About::GoalAtStart | About::Step { slot: Slot::SkipIf | Slot::FinishIf | Slot::StopIf, .. }
    );
    match unmet {
        true => Verdict::NotMet { saw: "no".to_owned() },
        false => Verdict::Held { saw: "yes".to_owned() },
    }
}

/// One value of each type.
fn value(kind: &ValueType) -> Value {
    let text = match kind {
        ValueType::Version => "v9.9.9",
        ValueType::Image => "registry.example.org/app:1",
        ValueType::Path => "/srv/app",
        ValueType::Url => "https://app.example.org",
        ValueType::Int | ValueType::Number => "1",
        ValueType::Bool => "true",
        ValueType::Duration => "1s",
        ValueType::Bytes => "1 GiB",
        ValueType::Time => "2026-01-01T00:00:00Z",
        ValueType::Json => "{}",
        _ => "word",
    };
    kind.parse(text).expect("a value of its type")
}

/// The steps that change something, each with the first host on which it can run.
pub(crate) fn changing(plan: &Plan) -> Vec<(StepId, HostName)> {
    let steps = plan.runbook.steps.iter();
    let steps = steps.filter(|step| matches!(step.kind, Kind::Change(_) | Kind::Destroy(_)));
    let hosts = plan.hosts.keys().next();
    steps
        .zip(hosts.into_iter().cycle())
        .map(|(step, host)| (step.id.clone(), host.clone()))
        .collect()
}
