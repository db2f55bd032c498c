//! `runbook doctor`: what would be in the way of a run, on this machine and on hosts, and what to do
//! about it. Sends reads only, and makes nothing.

use runbook_core::base::HostName;
use runbook_core::drive::doctor::{Checkup, Finding, Here, Level, examine_here, examine_hosts};
use runbook_core::journal::Store;
use runbook_core::plan::{Destination, EnvironmentEntry, Host, Inventory, named_host};
use serde::Serialize;

use crate::cli::{Doctor, OutputForm};
use crate::execution::brief_ways;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::signals::Signals;
use crate::suggestion::did_you_mean;
use crate::terminal::checkup;
use crate::terminal::layout::count;
use crate::{inventory, loading};

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Found {
    /// On this machine.
    here: Vec<Finding>,
    /// On each host.
    hosts: Vec<Checkup>,
}

/// Runs the verb.
pub(crate) async fn run(doctor: &Doctor, session: &Session) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(|error| cannot("listen to signals", &error))?;
    let hosts = if doctor.hosts { hosts(doctor, session)? } else { vec![] };
    let found = signals.or_stop(examine(&hosts, doctor.sudo.as_deref(), session)).await?;
    match session.settings.output {
        OutputForm::Human => session.shell.out(&checkup::draw(&found.here, &found.hosts)),
        OutputForm::Json => session.json(&found),
        OutputForm::Jsonl => lines(&found, session),
    }
    Ok(code(&found))
}

async fn examine(hosts: &[Host], sudo: Option<&str>, session: &Session) -> Result<Found, Failure> {
    let person = session.person();
    let ways = brief_ways(session, person.is_some())?;
    let store = Store::at(&session.settings.places);
    let columns = person.map(|_| console::Term::stderr().size().1);
    let absolute =
        |path| std::path::absolute(path).map_err(|error| cannot("find this place", &error));
    let state = absolute(store.root())?;
    let here = Here {
        state: &state,
        memory: store.fallback(),
        ssh_config: session.settings.ssh_config.as_deref(),
        columns,
    };
    let here = examine_here(&ways, &here).await;
    if !hosts.is_empty() && !session.settings.quiet {
        session.shell.err(&format!(" looking at {} …\n", count(hosts.len(), "host")));
    }
    Ok(Found { here, hosts: examine_hosts(&ways, hosts, sudo).await })
}

/// The hosts that are meant.
fn hosts(doctor: &Doctor, session: &Session) -> Result<Vec<Host>, Failure> {
    if doctor.local {
        return Ok(vec![host(HostName::local(), Destination::Local)]);
    }
    if !doctor.host.is_empty() {
        return named(&doctor.host);
    }
    let Some(text) = inventory::find(doctor.inventory.as_deref(), &session.settings)? else {
        return Err(Failure::usage("there is no inventory to find hosts in")
            .line("name one with `--inventory FILE`, or hosts with `--host ROLE=DEST`"));
    };
    let inventory = loading::inventory(text).or_complain(&session.shell)?;
    of_inventory(&inventory, doctor.env.as_deref())
}

fn of_inventory(inventory: &Inventory, environment: Option<&str>) -> Result<Vec<Host>, Failure> {
    let known = &inventory.environments;
    let environment = match environment {
        None => None,
        Some(name) => match known.get_key_value(name) {
            Some((name, EnvironmentEntry { .. })) => Some(name),
            None => {
                let names = known.keys().map(runbook_core::base::EnvName::as_str);
                return Err(Failure::usage(format!("there is no environment `{name}`"))
                    .lines(did_you_mean(name, names)));
            }
        },
    };
    let hosts = inventory.hosts_of(environment);
    if hosts.is_empty() {
        return Err(Failure::usage("the inventory names no host there"));
    }
    Ok(hosts)
}

/// The hosts of `--host ROLE=DEST,…`, whatever their roles.
fn named(flags: &[String]) -> Result<Vec<Host>, Failure> {
    let mut hosts: Vec<Host> = vec![];
    for flag in flags {
        let Some((_, destinations)) = flag.split_once('=') else {
            let message = format!("`--host {flag}` is not `--host ROLE=DEST[,DEST]`");
            return Err(Failure::usage(message));
        };
        for destination in destinations.split(',') {
            let name = named_host(destination)
                .map_err(|why| Failure::usage(format!("`--host {flag}`: {why}")))?;
            if hosts.iter().all(|known| known.name != name) {
                hosts.push(host(name, Destination::Ssh(destination.to_owned())));
            }
        }
    }
    Ok(hosts)
}

fn host(name: HostName, destination: Destination) -> Host {
    Host { name, destination, vars: Default::default(), expect: Default::default() }
}

/// A line a finding.
fn lines(found: &Found, session: &Session) {
    #[derive(Serialize)]
    struct Line<'a> {
        host: Option<&'a HostName>,
        finding: &'a Finding,
    }
    let here = found.here.iter().map(|finding| Line { host: None, finding });
    let there = found.hosts.iter().flat_map(|checkup| {
        let host = Some(&checkup.host);
        checkup.findings.iter().map(move |finding| Line { host, finding })
    });
    here.chain(there).for_each(|line| session.json_line(&line));
}

/// A host that a run could not act on is told before anything else that must be put right.
fn code(found: &Found) -> ExitCode {
    let all = || found.hosts.iter().flat_map(|checkup| &checkup.findings).chain(&found.here);
    if found.hosts.iter().any(|checkup| !checkup.reached) {
        return ExitCode::Unreachable;
    }
    match all().any(|finding| finding.level == Level::Fix) {
        true => ExitCode::Failed,
        false => ExitCode::Success,
    }
}
