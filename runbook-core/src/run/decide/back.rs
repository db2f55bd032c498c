//! The run goes back: what runs has ended, and what it did is undone, one step on one host at a time.
//! What it does not do by itself, a person is asked.

use super::super::back::{Back, BackCard, BackEnd, Obstacle, ObstacleCard, Way};
use super::super::event::{Event, Topic};
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Question};
use super::super::state::{GoingBack, Phase, Turn};
use super::super::status::{Ending, StepStatus};
use super::chain::Link;
use super::step::step_ended;
use crate::base::HostName;
use crate::runbook::{OnFailure, Step, Undo};

impl Run {
    /// A step failed for good that goes back by itself: the run does.
    pub(super) fn goes_back_by_itself(&self, ending: &Ending) -> Option<Move> {
        let state = self.state();
        if state.back.is_some() || state.phase < Phase::Execution || self.options().preview_only {
            return None;
        }
        let Ending::Failed { .. } = ending else { return None };
        let steps = self.plan().runbook.steps.iter();
        let mut failed = steps.filter_map(|step| {
            let back = match step.on_failure.as_ref()? {
                OnFailure::Undo => Back::Only(step.id.clone()),
                OnFailure::UndoTo(to) => Back::To(to.clone()),
                OnFailure::Ask | OnFailure::Stop | OnFailure::Continue => return None,
            };
            self.failed_too_often(step).map(|ending| (back, ending))
        });
        let (back, ending) = failed.next()?;
        let why = match ending {
            Ending::Failed { step, sentence } => format!("`{step}` failed: {sentence}"),
            _ => return None,
        };
        Some(Move::fact(Event::UndoBegan { back, by: None, why }))
    }

    /// Ok when the run does not go back, or has.
    pub(super) fn back_move(&self) -> Result<(), Option<Move>> {
        let Some(going) = self.state().back.as_ref().filter(|going| going.ended.is_none()) else {
            return Ok(());
        };
        let chain = self.chain(&going.back);
        if let Some(next) = self.seal_move(&chain) {
            return Err(Some(next));
        }
        let open = |link: &Link<'_>| link.hosts.iter().any(|host| self.is_open(link.step, host));
        let Some(link) = chain.iter().find(|link| open(link)) else {
            return Err(Some(self.back_ended(going, BackEnd::Complete)));
        };
        if let Some(step) = &going.quit {
            return Err(Some(self.quit_move(going, step)));
        }
        self.lock_for_undo(going)?;
        if !going.agreed {
            return Err(self.agree_to_undo(going));
        }
        Err(self.link_undo_move(going, link, &chain))
    }

