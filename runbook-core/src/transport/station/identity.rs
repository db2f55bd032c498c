//! Who a host is, asked over its own connection. Knows nothing of inventories and plans.

use serde::{Deserialize, Serialize};

use super::{ReadError, Station};
use crate::transport::evidence::known;
use crate::transport::supervisor::programs;

/// Who answers at the other end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The machine's id, which survives reboots and renames.
    pub machine_id: Option<String>,
    /// What it calls itself.
    pub hostname: String,
    /// The boot it is in.
    pub boot_id: Option<String>,
    /// The user we are there.
    pub user: String,
    /// The number of that user.
    pub uid: Option<u32>,
    /// The fingerprint of the host's key, where the connection is our own and shows it.
    pub fingerprint: Option<String>,
}

/// The host is not the one that was expected, or nobody knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Another host answers.
    #[error("another host answers: its {what} is `{is}`, expected `{expected}`; nothing was sent")]
    Other {
        /// Which mark differs.
        what: &'static str,
        /// What it is.
        is: String,
        /// What it was.
        expected: String,
    },
    /// It could not be asked.
    #[error("cannot ask the host who it is: {0}")]
    NotAsked(#[from] ReadError),
}

impl Identity {
    /// What the host said, in pairs of words.
    pub(super) fn parse(text: &str, fingerprint: Option<String>) -> Self {
        let mut identity = Self { fingerprint, ..Self::default() };
        let mut words = text.split_whitespace();
        while let (Some(what), Some(is)) = (words.next(), words.next()) {
            let is = known(is);
            match what {
                "machine" => identity.machine_id = is,
                "boot" => identity.boot_id = is,
                "uid" => identity.uid = is.and_then(|number| number.parse().ok()),
                "user" => identity.user = is.unwrap_or_default(),
                "hostname" => identity.hostname = is.unwrap_or_default(),
                _ => {}
            }
        }
        identity
    }

    /// The first mark by which this is not the other; what one of them does not have is not compared,
    /// and a boot is no mark of a host.
    fn difference(&self, expected: &Self) -> Option<IdentityError> {
        let marks = [
            ("machine-id", &self.machine_id, &expected.machine_id),
            ("host key", &self.fingerprint, &expected.fingerprint),
        ];
        let other = |what, is: &String, expected: &String| IdentityError::Other {
            what,
            is: is.clone(),
            expected: expected.clone(),
        };
        for (what, is, expected) in marks {
            if let (Some(is), Some(expected)) = (is, expected)
                && is != expected
            {
                return Some(other(what, is, expected));
            }
        }
        (self.hostname != expected.hostname)
            .then(|| other("hostname", &self.hostname, &expected.hostname))
    }
}

impl Station {
    /// Asks the host who it is.
    async fn ask_identity(&self) -> Result<Identity, ReadError> {
        let text = self.ask(None, &programs::IDENTITY, &[]).await?;
        Ok(Identity::parse(&text, self.fingerprint()))
    }

    /// Asks again, over this connection, who the host is, right before something irreversible; says
    /// who it is.
    ///
    /// # Errors
    /// It is another one than expected, or cannot be asked.
    pub async fn assert_identity(&self, expected: &Identity) -> Result<Identity, IdentityError> {
        let identity = self.ask_identity().await?;
        match identity.difference(expected) {
            None => Ok(identity),
            Some(other) => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(machine: &str, fingerprint: Option<&str>) -> Identity {
        let text = format!("machine {machine}\nboot b1\nhostname db1\nuid 0\nuser root\n");
        Identity::parse(&text, fingerprint.map(str::to_owned))
    }

    #[test]
    fn a_replaced_host_is_told_by_what_differs() {
        let expected = db("m1", Some("SHA256:a"));
        assert!(db("m1", None).difference(&expected).is_none());
        assert!(db("-", Some("SHA256:a")).difference(&expected).is_none());
        let said = |other: Identity| other.difference(&expected).unwrap().to_string();
        insta::assert_snapshot!(said(db("m2", None)), @"another host answers: its machine-id is `m2`, expected `m1`; nothing was sent");
        insta::assert_snapshot!(said(db("m1", Some("SHA256:b"))), @"another host answers: its host key is `SHA256:b`, expected `SHA256:a`; nothing was sent");
    }
}
