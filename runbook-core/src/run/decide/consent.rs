//! Between the preview and the first change: can this run go on, and does a person agree?

use super::super::event::{Event, Topic};
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Question};
use super::super::status::Ending;
use super::gate::has_card;
use crate::runbook::{Check, Kind, Probe, Step};
use crate::template::Expression;

impl Run {
    /// The preview is known.
    pub(super) fn consent_move(&self) -> Option<Move> {
        if let Some(stale) = self.stale_move() {
            return Some(stale);
        }
        if self.options().preview_only {
            return end(Ending::PreviewOnly);
        }
        if let Some(sentence) = self.unknown_signers() {
            return end(Ending::PersonNeeded { sentence });
        }
        if let Some(ending) = self.stale_advance() {
            return end(ending);
        }
        if let Some(sentence) = self.unknown_choice() {
            return end(Ending::PersonNeeded { sentence });
        }
        if !self.options().person
            && let Some(sentence) = self.person_needed()
        {
            return end(Ending::PersonNeeded { sentence });
        }
        let changes = self.remaining().filter(|step| matches!(step.kind, Kind::Change(_))).count();
        if changes == 0 || self.options().yes {
            return self.agree_move();
        }
        let asked = self.state().questions.values().find(|asked| asked.about == Topic::Changes);
        let Some(asked) = asked else {
            return self.ask_once(Topic::Changes, || self.changes_question(changes));
        };
        let (answer, _) = asked.answer.as_ref()?;
        let agreed = match (answer, self.word()) {
            (Answer::Yes, None) => true,
            (Answer::Typed(words), Some(word)) => words.as_slice() == [word],
            _ => false,
        };
        if !agreed {
            let sentence = "the changes were not agreed to; nothing was changed".to_owned();
            return end(Ending::PersonNeeded { sentence });
        }
        // Time has passed while the person read.
        match self.preconditions_move(true) {
            Ok(()) => self.agree_move(),
            Err(next) => next,
        }
    }

    fn changes_question(&self, changes: usize) -> Question {
        let destroys =
            self.remaining().filter(|step| matches!(step.kind, Kind::Destroy(_))).count();
        Question::Changes { type_instead: self.word(), changes, destroys }
    }

    /// What must be typed instead of a yes.
    pub(super) fn word(&self) -> Option<String> {
        let environment = &self.plan().environment;
        environment.name.as_ref().filter(|_| environment.protect).map(ToString::to_string)
    }

    /// The steps that may still run: one whose `when` is not known yet may.
    pub(super) fn remaining(&self) -> impl Iterator<Item = &Step> {
        self.plan().runbook.steps.iter().filter(|step| self.may_run(step))
    }

    pub(super) fn may_run(&self, step: &Step) -> bool {
        let never = |when: &Expression| when.holds(&self.scope(Some(step), None)) == Ok(false);
        self.state().status(&step.id).is_none() && !step.when.as_ref().is_some_and(never)
    }

    /// A choice made in advance that is none of its step's answers is not found out after changes.
    fn unknown_choice(&self) -> Option<String> {
        self.remaining().find_map(|step| {
            let Kind::Choose { options, .. } = &step.kind else { return None };
            let key = self.options().choices.get(&step.id)?;
            (!options.contains_key(key)).then(|| {
                let known = options.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>();
                format!("`{key}` is no answer of `{}`, which has {}", step.id, known.join(", "))
            })
        })
    }

    /// A destroy that takes more people than one, where nothing says whose signatures count.
    fn unknown_signers(&self) -> Option<String> {
        let environment = &self.plan().environment;
        if environment.allowed_signers.is_some() {
            return None;
        }
        self.remaining().filter(|step| is_destroying(step)).find_map(|step| {
            let needed = self.people_needed(step);
            let place = environment.name.as_ref().map_or_else(
                || "an environment of the inventory".to_owned(),
                |name| format!("[env.{name}]"),
            );
            (needed > 1).then(|| {
                format!(
                    "step `{}` takes the signatures of {needed} people, and nothing says whose \
                     count: name a file in `allowed_signers` of {place}",
                    step.id
                )
            })
        })
    }

    /// What cannot go on without a person.
    fn person_needed(&self) -> Option<String> {
        self.remaining().find_map(|step| {
            if let Some(what) = self.undo_needs_person(step) {
                return Some(format!("step `{}` {what}", step.id));
            }
            let what = match &step.kind {
                Kind::Destroy(_)
                    if self.options().approvals.contains_key(&step.id)
                        && self.people_needed(step) == 1
                        && !attests(step) =>
                {
                    return None;
                }
                _ if is_destroying(step) && self.people_needed(step) > 1 => {
                    "is destructive and takes the signatures of several people"
                }
                Kind::Destroy(_) => "is destructive (--approve answers for it, by a code)",
                _ if is_destroying(step) => "is destructive, and done by a person",
                Kind::Manual(_) => "is done by a person",
                Kind::Choose { .. }
                    if !step.ask.is_empty() || !self.options().choices.contains_key(&step.id) =>
                {
                    "is decided by a person (or in advance, with --choose)"
                }
                Kind::Change(_) if !self.options().yes => {
                    "changes something (--yes agrees to changes)"
                }
                _ if attests(step) => "is attested by a person",
                _ => return None,
            };
            Some(format!("step `{}` {what}", step.id))
        })
    }
}

fn end(ending: Ending) -> Option<Move> {
    Some(Move::fact(Event::Ending { ending }))
}

/// Whether a step loses something.
pub(in super::super) fn is_destroying(step: &Step) -> bool {
    matches!(step.kind, Kind::Destroy(_)) || has_card(step)
}

/// Whether a person attests one of a step's checks.
fn attests(step: &Step) -> bool {
    let own: &[Check] = match &step.kind {
        Kind::Check(checks) => checks,
        _ => &[],
    };
    let lists = [own, &step.skip_if, &step.precondition, &step.verify];
    lists.iter().any(|checks| checks.iter().any(|check| matches!(check.probe, Probe::Ask(_))))
}
