//! What people are asked to approve: the card put, the terms it is put on, what was answered, and the
//! one order that enough approvals admit.

use super::super::action::Action;
use super::super::approval::{Approval, ApprovedOrder, Refusal, Terms};
use super::super::attempt::Order;
use super::super::event::{Event, Topic};
use super::super::handover::Request;
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Card, Question, QuestionId, SignaturesWanted};
use super::super::state::{Link, QuestionState, RequestState};
use super::super::status::StepStatus;
use super::order::intended;
use super::turn::host_ended;
use crate::base::{Digest, HostName};
use crate::plan::Identity;
use crate::runbook::Step;

impl Run {
    /// How many people it takes to approve a step: the step says it, and the environment raises it.
    pub(super) fn people_needed(&self, step: &Step) -> u32 {
        self.plan().environment.approvals_for(step.card.approvals)
    }

    /// Shows a card once, and takes in what was typed.
    pub(super) fn card_move(&self, step: &Step, host: &HostName, card: Card) -> Option<Move> {
        let Some((id, question)) = self.card_question(&card) else {
            let hosts = card.hosts.iter().map(|host| host.host.clone()).collect();
            let about = Topic::Destroy { step: step.id.clone(), hosts, digest: card.digest };
            return self.ask_once(about, || Question::Destroy(card));
        };
        let Some((request, asked)) = self.request_of(id) else {
            let terms = self.terms(&card, Some(id), self.people_needed(step));
            return Some(Move::fact(Event::Requested { card: card.digest, terms }));
        };
        let (answer, by) = question.answer.as_ref()?;
        let (status, why) = match answer {
            Answer::Typed(words) if asked.terms.needed > 1 && card.is_typed(words) => {
                return self.signatures_move(step, host, card, request, asked);
            }
            Answer::Typed(words) => match Approval::typed(&card, words, &asked.terms, by) {
                Some(approval) => return Some(Move::fact(Event::Approved { approval })),
                None => (StepStatus::Declined, "something else was typed"),
            },
            Answer::PassOver => (StepStatus::PassedOver, "a person chose to go on without it"),
            _ => (StepStatus::Declined, "it was not approved"),
        };
        Some(host_ended(step, host, status, Some(why.to_owned())))
    }

    /// Several people sign, one after the other, and each of them once.
    fn signatures_move(
        &self,
        step: &Step,
        host: &HostName,
        card: Card,
        request: Digest,
        asked: &RequestState,
    ) -> Option<Move> {
        let about = Topic::Signatures { step: step.id.clone(), request };
        let mut questions = self.state().questions.values().rev();
        let last = questions.find(|question| question.about == about);
        let given: Vec<&Approval> = self.state().approvals_of(request).collect();
        let refused = match last.map(|question| &question.answer) {
            None => None,
            Some(None) => return None,
            Some(Some((Answer::Signed(signature), _))) => {
                let approval = Approval::signed(&card, &asked.terms, signature)?;
                let is_it = |question: &&QuestionState| {
                    let same = |answer: &Answer| *answer == Answer::Signed(signature.clone());
                    question.about == about
                        && question.answer.as_ref().is_some_and(|(answer, _)| same(answer))
                };
                let times = self.state().questions.values().filter(is_it).count();
                if given.contains(&&approval) && times == 1 {
                    None
                } else if given.iter().any(|other| other.is_same_person(&approval)) {
                    Some(format!("{} has signed already; it takes someone else", approval.by()))
                } else {
                    return Some(Move::fact(Event::Approved { approval }));
                }
            }
            Some(Some((Answer::Refused(why), _))) => Some(why.clone()),
            Some(Some((Answer::Handed(_), _))) => Some("nobody looked at it".to_owned()),
            Some(Some((Answer::PassOver, _))) => {
                let why = Some("a person chose to go on without it".to_owned());
                return Some(host_ended(step, host, StepStatus::PassedOver, why));
            }
            Some(Some(_)) => {
                let (have, needed) = (Approval::people(given), asked.terms.needed);
                let why = format!("{have} of {needed} people had approved it");
                return Some(host_ended(step, host, StepStatus::Declined, Some(why)));
            }
        };
        let given = given.iter().map(|approval| approval.by().to_owned()).collect();
        let request = Request { card, terms: asked.terms.clone() };
        let wanted = SignaturesWanted { request, given, refused };
        self.ask_once(about, || Question::Signatures(wanted))
    }

