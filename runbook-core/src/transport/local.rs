//! The machine the engine itself runs on, reached as if it were a host: the same protocol over a
//! child shell. Knows nothing of what is run.

#![expect(clippy::disallowed_types, reason = "this machine is reached by starting its shell")]

use std::collections::BTreeMap;
use std::process::Stdio;

use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

use super::{
    Address, Channel, ConnectError, Destination, Duplex, End, Link, OpenError, Pending, Said,
    Transport,
};

/// The variables that a local step gets, beside those that begin with one of [`PREFIXES`].
const NAMES: [&str; 19] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TZ",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];
const PREFIXES: [&str; 2] = ["LC_", "XDG_"];

/// Child shells with a clean environment.
#[derive(Clone, Debug)]
pub struct Local {
    environment: BTreeMap<String, String>,
}

impl Local {
    /// The clean list, and the variables of these names (`local_env`), out of all that are given.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        also: &[impl AsRef<str>],
    ) -> Self {
        let wanted = |name: &str| {
            NAMES.contains(&name)
                || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                || also.iter().any(|other| other.as_ref() == name)
        };
        Self { environment: variables.into_iter().filter(|(name, _)| wanted(name)).collect() }
    }
}

impl Transport for Local {
    fn connect<'a>(
        &'a self,
        _: &'a Destination,
    ) -> Pending<'a, Result<Box<dyn Link>, ConnectError>> {
        Box::pin(async { Ok(Box::new(self.clone()) as Box<dyn Link>) })
    }
}

impl Link for Local {
    fn open<'a>(&'a self, command: &'a str) -> Pending<'a, Result<Channel, OpenError>> {
        Box::pin(async move {
            let child = Command::new("/bin/sh")
                .args(["-c", command])
                .env_clear()
                .envs(&self.environment)
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .map_err(|error| OpenError::Refused(Said::new(error.to_string().as_bytes())))?;
            Ok(channel(child))
        })
    }

    fn forward<'a>(
        &'a self,
        address: &'a Address,
    ) -> Pending<'a, Result<Box<dyn Duplex>, OpenError>> {
        Box::pin(async move {
            let stream: std::io::Result<Box<dyn Duplex>> = match address {
                Address::Tcp { host, port } => TcpStream::connect((host.as_str(), *port))
                    .await
                    .map(|stream| Box::new(stream.compat()) as Box<dyn Duplex>),
                Address::Unix(path) => UnixStream::connect(path)
                    .await
                    .map(|stream| Box::new(stream.compat()) as Box<dyn Duplex>),
            };
            stream.map_err(|error| OpenError::Refused(Said::new(error.to_string().as_bytes())))
        })
    }

    fn fingerprint(&self) -> Option<String> {
        None
    }
}

/// A child with three pipes as a channel.
pub(super) fn channel(mut child: Child) -> Channel {
    const PIPED: &str = "all three were asked to be pipes";
    Channel {
        stdin: Box::new(child.stdin.take().expect(PIPED).compat_write()),
        stdout: Box::new(child.stdout.take().expect(PIPED).compat()),
        stderr: Box::new(child.stderr.take().expect(PIPED).compat()),
        end: Box::pin(async move {
            match child.wait().await.ok().and_then(|status| status.code()) {
                Some(code) => End::Exit(code.unsigned_abs()),
                None => End::NoStatus,
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_the_clean_list_and_what_was_named() {
        let given =
            ["HOME", "AWS_PROFILE", "LC_ALL", "KUBECONFIG", "XDG_STATE_HOME", "https_proxy"];
        let variables = given.iter().map(|name| ((*name).to_owned(), "x".to_owned()));
        let local = Local::new(variables, &["KUBECONFIG"]);
        let names: Vec<&str> = local.environment.keys().map(String::as_str).collect();
        assert_eq!(names, ["HOME", "KUBECONFIG", "LC_ALL", "XDG_STATE_HOME", "https_proxy"]);
    }
}
