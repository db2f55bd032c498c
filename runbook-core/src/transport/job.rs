//! The name of a durable job: the directory it is kept in on its host. Knows nothing of connections.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::base::{AttemptNumber, Digest, HostName, RunId};

/// The longest name most file systems take is 255 bytes; longer host names are cut and hashed.
const LONGEST_HOST: usize = 100;

/// `<run>.<step>.<host>.<attempt>`, safe as one path component and never the same for two attempts.
///
/// The host is part of it since homes on network file systems are shared between hosts. A step
/// within a `use` is written with `+` for its dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobName(String);

impl JobName {
    /// The name of this attempt; `step` is the id of a step, with those of its `use` steps before it.
    #[must_use]
    pub fn new(run: &RunId, step: &str, host: &HostName, attempt: AttemptNumber) -> Self {
        let step = plain(step).replace('.', "+");
        let mut place = plain(host.as_str());
        if place.len() > LONGEST_HOST {
            place.truncate(LONGEST_HOST - 9);
            let _ = write!(place, "~{}", Digest::of(host.as_str()).short());
        }
        Self(format!("{run}.{step}.{place}.{attempt}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text with every byte but letters, digits and `._-` written as `%XX`.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            plain.push(char::from(byte));
        } else {
            let _ = write!(plain, "%{byte:02X}");
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(step: &str, host: &str) -> String {
        let (run, host) = ("01J8".parse().unwrap(), host.parse().unwrap());
        JobName::new(&run, step, &host, AttemptNumber(2)).to_string()
    }

    #[test]
    fn a_name_is_one_component_of_a_path() {
        assert_eq!(name("pull", "web1.example.com"), "01J8.pull.web1.example.com.2");
        assert_eq!(name("pull", "ssh://me@h:22"), "01J8.pull.ssh%3A%2F%2Fme%40h%3A22.2");
    }

    #[test]
    fn no_two_attempts_share_a_name() {
        assert_ne!(name("a", "b.c"), name("a.b", "c"));
        assert_ne!(name("a", "b/c"), name("a", "b%2Fc"));
        let long = "h".repeat(200);
        assert_ne!(name("a", &format!("{long}1")), name("a", &format!("{long}2")));
        assert!(name("a", &long).len() < 255);
    }
}
