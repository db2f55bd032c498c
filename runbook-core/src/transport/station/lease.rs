//! A lock on a host: held by a shell there for as long as our connection lives. Knows nothing of
//! who may hold what.

use super::{ReachError, Station};
use crate::base::{Digest, RunId};
use crate::transport::Said;
use crate::transport::supervisor::{Door, StartError, Supervisor, lease_program};

/// A lock that is held on a host until this is dropped, or the connection is lost.
pub struct Lease {
    holder: Supervisor,
    file: String,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Why a lock is not held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Somebody else holds it, or a job of theirs runs.
    #[error("it is held by {0}")]
    Held(Said),
    /// The same run holds it already, over another connection.
    #[error("the same run holds it")]
    Ours {
        /// The file that each job of the run keeps locked.
        file: String,
    },
    /// The host cannot keep it.
    #[error("the host cannot keep a lock: {0}")]
    Refused(Said),
    /// Nobody is there to hold it.
    #[error(transparent)]
    Reach(#[from] ReachError),
}

impl Station {
    /// Takes a lock on the host for a run, without waiting. `who` is one line for whoever comes
    /// second: nobody trusts it beyond that.
    ///
    /// # Errors
    /// It is not held.
    pub async fn lease(&self, name: &str, run: &RunId, who: &str) -> Result<Lease, LeaseError> {
        let pool = &self.shared.pool;
        let who = one_line(who);
        let program = lease_program(&[&file_name(name), run.as_str(), &who])
            .map_err(|error| LeaseError::Refused(Said::new(error.to_string().as_bytes())))?;
        let door = Door { sh: pool.sh().to_owned(), user: None };
        let (holder, answer) = pool.open(&door, &program).await?;
        let (word, rest) = answer.split_once(' ').unwrap_or((answer.as_str(), ""));
        match word {
            "held" => Ok(Lease { holder, file: rest.to_owned() }),
            "ours" => Err(LeaseError::Ours { file: rest.to_owned() }),
            "busy" if rest.is_empty() => {
                Err(LeaseError::Held(Said::new(b"a run that does not say who it is")))
            }
            "busy" => Err(LeaseError::Held(Said::new(rest.as_bytes()))),
            _ => Err(LeaseError::Refused(Said::new(rest.as_bytes()))),
        }
    }
}

impl Lease {
    /// The file on the host that each job of the run keeps locked while it runs.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Says anew who holds it; best effort, since only a message depends on it.
    pub async fn tell(&mut self, who: &str) {
        self.holder.tell(&one_line(who)).await;
    }

    /// Gives it back, and waits until the host has it.
    pub async fn release(self) {
        self.holder.dismiss().await;
    }

    /// Waits until it is held no more, since its connection is gone.
    pub async fn lost(&mut self) {
        self.holder.silence().await;
    }
}

/// A name of a file for any name of a lock.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let plain: String = name.chars().take(60).map(plain).collect();
    format!("{plain}~{}", Digest::of(name).short())
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl From<StartError> for ReachError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Open(error) => error.into(),
            StartError::Silent(said) => Self::NoShell(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_a_file_of_its_own_whatever_its_name() {
        assert_ne!(file_name("a/b"), file_name("a_b"));
        assert!(!file_name("../*?[x] ~").contains(['/', '*', '?', '[', ' ']));
    }
}
