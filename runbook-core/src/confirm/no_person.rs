//! Nobody: every answer is the one that changes nothing.

use super::{Answering, Asked, Confirmer, Reply};
use crate::run::{Answer, Question};

/// Nobody is there. A run that knows this asks nothing; if it asks all the same, the answer is no.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPerson;

impl NoPerson {
    /// What is taken for the answer of someone who cannot answer any more.
    #[must_use]
    pub fn refusal() -> Reply {
        Reply { answer: Answer::Quit, by: "nobody".to_owned() }
    }
}

impl Confirmer for NoPerson {
    fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a> {
        let answer = refusal(&asked.question);
        Box::pin(std::future::ready(Reply { answer, by: "nobody".to_owned() }))
    }
}

fn refusal(question: &Question) -> Answer {
    match question {
        Question::Changes { .. } | Question::Attest { .. } => Answer::No,
        _ => Answer::Quit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::HostName;
    use crate::run::Offers;

    #[test]
    fn nobody_agrees_to_nothing() {
        let changes = Question::Changes { type_instead: None, changes: 1, destroys: 0 };
        assert_eq!(refusal(&changes), Answer::No);
        let attest = Question::Attest { step: None, host: HostName::local(), text: "up?".into() };
        assert_eq!(refusal(&attest), Answer::No);
        let manual = Question::Manual {
            step: "tell".parse().unwrap(),
            text: "post".into(),
            ask: vec![],
            offers: Offers::new(),
        };
        assert_eq!(refusal(&manual), Answer::Quit);
    }
}