    fn terms(&self, card: &Card, question: Option<QuestionId>, needed: u32) -> Terms {
        let chance = self.options().nonce.unwrap_or_else(|| Digest::of(""));
        let (chance, run) = (chance.to_string(), self.plan().run.id.as_str());
        let number = question.map_or_else(|| card.step.to_string(), |id| id.0.to_string());
        let parts = [chance.as_bytes(), run.as_bytes(), number.as_bytes()];
        let by = &self.state().driver;
        Terms::of(card, question, Digest::of_parts(parts), self.at(), needed, by)
    }

    /// The last question that shows this card, unless what it asks for stands no longer.
    fn card_question(&self, card: &Card) -> Option<(QuestionId, &QuestionState)> {
        let shows = |asked: &QuestionState| matches!(&asked.about, Topic::Destroy { digest, .. } if *digest == card.digest);
        let mut questions = self.state().questions.iter().rev();
        let (id, asked) = questions.find(|(_, asked)| shows(asked))?;
        let void = self.request_of(*id).is_some_and(|(_, asked)| asked.void);
        (!void).then_some((*id, asked))
    }

    /// Why a card is shown again.
    pub(super) fn note(&self, card: &Card) -> Option<String> {
        let mut requests = self.state().requests.values();
        let expired = requests.any(|asked| asked.expired && asked.card == card.digest);
        expired.then(|| "shown again: the card before it stood for 15 minutes".to_owned())
    }

    fn request_of(&self, question: QuestionId) -> Option<(Digest, &RequestState)> {
        let mut requests = self.state().requests.iter();
        let (request, asked) =
            requests.find(|(_, asked)| asked.terms.question == Some(question))?;
        Some((*request, asked))
    }

    /// Whether enough people approved this card, and it stands.
    pub(super) fn is_card_approved(&self, card: &Card) -> bool {
        let mut requests = self.state().requests.iter();
        requests
            .any(|(request, asked)| asked.card == card.digest && self.state().is_approved(*request))
    }

    /// The request by which enough people approved exactly this order.
    pub(super) fn request_for(&self, order: &Order) -> Option<Digest> {
        let state = self.state();
        let mut requests = state.requests.keys().copied();
        requests.find(|request| {
            state.is_approved(*request) && state.approvals_of(*request).all(|one| one.admits(order))
        })
    }

    /// Why a host is not the one that was approved.
    pub(super) fn is_another(&self, host: &HostName, request: Digest) -> Option<String> {
        let asked = self.state().requests.get(&request)?;
        let bound = asked.terms.hosts.iter().find(|bound| bound.host == *host)?;
        let now = self.identity(host).map(|identity| identity.digest());
        (bound.identity.is_some() && bound.identity != now).then(|| {
            "the host that answers now is not the one that was approved, or has rebooted".to_owned()
        })
    }

    /// The order with its approvals, recorded and sent.
    pub(super) fn admitted(&self, order: Order, request: Digest) -> Result<Move, Refusal> {
        let event = intended(&order);
        let approvals = self.state().approvals_of(request);
        match ApprovedOrder::admit(order, request, approvals, self.at()) {
            Ok(approved) => Ok(Move::order(event, Action::Destroy(approved))),
            Err((_, refusal)) => Err(refusal),
        }
    }

    /// Who a host said it is, where it is connected to.
    pub(super) fn identity(&self, host: &HostName) -> Option<Identity> {
        match self.link(host) {
            Some(Link::Up(identity)) => Some(identity.clone()),
            _ => None,
        }
    }
}
