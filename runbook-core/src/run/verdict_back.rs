//! What is said of a run that went back: how far it came, and what it left.

use super::back::{Back, BackEnd, GoingBack};
use super::machine::Run;

impl Run {
    fn going(&self) -> Option<&GoingBack> {
        self.state().back.as_ref()
    }

    /// What follows "it failed": how far that was taken back.
    pub(super) fn went_back(&self) -> String {
        match self.going().and_then(|going| going.ended.as_ref()) {
            None => String::new(),
            Some(BackEnd::Complete) => match self.left_behind() {
                None => format!("; {}", self.how_far_undone()),
                Some(left) => format!("; {}, {left}", self.how_far_undone()),
            },
            Some(BackEnd::PersonNeeded(why) | BackEnd::Failed(why)) => {
                format!("; going back stopped: {why}")
            }
        }
    }

    /// How far everything is undone, where it is.
    pub(super) fn how_far_undone(&self) -> String {
        let Some(going) = self.going() else { return "nothing was undone".to_owned() };
        if self.chain_is_empty(&going.back) {
            return "there was nothing to undo".to_owned();
        }
        match &going.back {
            Back::Everything => "everything this run changed was undone".to_owned(),
            Back::To(to) => format!("everything back to `{to}` was undone"),
            Back::Only(_) => "it was undone".to_owned(),
        }
    }

    /// Why going back needs a person, or that one said no.
    pub(super) fn stopped_going_back(&self) -> Option<String> {
        match self.going()?.ended.as_ref()? {
            BackEnd::PersonNeeded(why) => Some(format!("going back stopped: {why}")),
            _ => None,
        }
    }

    /// Which undo failed.
    pub(super) fn failed_going_back(&self) -> Option<String> {
        match self.going()?.ended.as_ref()? {
            BackEnd::Failed(why) => Some(format!("going back stopped: {why}")),
            _ => None,
        }
    }

    /// What going back went past.
    pub(super) fn left_behind(&self) -> Option<String> {
        let going = self.going()?;
        let left = self.left(&going.back);
        let mut steps: Vec<String> = left.iter().map(|left| format!("`{}`", left.step)).collect();
        steps.dedup();
        (!steps.is_empty()).then(|| format!("all but {}", steps.join(", ")))
    }
}
