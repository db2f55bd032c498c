//! What a way to a host must be able to do: open commands and streams on it. Knows nothing of the
//! protocol that is spoken over a command, of steps or of any runtime.

use std::pin::Pin;

use futures_io::{AsyncRead, AsyncWrite};

use super::Said;
use crate::base::HostName;

/// A boxed future, so that the traits can be implemented by anybody.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// What we write to.
pub type Writer = Box<dyn AsyncWrite + Send + Unpin>;
/// What we read from.
pub type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// Where to connect to, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host, as `ssh` would be given it.
    pub target: HostName,
    /// Whether the connection must be our own: a connection of the user's that is ridden on shows
    /// no fingerprint of the host's key, so a run with a destroy asks for its own.
    pub own_connection: bool,
    /// Whether a person is there to type a passphrase.
    pub attended: bool,
}

impl Destination {
    /// This host, over any connection, with nobody there.
    #[must_use]
    pub fn new(target: HostName) -> Self {
        Self { target, own_connection: false, attended: false }
    }

    /// The same, over a connection of our own.
    #[must_use]
    pub fn over_own_connection(self) -> Self {
        Self { own_connection: true, ..self }
    }
}

/// What a stream from the host leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A port, the name resolved on the host.
    Tcp {
        /// Name or address.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A socket in the file system of the host.
    Unix(String),
}

/// A stream in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A way to reach hosts.
pub trait Transport: Send + Sync {
    /// Connects; the link ends when it is dropped, or when this process ends in whatever way.
    ///
    /// # Errors
    /// Why there is no connection; nothing of ours ran there.
    fn connect<'a>(
        &'a self,
        destination: &'a Destination,
    ) -> Pending<'a, Result<Box<dyn Link>, ConnectError>>;
}

/// A connection to one host.
pub trait Link: Send + Sync {
    /// Starts this line in the login shell of the host.
    ///
    /// # Errors
    /// It did not start, or nobody knows.
    fn open<'a>(&'a self, command: &'a str) -> Pending<'a, Result<Channel, OpenError>>;

    /// A stream to an address as the host sees it.
    ///
    /// # Errors
    /// There is no stream.
    fn forward<'a>(
        &'a self,
        address: &'a Address,
    ) -> Pending<'a, Result<Box<dyn Duplex>, OpenError>>;

    /// Waits until the connection is sure to end with us. A command may be opened meanwhile, but
    /// nothing is asked of the host before.
    ///
    /// # Errors
    /// It will not be.
    fn held(&self) -> Pending<'_, Result<(), OpenError>> {
        Box::pin(async { Ok(()) })
    }

    /// The fingerprint of the host's key, where the way there has one and shows it.
    fn fingerprint(&self) -> Option<String>;
}

/// A command that was started on a host. Dropping it closes the command's stdin.
pub struct Channel {
    /// Its standard input.
    pub stdin: Writer,
    /// Its standard output.
    pub stdout: Reader,
    /// Its standard error.
    pub stderr: Reader,
    /// How it ended, as the channel tells it. Never the outcome of a step: see the supervisor.
    pub end: Pending<'static, End>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Channel")
    }
}

/// How a channel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The command ended with this code.
    Exit(u32),
    /// Death by a signal, or loss of the link: a channel cannot tell.
    NoStatus,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nobody listens there, or the connection was dropped before it was ready; tried again for
    /// 30 seconds.
    #[error("{host} refuses connections: {said}")]
    Refused {
        /// The host.
        host: HostName,
        /// What `ssh` said.
        said: Said,
    },
    /// The host does not let us in.
    #[error("{host} does not let us in: {said}; try `ssh {host}`")]
    Authentication {
        /// The host.
        host: HostName,
        /// What `ssh` said.
        said: Said,
    },
    /// The host shows a key that is not known or not the known one.
    #[error("the key of {host} is not the one we know: {said}; compare it, then `ssh {host}`")]
    HostKey {
        /// The host.
        host: HostName,
        /// What `ssh` said.
        said: Said,
    },
    /// No answer in time.
    #[error("{host} did not answer in time: {said}")]
    TimedOut {
        /// The host.
        host: HostName,
        /// What `ssh` said.
        said: Said,
    },
    /// No such name, no way there, or a configuration that `ssh` does not accept.
    #[error("no connection to {host}: {said}; try `ssh {host}`")]
    Unreachable {
        /// The host.
        host: HostName,
        /// What `ssh` said.
        said: Said,
    },
    /// Something on this machine is missing: the `ssh` program, a directory for its socket.
    #[error("cannot start a connection to {host}: {reason}")]
    Here {
        /// The host.
        host: HostName,
        /// What is missing.
        reason: String,
    },
}

/// Why a command or a stream was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The host allows no further session on this connection: provably not started.
    #[error("the host allows no further session on this connection (MaxSessions)")]
    SessionLimit,
    /// The host refuses it: provably not started.
    #[error("the host refuses it: {0}")]
    Refused(Said),
    /// The host does not forward connections there.
    #[error("the host forwards no connection there")]
    Forbidden,
    /// The connection is gone.
    #[error("the connection is lost: {0}")]
    Lost(Said),
}
