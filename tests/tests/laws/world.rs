//! A scripted world: it answers every order in an order and a way that chance decides.

use std::collections::VecDeque;
use std::time::Duration;

use crate::hosts::Hosts;
use runbook_core::base::Digest;
use runbook_core::plan::{Exit, Identity, Verdict};
use runbook_core::run::{
    Action, Answer, AttemptId, Effect, Input, JobBase, Keeper, Loss, Order, Outcome, OutputDigest,
    Part, ProbeId, Question, QuestionId, Timer,
};

/// What the world owes an answer to.
#[derive(Clone, Debug)]
pub(crate) enum Owed {
    Lock(String, Option<runbook_core::base::HostName>),
    Connect(runbook_core::base::HostName),
    Probe(ProbeId),
    Attempt(AttemptId, Effect),
    Timer(Timer),
    Question(QuestionId, Box<Question>),
    Base(Keeper),
    Sought(AttemptId),
}

/// How kind the world is, and the chance it draws from.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) owed: VecDeque<Owed>,
    /// The locks that hosts hold for the run.
    held: Vec<(String, runbook_core::base::HostName)>,
    chance: Vec<u8>,
    drawn: usize,
    /// Nothing fails any more.
    kind: bool,
    /// Everything that was handed to a transport.
    pub(crate) sent: Vec<(Order, bool)>,
    pub(crate) closed: bool,
    /// The jobs of its hosts.
    pub(crate) hosts: Hosts,
}

impl World {
    pub(crate) fn new(chance: Vec<u8>, kind: bool) -> Self {
        Self {
            owed: VecDeque::new(),
            held: Vec::new(),
            chance,
            drawn: 0,
            kind,
            sent: Vec::new(),
            closed: false,
            hosts: Hosts::default(),
        }
    }

    /// Nothing fails from now on.
    pub(crate) fn be_kind(&mut self) {
        self.kind = true;
    }

    /// The process is gone, and with it everything that it waited for.
    pub(crate) fn forget(&mut self) {
        self.owed.clear();
        self.held.clear();
        self.closed = false;
    }

    /// The next chance, 0 to 255; when it is used up the world is kind and goes in order.
    fn draw(&mut self) -> u8 {
        self.drawn += 1;
        self.chance.get(self.drawn - 1).copied().unwrap_or(0)
    }

    fn spent(&self) -> bool {
        self.kind || self.drawn >= self.chance.len()
    }

    /// One in `n`, unless the world is kind.
    fn bad(&mut self, n: u8) -> bool {
        let draw = self.draw();
        !self.spent() && draw % n == n - 1
    }

    pub(crate) fn take(&mut self, action: Action) {
        match action {
            Action::TakeLock { name, host } => self.owed.push_back(Owed::Lock(name, host)),
            Action::Connect { host } => self.owed.push_back(Owed::Connect(host)),
            Action::Probe(order) => self.owed.push_back(Owed::Probe(order.id)),
            Action::Start(order) => {
                self.owed.push_back(Owed::Attempt(order.id.clone(), order.effect));
                self.hosts.start(&order);
                self.sent.push((order, false));
            }
            Action::Destroy(approved) => {
                let order = approved.order().clone();
                self.owed.push_back(Owed::Attempt(order.id.clone(), order.effect));
                self.hosts.start(&order);
                self.sent.push((order, true));
            }
            Action::SetTimer { timer, .. } => self.owed.push_back(Owed::Timer(timer)),
            Action::Ask { id, question } => {
                self.owed.push_back(Owed::Question(id, Box::new(question)));
            }
            Action::ChooseBase { keeper } => self.owed.push_back(Owed::Base(keeper)),
            Action::Withdraw { id } => {
                self.owed.retain(|owed| !matches!(owed, Owed::Question(other, _) if *other == id));
            }
            Action::Seek { attempt, .. } => self.owed.push_back(Owed::Sought(attempt)),
            Action::Follow(order) => {
                self.hosts.follow(&order.id);
                self.owed.push_back(Owed::Attempt(order.id, order.effect));
            }
            Action::Close { .. } => self.closed = true,
            _ => {}
        }
    }

