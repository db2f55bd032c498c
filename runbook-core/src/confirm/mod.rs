//! Floor 5: a person who decides. Knows nothing of how they are reached, nor of what their answer
//! leads to.

mod no_person;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::plan::Plan;
use crate::run::{Answer, Preview, Question, QuestionId};

pub use no_person::NoPerson;

/// A question and what a person may look at to answer it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which question of the run.
    pub id: QuestionId,
    /// What is asked.
    pub question: Question,
    /// What is planned: the rules of the values that are asked for stand in its runbook.
    pub plan: Arc<Plan>,
    /// What is known now of what has run and will.
    pub preview: Arc<Preview>,
    /// The directory of the run's outputs; none where they are not kept.
    pub outputs: Option<PathBuf>,
}

/// What a person said, and who they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What.
    pub answer: Answer,
    /// Who.
    pub by: String,
}

/// An answer that is on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Someone who can be asked. One question is put at a time. The future must not block its thread,
/// or a question could not be withdrawn.
pub trait Confirmer: Send + Sync {
    /// Puts the question. The future is dropped when the question is withdrawn; then nothing of it
    /// may remain on the screen that could still be answered.
    fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a>;
}
