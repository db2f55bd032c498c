//! Questions to a person, one at a time, in the order in which they came up. Knows nothing of what
//! is asked.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::confirm::{Asked, Confirmer, NoPerson, Reply};
use crate::run::{Input, QuestionId};

/// The person, and what they have still to answer.
pub(super) struct Person {
    confirmer: Arc<dyn Confirmer>,
    waiting: VecDeque<Asked>,
    current: Option<(QuestionId, JoinHandle<Reply>)>,
}

impl Person {
    pub(super) fn new(confirmer: Arc<dyn Confirmer>) -> Self {
        Self { confirmer, waiting: VecDeque::new(), current: None }
    }

    /// Puts a question, now or when the others are answered.
    pub(super) fn ask(&mut self, asked: Asked) {
        self.waiting.push_back(asked);
        self.next();
    }

    fn next(&mut self) {
        if self.current.is_some() {
            return;
        }
        let Some(asked) = self.waiting.pop_front() else { return };
        let confirmer = Arc::clone(&self.confirmer);
        let id = asked.id;
        let answering = tokio::spawn(async move { confirmer.ask(&asked).await });
        self.current = Some((id, answering));
    }

    /// Takes a question back; when this returns, nothing of it is on the screen any more.
    pub(super) async fn withdraw(&mut self, id: QuestionId) {
        self.waiting.retain(|asked| asked.id != id);
        if let Some((_, answering)) = self.current.take_if(|(current, _)| *current == id) {
            answering.abort();
            let _ = answering.await;
        }
        self.next();
    }

    /// Takes everything back.
    pub(super) async fn leave(&mut self) {
        self.waiting.clear();
        if let Some((id, _)) = &self.current {
            let id = *id;
            self.withdraw(id).await;
        }
    }

    /// Whether a question is put.
    pub(super) const fn is_asked(&self) -> bool {
        self.current.is_some()
    }

    /// The next answer. Nothing is lost when the future is dropped.
    pub(super) async fn reply(&mut self) -> Input {
        let Some((id, answering)) = &mut self.current else {
            return std::future::pending().await;
        };
        let question = *id;
        let reply = answering.await;
        self.current = None;
        self.next();
        // Whoever cannot even say no has not said yes.
        let Reply { answer, by } = reply.unwrap_or_else(|_| NoPerson::refusal());
        Input::Answered { question, answer, by }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;
    use crate::confirm::Answering;
    use crate::drive::sample;
    use crate::run::{Answer, Options, Question, Run};

    /// Says which questions appear and which disappear, and answers those above 5.
    struct Screen(UnboundedSender<String>);

    struct Shown(UnboundedSender<String>, u32);

    impl Drop for Shown {
        fn drop(&mut self) {
            let _ = self.0.send(format!("hides {}", self.1));
        }
    }

    impl Confirmer for Screen {
        fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a> {
            Box::pin(async move {
                let id = asked.id.0;
                let _ = self.0.send(format!("shows {id}"));
                let _shown = Shown(self.0.clone(), id);
                match id {
                    7 => panic!("the terminal is gone"),
                    6.. => Reply { answer: Answer::Yes, by: "ana".to_owned() },
                    _ => std::future::pending().await,
                }
            })
        }
    }

    fn asked(id: u32) -> Asked {
        let plan = Arc::new(sample::plan());
        let run = Run::new(Arc::clone(&plan), Options::default());
        Asked {
            id: QuestionId(id),
            question: Question::Changes { type_instead: None, changes: 1, destroys: 0 },
            preview: Arc::new(run.preview()),
            plan,
            outputs: None,
        }
    }

    fn screen() -> (Person, UnboundedReceiver<String>) {
        let (sender, receiver) = unbounded_channel();
        (Person::new(Arc::new(Screen(sender))), receiver)
    }

    #[tokio::test]
    async fn one_question_is_shown_at_a_time_and_a_withdrawn_one_is_gone() {
        let (mut person, mut seen) = screen();
        for id in [1, 2, 6] {
            person.ask(asked(id));
        }
        assert_eq!(seen.recv().await.unwrap(), "shows 1");
        person.withdraw(QuestionId(2)).await;
        person.withdraw(QuestionId(1)).await;
        assert_eq!(seen.recv().await.unwrap(), "hides 1");
        let Input::Answered { question, answer, by } = person.reply().await else { panic!() };
        assert_eq!((question, answer, by.as_str()), (QuestionId(6), Answer::Yes, "ana"));
        assert_eq!(seen.recv().await.unwrap(), "shows 6");
        assert!(!person.is_asked());
    }

    #[tokio::test]
    async fn a_question_whose_screen_breaks_off_is_not_a_yes() {
        let (mut person, _seen) = screen();
        person.ask(asked(7));
        let Input::Answered { answer, .. } = person.reply().await else { panic!() };
        assert_eq!(answer, Answer::Quit);
    }
}