    /// The next news; none when nothing is owed.
    pub(crate) fn news(&mut self) -> Option<Input> {
        if self.owed.is_empty() {
            return None;
        }
        if self.bad(200) {
            return Some(Input::StopAsked { how: "SIGINT".to_owned() });
        }
        if !self.held.is_empty() && self.bad(60) {
            let (name, host) = self.held.remove(0);
            return Some(Input::LockLost { name, host });
        }
        if self.bad(100) {
            let to = self.draw().is_multiple_of(2).then(|| "s1".parse().expect("a step"));
            return Some(Input::UndoAsked { to, by: "person".to_owned() });
        }
        let index = usize::from(self.draw()) % self.owed.len();
        let index = if self.spent() { 0 } else { index };
        let owed = self.owed.remove(index)?;
        Some(self.answer(owed))
    }

    fn answer(&mut self, owed: Owed) -> Input {
        match owed {
            Owed::Lock(name, host) if self.bad(10) => {
                Input::LockRefused { name, host, holder: "someone".to_owned() }
            }
            Owed::Lock(name, host) => {
                self.held.extend(host.clone().map(|host| (name.clone(), host)));
                Input::LockTaken { name, host }
            }
            Owed::Base(keeper) if self.bad(40) => {
                Input::BaseRefused { keeper, why: "the disk is full".to_owned() }
            }
            Owed::Base(keeper) => {
                let base = JobBase { path: "/jobs".to_owned(), in_memory: false };
                Input::BaseChosen { keeper, base, passed_over: Vec::new() }
            }
            Owed::Connect(host) if self.bad(20) => {
                Input::Unreachable { host, why: "no route".to_owned() }
            }
            Owed::Connect(host) => Input::Connected { identity: identity(host.as_str()), host },
            Owed::Probe(probe) => Input::ProbeAnswered { probe, verdict: self.verdict() },
            Owed::Attempt(attempt, effect) => self.attempt(attempt, effect),
            Owed::Sought(attempt) => {
                let found = self.hosts.seek(&attempt);
                Input::Found { attempt, found }
            }
            Owed::Timer(timer) => Input::TimerFired { timer },
            Owed::Question(question, what) => {
                Input::Answered { question, answer: self.person(&what), by: "person".to_owned() }
            }
        }
    }

    fn verdict(&mut self) -> Verdict {
        let draw = self.draw();
        match draw % 16 {
            _ if self.spent() => Verdict::Held { saw: "yes".to_owned() },
            12..=14 => Verdict::NotMet { saw: "no".to_owned() },
            15 => Verdict::Error { why: "broken".to_owned() },
            _ => Verdict::Held { saw: "yes".to_owned() },
        }
    }

    fn attempt(&mut self, attempt: AttemptId, effect: Effect) -> Input {
        let draw = self.draw();
        match draw % 32 {
            29 if !self.spent() && !self.hosts.was_followed(&attempt) => {
                self.hosts.never_started(&attempt);
                return Input::Lost { attempt, loss: Loss::NotStarted("refused".to_owned()) };
            }
            30 if !self.spent() => {
                return Input::Lost { attempt, loss: Loss::Unknown("the link dropped".to_owned()) };
            }
            _ => {}
        }
        let failure = (!self.spent() && draw % 32 > 25).then(|| "exit 1".to_owned());
        let lists = matches!(attempt.part, Part::Items | Part::Suggest(_));
        let items =
            (lists && failure.is_none()).then(|| (0..draw % 3).map(|n| n.to_string()).collect());
        let nothing = OutputDigest { bytes: 0, sha256: Digest::of("") };
        let _ = effect;
        self.hosts.end(&attempt);
        Input::Exited {
            attempt,
            outcome: Outcome {
                exit: Some(Exit::Code(i32::from(failure.is_some()))),
                failure,
                captured: Vec::new(),
                items,
                stdout: nothing,
                stderr: nothing,
                took: Duration::from_millis(1),
            },
        }
    }

