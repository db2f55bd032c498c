//! Where a user's jobs are kept on a host. Knows nothing of the jobs.

use serde::{Deserialize, Serialize};

use super::{ReadError, Station};
use crate::transport::Said;
use crate::transport::supervisor::programs;

/// A directory on the host that is the user's alone and was written to; an intent names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its path there.
    pub path: String,
    /// Whether it is kept in memory, so that a reboot empties it.
    pub in_memory: bool,
    /// The user whose it is, where it is not the one we are connected as.
    pub user: Option<String>,
    /// Better places that were refused, and why: a full disk is to be told.
    pub passed_over: Vec<String>,
}

/// Why there is no place for jobs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaseError {
    /// Nothing was writable, or nothing was ours.
    #[error("the host is reachable, but no directory of it can keep a job: {}; make room in one", .0.join(", "))]
    Nowhere(Vec<String>),
    /// The host could not be asked.
    #[error(transparent)]
    NotAsked(#[from] ReadError),
}

impl Station {
    /// Chooses where the jobs of this user are kept, by writing 64 KiB there; asked once per
    /// station and user, and always before the first intent. `configured` comes first.
    ///
    /// # Errors
    /// No directory can keep a job, or the host cannot be asked.
    pub async fn base(
        &self,
        user: Option<&str>,
        configured: Option<&str>,
    ) -> Result<Base, BaseError> {
        let key = user.map(str::to_owned);
        // Held while asking: two branches of a run must not choose differently.
        let mut bases = self.bases().lock().await;
        if let Some(base) = bases.get(&key) {
            return Ok(base.clone());
        }
        let text = self.ask(user, &programs::BASE, &[configured.unwrap_or_default()]).await?;
        let base = parse(&text, key.clone())?;
        bases.insert(key, base.clone());
        Ok(base)
    }
}

fn parse(text: &str, user: Option<String>) -> Result<Base, BaseError> {
    let mut passed_over = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("base DISK ") {
            return Ok(Base { path: path.to_owned(), in_memory: false, user, passed_over });
        }
        if let Some(path) = line.strip_prefix("base MEMORY ") {
            return Ok(Base { path: path.to_owned(), in_memory: true, user, passed_over });
        }
        if let Some((why, path)) = line.strip_prefix("not ").and_then(|rest| rest.split_once(' ')) {
            let path = Said::new(path.as_bytes());
            passed_over.push(match why {
                "missing" => format!("{path} cannot be made"),
                "private" => format!("{path} is open to others"),
                "full" => format!("{path} is on a full disk"),
                "ours" => format!("{path} belongs to somebody else"),
                _ => format!("{path} cannot be written"),
            });
        }
    }
    Err(BaseError::Nowhere(passed_over))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_over_is_told() {
        let base = parse("not full /root/x\nbase MEMORY /dev/shm/runbook-0\n", None).unwrap();
        assert_eq!((base.path.as_str(), base.in_memory), ("/dev/shm/runbook-0", true));
        assert_eq!(base.passed_over, ["/root/x is on a full disk"]);
        let error = parse("not ours /var/tmp/runbook-0\n", None).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"the host is reachable, but no directory of it can keep a job: /var/tmp/runbook-0 belongs to somebody else; make room in one");
    }
}
