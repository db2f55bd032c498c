//! Looks at this machine and at hosts before a run does: what would be in its way, and what to do
//! about it. Everything it sends is a read. What the facts mean is said by pure modules; this one
//! only asks.

#![expect(clippy::disallowed_methods, reason = "the clock of a host is compared with ours")]

mod clock;
mod facts;
mod finding;
mod here;
mod host;
mod logind;
mod place;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::destination;
use super::suggestions::Ways;
use crate::base::{HostName, SafeText};
use crate::plan::{self, Command, ExpectedIdentity, Host, Identity};
use crate::transport::station::{ReachError, ReadError, ReadTerms, StationError};
use crate::transport::{Collected, Destination, Station};
use facts::Facts;

pub use finding::{Finding, Level};

/// How long one of our programs may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of what a login shell prints is shown.
const WORDS: usize = 40;

const PLACE: &str = include_str!("place.sh");
const HOST: &str = include_str!("host.sh");
const HERE: &str = include_str!("here.sh");
const CLOCK: &str = include_str!("clock.sh");

/// What is known of this machine by whoever asks.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// Where runs are recorded.
    pub state: &'a Path,
    /// Where they are when that cannot be written.
    pub memory: &'a Path,
    /// Given to `ssh` as `-F`.
    pub ssh_config: Option<&'a Path>,
    /// How many columns the terminal has at which a person can be asked; none without one.
    pub columns: Option<u16>,
}

/// A host that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// Which.
    pub host: HostName,
    /// Whether it was reached, and is who it must be: else a run ends with 8.
    pub reached: bool,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Looks at this machine.
pub async fn examine_here(ways: &Ways, here: &Here<'_>) -> Vec<Finding> {
    let args = [Some(here.state), Some(here.memory), here.ssh_config];
    let args = args.map(|path| path.map_or_else(String::new, |path| path.display().to_string()));
    let local = Destination::new(HostName::local());
    let facts = match Station::connect(&*ways.local, &local).await {
        Ok(station) => facts(&station, HERE, args.to_vec()).await,
        Err(error) => Err(error.to_string()),
    };
    let mut findings = match facts {
        Ok(facts) => here::findings(&facts),
        Err(why) => vec![Finding::fix("shell", why, "`/bin/sh` must be a POSIX shell")],
    };
    findings.push(here::terminal(here.columns));
    findings
}

/// Looks at hosts, all at once; with `sudo`, whether that user can be had there.
pub async fn examine_hosts(ways: &Ways, hosts: &[Host], sudo: Option<&str>) -> Vec<Checkup> {
    let checkups = hosts.iter().map(|host| examine(ways, host, sudo));
    futures_util::future::join_all(checkups).await
}

async fn examine(ways: &Ways, host: &Host, sudo: Option<&str>) -> Checkup {
    let (reached, findings) = match reach(ways, host).await {
        Ok((station, mut findings)) => {
            findings.extend(look(&station, sudo).await);
            (true, findings)
        }
        Err(finding) => (false, vec![finding]),
    };
    Checkup { host: host.name.clone(), reached, findings }
}

/// Connects, and makes sure that it is the host that is meant: another one is asked nothing more.
async fn reach(ways: &Ways, host: &Host) -> Result<(Station, Vec<Finding>), Finding> {
    let is_here = host.destination == plan::Destination::Local;
    let way = if is_here { &ways.local } else { &ways.ssh };
    let name = match &host.destination {
        plan::Destination::Local => host.name.as_str(),
        plan::Destination::Ssh(text) => text,
    };
    let said = format!("`ssh {name}` must work first");
    let unreached = |why: String| Finding::fix("reached", why, said.clone());
    let target = destination::target(&host.destination).map_err(&unreached)?;
    // Only a connection of our own shows the key.
    let address = destination::address(target, ways.attended, !is_here);
    let station = Station::connect(&**way, &address).await.map_err(|error| match error {
        StationError::Mute(error) => {
            let way = "`/bin/sh` must be a POSIX shell, and the login shell must run commands";
            Finding::fix("shell", error.to_string(), way)
        }
        error => unreached(error.to_string()),
    })?;
    let identity = destination::identity(station.identity());
    if let Some(difference) = destination::difference(&host.expect, &identity) {
        let way = "find out who answers there; where the machine was replaced, say so in `expect`";
        return Err(Finding::fix("identity", difference, way));
    }
    let reached = Finding::fine("reached", format!("{}@{}", identity.user, identity.hostname));
    Ok((station, vec![reached, known(&identity, &host.expect)]))
}