    /// A step that was undone wherever it had started is undone.
    fn seal_move(&self, chain: &[Link<'_>]) -> Option<Move> {
        let undone = chain.iter().find(|link| {
            let sealed = self.state().steps.get(&link.step.id).is_some_and(|step| step.undone);
            !sealed && self.is_undone(link)
        })?;
        Some(step_ended(undone.step, StepStatus::Undone, None))
    }

    /// Whether a step is still to be undone on a host.
    fn is_open(&self, step: &Step, host: &HostName) -> bool {
        let turn = self.state().turn(&step.id, host);
        turn.is_some_and(|turn| turn.undone != Some(Ok(())) && !turn.undo_passed)
    }

    fn back_ended(&self, going: &GoingBack, how: BackEnd) -> Move {
        Move::fact(Event::UndoEnded { how, left: self.left(&going.back) })
    }

    fn quit_move(&self, going: &GoingBack, step: &crate::base::StepId) -> Move {
        let turns = self.state().steps.get(step).and_then(|step| step.hosts.as_ref());
        let failed =
            turns.into_iter().flatten().any(|(_, turn)| matches!(turn.undone, Some(Err(_))));
        let sentence = format!("a person stopped at `{step}`");
        let how = if failed { BackEnd::Failed(sentence) } else { BackEnd::PersonNeeded(sentence) };
        self.back_ended(going, how)
    }

    /// A run that was taken up again takes its locks again first, here and on its hosts.
    fn lock_for_undo(&self, going: &GoingBack) -> Result<(), Option<Move>> {
        let taken = self.lock_move().and_then(|()| self.host_lock_move());
        taken.map_err(|next| match next {
            Some(Move {
                event:
                    Event::Ending {
                        ending:
                            Ending::Locked { sentence }
                            | Ending::Precondition { sentence }
                            | Ending::Unreachable { sentence },
                    },
                ..
            }) => Some(self.back_ended(going, BackEnd::PersonNeeded(sentence))),
            next => next,
        })
    }

    /// One yes for everything that is shown.
    fn agree_to_undo(&self, going: &GoingBack) -> Option<Move> {
        let card = self.back_card(&going.back, &going.why);
        if self.options().yes || self.agreed_to(&card) {
            return Some(Move::fact(Event::UndoAgreed));
        }
        let end = |why: &str| Some(self.back_ended(going, BackEnd::PersonNeeded(why.to_owned())));
        if !self.options().person {
            return end("a person must agree to it (--yes agrees to undos that change something)");
        }
        let about = Topic::GoBack { chain: card.digest };
        let mut asked = self.state().questions.values().rev();
        match asked.find(|asked| asked.about == about).map(|asked| &asked.answer) {
            None => self.ask_once(about, || Question::GoBack(card)),
            Some(None) => None,
            Some(Some(_)) => end("it was not agreed to"),
        }
    }

    /// Whether a person agreed to exactly this, here or on the card of the failure.
    fn agreed_to(&self, card: &BackCard) -> bool {
        let wanted = card.type_instead.as_deref();
        self.state().questions.values().any(|asked| match (&asked.about, &asked.answer) {
            (Topic::GoBack { chain }, Some((answer, _))) if *chain == card.digest => {
                match (answer, wanted) {
                    (Answer::Yes, None) => true,
                    (Answer::Typed(words), Some(word)) => words.as_slice() == [word],
                    _ => false,
                }
            }
            (Topic::Failure { .. }, Some((Answer::GoBack { typed, chain }, _))) => {
                *chain == card.digest && typed == wanted.unwrap_or("yes")
            }
            _ => false,
        })
    }

    /// The next thing for the step whose turn it is.
    fn link_undo_move(
        &self,
        going: &GoingBack,
        link: &Link<'_>,
        chain: &[Link<'_>],
    ) -> Option<Move> {
        let step = link.step;
        let open: Vec<&HostName> =
            link.hosts.iter().copied().filter(|host| self.is_open(step, host)).collect();
        let host = *open.first()?;
        let turn = self.state().turn(&step.id, host)?;
        match self.way(step, chain) {
            Way::None(why) => {
                return self.obstacle_move(going, step, &open, Obstacle::NoUndo(why), false);
            }
            Way::By(other) => {
                let covered = chain.iter().find(|link| link.step.id == other);
                if covered.is_some_and(|link| self.is_undone(link)) {
                    let (step, host) = (step.id.clone(), host.clone());
                    return Some(Move::fact(Event::Undone { step, host, failure: None }));
                }
                let why = format!("the undo of `{other}` covers it, and was not done everywhere");
                let obstacle = Obstacle::NoUndo(Some(why));
                return self.obstacle_move(going, step, &open, obstacle, false);
            }
            Way::Change | Way::Destroy | Way::Manual => {}
        }
        if let Some(why) = self.is_unknown(&step.id, host).filter(|_| !turn.undo_anyway) {
            let obstacle = Obstacle::Unknown(why);
            return self.obstacle_move(going, step, &[host], obstacle, true);
        }
        match &turn.undone {
            Some(Err(why)) => {
                let again = !self.is_undo_unknown(turn);
                self.obstacle_move(going, step, &[host], Obstacle::Failed(why.clone()), again)
            }
            _ if turn.undo_place.is_none() => {
                let (step, host) = (step.id.clone(), host.clone());
                Some(Move::fact(Event::UndoTurnBegan { step, host }))
            }
            _ => self.undo_move(step, host, turn),
        }
    }

    /// Asks a person; where nobody is there, going back ends here.
    fn obstacle_move(
        &self,
        going: &GoingBack,
        step: &Step,
        hosts: &[&HostName],
        obstacle: Obstacle,
        may_undo: bool,
    ) -> Option<Move> {
        let hosts: Vec<HostName> = hosts.iter().copied().cloned().collect();
        if self.options().person {
            let about = Topic::Obstacle { step: step.id.clone(), hosts: hosts.clone() };
            let step = step.id.clone();
            return self.ask_once(about, || {
                Question::Obstacle(ObstacleCard { step, hosts, obstacle, may_undo })
            });
        }
        let id = &step.id;
        let how = match obstacle {
            Obstacle::Failed(why) => BackEnd::Failed(format!("the undo of `{id}` failed: {why}")),
            Obstacle::Unknown(why) => BackEnd::PersonNeeded(format!(
                "it is not known whether `{id}` ran: {why}; a person must say whether to undo it"
            )),
            Obstacle::NoUndo(_) => BackEnd::PersonNeeded(format!(
                "`{id}` has no undo; a person must say whether to go past it"
            )),
        };
        Some(self.back_ended(going, how))
    }

    /// What of going back from a step needs a person who is not there, before anything is changed.
    pub(super) fn undo_needs_person(&self, step: &Step) -> Option<String> {
        let undone: Vec<&Step> = match step.on_failure.as_ref()? {
            OnFailure::Undo => vec![step],
            OnFailure::UndoTo(to) => self.may_be_undone(step, to),
            OnFailure::Ask | OnFailure::Stop | OnFailure::Continue => return None,
        };
        undone.iter().find_map(|other| {
            let what = match &other.undo {
                Undo::Step(undo) => undo_by_person(undo)?,
                Undo::By(by) if undone.iter().any(|one| one.id == *by) => return None,
                Undo::By(_) | Undo::Never(_) | Undo::Unsaid => "which has no undo",
            };
            Some(format!("goes back past `{}` when it fails, {what}", other.id))
        })
    }

    /// The steps that may have started when `step` fails, down to `to`: all but those before that
    /// one and those behind this one.
    fn may_be_undone(&self, step: &Step, to: &crate::base::StepId) -> Vec<&Step> {
        let before = self.upstream(to);
        let steps = self.plan().runbook.steps.iter();
        steps
            .filter(|other| other.kind.changes() && self.may_run(other))
            .filter(|other| !before.contains(&other.id))
            .filter(|other| !self.upstream(&other.id).contains(&step.id))
            .collect()
    }

    /// Every step that one needs, directly or not.
    fn upstream(&self, step: &crate::base::StepId) -> Vec<crate::base::StepId> {
        let mut found = Vec::new();
        let mut left = vec![step.clone()];
        while let Some(next) = left.pop() {
            let needs = self.plan().runbook.step(&next).map(|step| step.needs.clone());
            for need in needs.unwrap_or_default() {
                if !found.contains(&need) {
                    found.push(need.clone());
                    left.push(need);
                }
            }
        }
        found
    }

    /// Whether the last thing an undo sent may or may not have run.
    fn is_undo_unknown(&self, turn: &Turn) -> bool {
        use super::super::attempt::Loss;
        use super::super::state::AttemptEnd;
        turn.undo_attempts.iter().any(|id| {
            let end = self.state().attempts.get(id).and_then(|attempt| attempt.end.as_ref());
            matches!(end, Some(AttemptEnd::Lost(Loss::Unknown(_))))
        })
    }
}

/// Why an undo needs a person; none where a program does it that only changes.
fn undo_by_person(undo: &crate::runbook::UndoStep) -> Option<&'static str> {
    use crate::runbook::{Probe, UndoAction};
    let mut checks = undo.precondition.iter().chain(&undo.verify);
    match undo.action {
        UndoAction::Destroy(_) => Some("whose undo is destructive"),
        UndoAction::Manual(_) => Some("which a person undoes"),
        UndoAction::Change(_) if checks.any(|check| matches!(check.probe, Probe::Ask(_))) => {
            Some("whose undo is attested by a person")
        }
        UndoAction::Change(_) => None,
    }
}
