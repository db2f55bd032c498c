//! Commands and streams through a master: our own, or one of the user's. Knows nothing of how the
//! master came to be.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use openssh::{ForwardType, Session, Socket, Stdio};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

use super::master::Master;
use super::sockets::Sockets;
use super::{Direct, Nonces, forward, said};
use crate::transport::local::channel;
use crate::transport::{Address, Channel, Duplex, End, Link, OpenError, Pending};

/// How often a master is asked whether it is there, and how long it may take: one that is not is
/// noticed within 20 seconds.
const BETWEEN_CHECKS: Duration = Duration::from_secs(3);
const CHECKED: Duration = Duration::from_secs(7);

/// How long it may take to be told why a stream was refused.
const ASKED: Duration = Duration::from_secs(15);

/// A link through a master.
///
/// A user's master is never closed: the library's `close` would stop it. What we opened there ends
/// with our ends of its pipes.
#[derive(Debug)]
pub(super) struct Multiplexed {
    session: Arc<Session>,
    master: Option<Arc<Mutex<Master>>>,
    sockets: Sockets,
    direct: Direct,
    /// Addresses that were refused, and whether the host forbids them.
    forbidden: tokio::sync::Mutex<BTreeMap<String, bool>>,
    /// Whether a session was ever opened through it.
    opened: AtomicBool,
}

impl Multiplexed {
    pub(super) fn new(
        session: Arc<Session>,
        master: Option<Master>,
        sockets: Sockets,
        direct: Direct,
    ) -> Self {
        let master = master.map(|master| Arc::new(Mutex::new(master)));
        if let Some(master) = &master {
            tokio::spawn(watch(Arc::downgrade(&session), Arc::downgrade(master)));
        }
        let (forbidden, opened) = Default::default();
        Self { session, master, sockets, direct, forbidden, opened }
    }

    async fn open_session(&self, command: &str) -> Result<Channel, OpenError> {
        let mut child = match Arc::clone(&self.session)
            .arc_raw_command(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .await
        {
            Ok(child) => child,
            Err(error) => return Err(self.why(&error).await),
        };
        self.opened.store(true, Ordering::Relaxed);
        const PIPED: &str = "all three were asked to be pipes";
        Ok(Channel {
            stdin: Box::new(child.stdin().take().expect(PIPED).compat_write()),
            stdout: Box::new(child.stdout().take().expect(PIPED).compat()),
            stderr: Box::new(child.stderr().take().expect(PIPED).compat()),
            end: Box::pin(async move {
                match child.wait().await {
                    Ok(status) => {
                        status.code().map_or(End::NoStatus, |code| End::Exit(code.unsigned_abs()))
                    }
                    // The library makes an error of its own of this code.
                    Err(openssh::Error::Remote(_)) => End::Exit(127),
                    Err(_) => End::NoStatus,
                }
            }),
        })
    }

    /// A master that still answers but opens nothing is at its host's `MaxSessions`.
    async fn why(&self, error: &openssh::Error) -> OpenError {
        match error {
            openssh::Error::SshMux(_) if self.session.check().await.is_ok() => {
                OpenError::SessionLimit
            }
            other => OpenError::Lost(said(other)),
        }
    }

    async fn stream(&self, address: &Address) -> Result<Box<dyn Duplex>, OpenError> {
        let (host, port) = match address {
            Address::Tcp { host, port } => (host, *port),
            Address::Unix(path) => return self.socket(Path::new(path)).await,
        };
        match forward::open(self.session.control_socket(), host, port).await {
            Ok(Some(stream)) => Ok(Box::new(stream)),
            Ok(None) if self.is_forbidden(host, port).await => Err(OpenError::Forbidden),
            Ok(None) => Err(OpenError::Refused(said("nobody listens there"))),
            Err(error) => Err(OpenError::Lost(said(error))),
        }
    }

    /// A stream to a socket of the host, which a multiplexer gives only through one of its own.
    async fn socket(&self, there: &Path) -> Result<Box<dyn Duplex>, OpenError> {
        let nonces = Nonces::new().map_err(|error| OpenError::Refused(said(error)))?;
        let here = self.sockets.path(&nonces.word());
        let socket = |path: &Path| Socket::UnixSocket { path: path.to_owned().into() };
        let asked =
            self.session.request_port_forward(ForwardType::Local, socket(&here), socket(there));
        if let Err(error) = asked.await {
            return Err(self.why(&error).await);
        }
        let stream = UnixStream::connect(&here).await;
        // One stream was asked for: the door is closed behind it.
        let closed =
            self.session.close_port_forward(ForwardType::Local, socket(&here), socket(there));
        let _ = closed.await;
        let _ = std::fs::remove_file(&here);
        match stream {
            Ok(stream) => Ok(Box::new(stream.compat())),
            Err(error) => Err(OpenError::Refused(said(error))),
        }
    }

    /// Whether it is the host's own ssh server that refuses an address. A multiplexer does not say
    /// why, so it is asked over a connection for this alone, once an address.
    async fn is_forbidden(&self, host: &str, port: u16) -> bool {
        let target = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        // Held while asking: of many who want to know, one asks.
        let mut forbidden = self.forbidden.lock().await;
        if let Some(known) = forbidden.get(&target) {
            return *known;
        }
        let mut asking = self.direct.forward(&target);
        let said = match timeout(ASKED, asking.kill_on_drop(true).output()).await {
            Ok(Ok(ended)) => String::from_utf8_lossy(&ended.stderr).into_owned(),
            _ => String::new(),
        };
        let is_forbidden = said.contains("administratively prohibited");
        if said.contains("open failed") {
            forbidden.insert(target, is_forbidden);
        }
        is_forbidden
    }
}

/// Ends a master that answers no more, although it is there: who waits for it would wait for ever.
/// One whose host is silent notices that by itself.
async fn watch(session: Weak<Session>, master: Weak<Mutex<Master>>) {
    let mut silent = false;
    loop {
        sleep(BETWEEN_CHECKS).await;
        let Some(session) = session.upgrade() else { return };
        match timeout(CHECKED, session.check()).await {
            Ok(Ok(())) => silent = false,
            Ok(Err(_)) => return,
            // Twice: this process may have been stopped with it.
            Err(_) if !silent => silent = true,
            Err(_) => {
                if let Some(master) = master.upgrade() {
                    master.lock().expect("nobody panics holding it").kill();
                }
                return;
            }
        }
    }
}

impl Link for Multiplexed {
    fn open<'a>(&'a self, command: &'a str) -> Pending<'a, Result<Channel, OpenError>> {
        Box::pin(async move {
            match self.open_session(command).await {
                // Not even one beside the lease: the host allows one session a connection.
                Err(OpenError::SessionLimit) if !self.opened.load(Ordering::Relaxed) => {
                    let child = self.direct.command(command).spawn();
                    child.map(channel).map_err(|error| OpenError::Refused(said(error)))
                }
                opened => opened,
            }
        })
    }

    fn forward<'a>(
        &'a self,
        address: &'a Address,
    ) -> Pending<'a, Result<Box<dyn Duplex>, OpenError>> {
        Box::pin(self.stream(address))
    }

    fn held(&self) -> Pending<'_, Result<(), OpenError>> {
        Box::pin(async move {
            // What is opened through a user's master ends with our ends of its pipes.
            let Some(master) = &self.master else { return Ok(()) };
            let lease = master.lock().expect("nobody panics holding it").lease();
            lease.held().await
        })
    }

    fn fingerprint(&self) -> Option<String> {
        let master = self.master.as_ref()?.lock().expect("nobody panics holding it");
        master.fingerprint().map(str::to_owned)
    }
}
