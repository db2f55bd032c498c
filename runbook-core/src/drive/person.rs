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
