//! What the login shell of a host prints before any command that is run there. The protocol copes
//! with it; other programs do not.

use std::time::Duration;

use futures_util::{AsyncReadExt, future};
use tokio::time::timeout;

use super::Station;
use crate::transport::supervisor::Door;
use crate::transport::{OpenError, Said};

/// How long a login shell may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that is read.
const MOST: u64 = 64 * 1024;

impl Station {
    /// What is printed, on either stream, where nothing is asked for.
    ///
    /// # Errors
    /// The host opens no session for it, or does not end it.
    pub async fn login_noise(&self) -> Result<Vec<u8>, OpenError> {
        let pool = &self.shared.pool;
        let door = Door { sh: pool.sh().to_owned(), user: None };
        let channel = pool.link.open(&door.probe()).await?;
        drop(channel.stdin);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (mut stdout, mut stderr) = (channel.stdout.take(MOST), channel.stderr.take(MOST));
        let both = future::join(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err));
        if timeout(PATIENCE, both).await.is_err() {
            return Err(OpenError::Refused(Said::new(b"its login shell does not end")));
        }
        out.extend(err);
        Ok(out)
    }
}
