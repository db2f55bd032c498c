//! Floor 5: asks what is reached over the network. Knows nothing of hosts and links: the stream to
//! ask through is handed in.

mod address;
#[cfg(feature = "drive")]
mod answer;
#[cfg(feature = "drive")]
mod network;
#[cfg(feature = "drive")]
mod tls;

use std::pin::Pin;

use futures_io::{AsyncRead, AsyncWrite};

use crate::plan::{HttpRequest, Observed};

pub use address::{Address, BadAddress, Target};
#[cfg(feature = "drive")]
pub use network::Network;

/// A connection to where a request goes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, whatever carries it.
pub type BoxStream = Box<dyn Stream>;

/// What is computed while others go on.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Asks over the network. Bounds no time: whoever asks drops what takes too long.
pub trait Probe: Send + Sync {
    /// Opens a connection from this machine. What went wrong is one short line.
    fn connect<'a>(&'a self, address: &'a Address) -> Pending<'a, Result<BoxStream, String>>;

    /// Sends one request over a connection to its [`Target`], and reads the answer. The `Host`
    /// header and the name that TLS proves are those of the url, whatever the stream leads through;
    /// no redirect is followed.
    ///
    /// # Errors
    /// When the request cannot be sent at all; then no byte of it was.
    fn http<'a>(
        &'a self,
        request: &'a HttpRequest,
        stream: BoxStream,
    ) -> Pending<'a, Result<Observed, ProbeError>>;

    /// Whether this machine can connect.
    fn tcp<'a>(&'a self, address: &'a Address) -> Pending<'a, Observed> {
        Box::pin(async move {
            match self.connect(address).await {
                Ok(_) => Observed::Connected,
                Err(why) => Observed::Unanswered(why),
            }
        })
    }

    /// Sends one request from this machine.
    ///
    /// # Errors
    /// When the request cannot be sent at all; then no byte of it was.
    fn http_from_here<'a>(
        &'a self,
        request: &'a HttpRequest,
    ) -> Pending<'a, Result<Observed, ProbeError>> {
        Box::pin(async move {
            let target = Target::of(request)?;
            match self.connect(&target.address).await {
                Ok(stream) => self.http(request, stream).await,
                Err(why) => Ok(Observed::Unanswered(why)),
            }
        })
    }
}

/// Why a request could not be sent. Nothing of it was, and nothing is known of whom it was for.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Its url leads nowhere.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// A part of it is nothing that HTTP can carry.
    #[error("the request cannot be sent: {0}")]
    Request(String),
    /// The authority that it trusts cannot be read.
    #[error("cannot read the authority `{path}`: {why}")]
    Authority {
        /// The PEM file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

#[cfg(all(test, feature = "drive"))]
mod tests;