    fn person(&mut self, question: &Question) -> Answer {
        let draw = self.draw();
        let kind = self.spent();
        match question {
            Question::Changes { type_instead: Some(word), .. } if kind || draw % 8 != 7 => {
                Answer::Typed(vec![word.clone()])
            }
            Question::Changes { .. } | Question::Attest { .. } if kind || draw % 8 != 7 => {
                Answer::Yes
            }
            Question::Destroy(card) if kind || draw % 8 < 5 => {
                Answer::Typed(card.hosts.iter().map(|host| host.confirm.clone()).collect())
            }
            Question::Destroy(card) if draw % 8 == 5 => {
                Answer::Typed(card.hosts.iter().map(|_| "wrong".to_owned()).collect())
            }
            Question::Destroy(_) if draw % 8 == 6 => Answer::PassOver,
            Question::Signatures(wanted) => match draw % 8 {
                6 if !kind => Answer::Refused("it is of another request".to_owned()),
                7 if !kind => Answer::Quit,
                // One who signs twice does not count twice.
                n if !kind => signed(["ana", "ben", "cy"][usize::from(n) % 3]),
                _ => {
                    let new = |by: &&&str| !wanted.given.iter().any(|given| given == **by);
                    signed(["ana", "ben", "cy"].iter().find(new).unwrap_or(&"ana"))
                }
            },
            Question::GoBack(card) if kind || draw % 8 != 7 => match &card.type_instead {
                Some(word) => Answer::Typed(vec![word.clone()]),
                None => Answer::Yes,
            },
            Question::Obstacle(card) => match draw % 4 {
                _ if kind => Answer::PassOver,
                0 | 1 if card.may_undo => Answer::Undo,
                0..=2 => Answer::PassOver,
                _ => Answer::Quit,
            },
            Question::Failure(card) => match draw % 6 {
                _ if kind => Answer::PassOver,
                5 => match &card.back {
                    Some(back) if draw % 4 > 1 => {
                        let word = back.type_instead.clone();
                        let typed = word.unwrap_or_else(|| "yes".to_owned());
                        Answer::GoBack { typed, chain: back.digest }
                    }
                    _ => Answer::GoBack { typed: String::new(), chain: Digest::of("") },
                },
                0 if card.may.retry => Answer::Retry,
                1 if card.may.undo => Answer::Undo,
                2 => Answer::PassOver,
                3 => Answer::Shell,
                _ => Answer::Quit,
            },
            Question::Unknown(card) => match draw % 6 {
                _ if kind => Answer::Accept,
                0 | 1 => Answer::Accept,
                2 => Answer::Again,
                3 if card.may_seek => Answer::Seek,
                _ => Answer::Quit,
            },
            Question::Choose { .. } if kind || draw % 8 < 6 => Answer::Chosen("go".to_owned()),
            Question::Choose { .. } if draw % 8 == 6 => Answer::Chosen("stop".to_owned()),
            Question::Manual { .. } if kind || draw % 8 != 7 => Answer::Done(Vec::new()),
            _ => Answer::No,
        }
    }
}

/// A signature that was found good.
fn signed(by: &str) -> Answer {
    let signature = serde_json::json!({"by": by, "key": format!("SHA256:{by}"), "text": "x"});
    Answer::Signed(serde_json::from_value(signature).expect("a signature is text"))
}

pub(crate) fn identity(host: &str) -> Identity {
    Identity {
        hostname: host.to_owned(),
        machine_id: "1".to_owned(),
        boot_id: "1".to_owned(),
        user: "root".to_owned(),
        fingerprint: None,
    }
}
