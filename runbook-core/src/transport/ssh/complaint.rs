//! What `ssh` says when there is no connection, sorted by what can be done about it.

use super::ConnectError;
use crate::base::HostName;
use crate::transport::Said;

/// Why a connection did not become ready.
#[derive(Debug)]
pub(super) enum Complaint {
    /// Refused, or dropped before it was ready: may be tried again.
    Refused(Said),
    /// We are not let in.
    Authentication(Said),
    /// The host's key.
    HostKey(Said),
    /// Nothing came in time.
    TimedOut(Said),
    /// Anything else.
    Other(Said),
    /// It is this machine that fails.
    Here(String),
}

const HOST_KEY: [&str; 4] = [
    "Host key verification failed",
    "REMOTE HOST IDENTIFICATION HAS CHANGED",
    "host key is known for",
    "key revoked",
];
const AUTHENTICATION: [&str; 4] = [
    "Permission denied",
    "Too many authentication failures",
    "no authentication methods",
    "No supported authentication methods",
];
const TIMED_OUT: [&str; 3] = ["timed out", "Operation timed out", "not responding"];
const REFUSED: [&str; 6] = [
    "Connection refused",
    "Connection reset",
    "Connection closed",
    "kex_exchange_identification",
    "closed by remote host",
    "Broken pipe",
];

impl Complaint {
    /// Sorts what was printed. The order matters: a host that is not let in is also closed.
    pub(super) fn of(stderr: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stderr);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let said = Said::new(stderr);
        if has(&HOST_KEY) {
            Self::HostKey(said)
        } else if has(&AUTHENTICATION) {
            Self::Authentication(said)
        } else if has(&TIMED_OUT) {
            Self::TimedOut(said)
        } else if has(&REFUSED) {
            Self::Refused(said)
        } else {
            Self::Other(said)
        }
    }

    /// The same as an error about this host.
    pub(super) fn about(self, host: &HostName) -> ConnectError {
        let host = host.clone();
        match self {
            Self::Refused(said) => ConnectError::Refused { host, said },
            Self::Authentication(said) => ConnectError::Authentication { host, said },
            Self::HostKey(said) => ConnectError::HostKey { host, said },
            Self::TimedOut(said) => ConnectError::TimedOut { host, said },
            Self::Other(said) => ConnectError::Unreachable { host, said },
            Self::Here(reason) => ConnectError::Here { host, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stderr: &str) -> String {
        Complaint::of(stderr.as_bytes()).about(&"db1".parse().unwrap()).to_string()
    }

    #[test]
    fn each_sentence_of_ssh_is_sorted() {
        insta::assert_snapshot!(told("ssh: connect to host db1 port 22: Connection refused\r\n"), @"db1 refuses connections: ssh: connect to host db1 port 22: Connection refused");
        insta::assert_snapshot!(told("kex_exchange_identification: read: Connection reset by peer\r\n"), @"db1 refuses connections: kex_exchange_identification: read: Connection reset by peer");
        insta::assert_snapshot!(told("me@db1: Permission denied (publickey).\r\nConnection closed"), @"db1 does not let us in: me@db1: Permission denied (publickey).; Connection closed; try `ssh db1`");
        insta::assert_snapshot!(told("No ED25519 host key is known for db1 and you have requested strict checking.\r\nHost key verification failed.\r\n"), @"the key of db1 is not the one we know: No ED25519 host key is known for db1 and you have requested strict checking.; Host key verification failed.; compare it, then `ssh db1`");
        insta::assert_snapshot!(told("ssh: connect to host db1 port 22: Connection timed out"), @"db1 did not answer in time: ssh: connect to host db1 port 22: Connection timed out");
        insta::assert_snapshot!(told("ssh: Could not resolve hostname db1: Name or service not known"), @"no connection to db1: ssh: Could not resolve hostname db1: Name or service not known; try `ssh db1`");
    }
}