/// Who it is, for whoever wants to expect that from now on.
fn known(identity: &Identity, expected: &ExpectedIdentity) -> Finding {
    let machine = Some(&identity.machine_id).filter(|machine| !machine.is_empty());
    let machine = machine.map(|machine| format!("machine-id {machine}"));
    let marks: Vec<String> = machine.into_iter().chain(identity.fingerprint.clone()).collect();
    let marks = if marks.is_empty() { "no mark of its own".to_owned() } else { marks.join(", ") };
    let expected = if *expected == ExpectedIdentity::default() { "" } else { ", as expected" };
    Finding::fine("identity", format!("{marks}{expected}"))
}

/// What there is to see over a connection.
async fn look(station: &Station, sudo: Option<&str>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = noise(station).await.into_iter().collect();
    match facts(station, HOST, vec![]).await {
        Ok(facts) => findings.extend(host::findings(&facts)),
        Err(why) => findings.push(Finding::fix("shell", why, "look at it by hand")),
    }
    findings.extend(time(station).await);
    if let Some(user) = sudo {
        findings.push(become_user(station, user).await);
    }
    findings
}

async fn noise(station: &Station) -> Option<Finding> {
    let said = station.login_noise().await.ok()?;
    let about = "login shell";
    if said.is_empty() {
        return Some(Finding::fine(about, "quiet"));
    }
    let bytes = said.len();
    let text = SafeText::line(&said).to_string();
    let first: String = text.chars().take(WORDS).collect();
    let what = format!("prints {bytes} bytes before every command: {first}");
    let way = "runs do without them, scp and rsync do not: print only in an interactive shell";
    Some(Finding::note(about, what, way))
}

async fn time(station: &Station) -> Option<Finding> {
    let now = || Timestamp::now().as_duration().as_secs_f64();
    let before = now();
    let text = read(station, &Command::script(CLOCK)).await.ok()?;
    let asked = (before, now());
    let said = clock::said(&text)?;
    Some(clock::finding(clock::Reading { asked, said }))
}

async fn become_user(station: &Station, user: &str) -> Finding {
    let mut command = Command::script(":");
    command.sudo = Some(user.to_owned());
    let terms = ReadTerms { timeout: Some(PATIENCE), scratch: false };
    match station.read(&command, terms, &mut Collected::default()).await {
        Ok(_) => Finding::fine("sudo", format!("becomes {user} without a password")),
        Err(ReadError::Reach(ReachError::Sudo { said, line, .. })) => {
            let way = format!("add to its sudoers: {line}");
            Finding::fix("sudo", format!("cannot become {user}: {said}"), way)
        }
        Err(error) => Finding::fix("sudo", error.to_string(), "look at it by hand"),
    }
}

async fn facts(station: &Station, program: &str, args: Vec<String>) -> Result<Facts, String> {
    let mut command = Command::script(format!("{PLACE}\n{program}"));
    command.args = args;
    read(station, &command).await.map(|text| Facts::parse(&text))
}

async fn read(station: &Station, command: &Command) -> Result<String, String> {
    let terms = ReadTerms { timeout: Some(PATIENCE), scratch: false };
    let mut collected = Collected::default();
    match station.read(command, terms, &mut collected).await {
        Ok(_) => Ok(String::from_utf8_lossy(&collected.stdout).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}
