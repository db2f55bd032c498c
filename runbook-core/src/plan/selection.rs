//! Which hosts a run talks to: the roles of a runbook, in an environment, as limited.

use indexmap::{IndexMap, IndexSet};

use super::bind::{Problem, Request};
use super::inventory::{EnvironmentEntry, Inventory};
use super::inventory_reader::check_destination;
use super::limit::Limits;
use super::model::{Destination, Environment, ExpectedIdentity, Host};
use super::near::suggestion;
use super::needed::needed_roles;
use crate::base::{EnvName, HostName, RoleName};

/// The environment and hosts of a run.
#[derive(Default)]
pub(super) struct Selection {
    pub(super) environment: Environment,
    /// Values of the environment.
    pub(super) vars: IndexMap<String, String>,
    /// In the order of the inventory, those named on the command line last.
    pub(super) hosts: IndexMap<HostName, Host>,
    pub(super) roles: IndexMap<RoleName, Vec<HostName>>,
    /// Whether a problem kept it from being made; then nothing follows from what is not in it.
    pub(super) failed: bool,
}

/// Selects the hosts. What only follows from another problem is not reported.
pub(super) fn select(request: &Request<'_>, problems: &mut Vec<Problem>) -> Selection {
    let before = problems.len();
    let environment = environment(request, problems);
    let named = named_hosts(request, problems);
    if problems.len() > before {
        return Selection { failed: true, ..Selection::default() };
    }
    let entry = environment.map(|(_, entry)| entry);
    let mut selection = Selection {
        environment: environment.map_or_else(Environment::default, |(name, entry)| Environment {
            name: Some(name.clone()),
            ..entry.facts.clone()
        }),
        vars: entry.map(|entry| entry.vars.clone()).unwrap_or_default(),
        ..Selection::default()
    };
    for role in request.runbook.roles.keys() {
        let hosts = match named.get(role) {
            _ if request.local => vec![HostName::local()],
            Some(hosts) => hosts.clone(),
            None => entry.and_then(|entry| entry.roles.get(role)).cloned().unwrap_or_default(),
        };
        selection.roles.insert(role.clone(), hosts);
    }
    let unlimited = selection.roles.clone();
    Limits::parse(request.limits, &unlimited, problems).apply(&mut selection.roles);
    selection.hosts = hosts_in_order(request.inventory, entry, &selection.roles);
    if problems.len() == before {
        check_counts(request, &selection, &unlimited, problems);
    }
    selection
}

fn environment<'a>(
    request: &Request<'a>,
    problems: &mut Vec<Problem>,
) -> Option<(&'a EnvName, &'a EnvironmentEntry)> {
    let wanted = request.env?;
    let Some(inventory) = request.inventory else {
        let help = "name one with `--inventory FILE`, or the hosts with `--host ROLE=DEST`";
        problems.push(
            Problem::new(format!("there is no inventory to find the environment `{wanted}` in"))
                .help(help.to_owned()),
        );
        return None;
    };
    let found = inventory.environments.get_key_value(wanted);
    if found.is_none() {
        let known = inventory.environments.keys().map(EnvName::as_str);
        problems.push(
            Problem::new(format!("there is no environment `{wanted}`"))
                .help(suggestion(wanted, known)),
        );
    }
    found
}

/// The hosts that `--host` names, by role.
fn named_hosts(
    request: &Request<'_>,
    problems: &mut Vec<Problem>,
) -> IndexMap<RoleName, Vec<HostName>> {
    let mut named: IndexMap<RoleName, Vec<HostName>> = IndexMap::new();
    if request.local && !request.hosts.is_empty() {
        problems.push(
            Problem::new("`--local` and `--host` say different hosts")
                .help("leave one of them out".to_owned()),
        );
    }
    for flag in request.hosts {
        let Some((role, destinations)) = flag.split_once('=') else {
            problems
                .push(Problem::new(format!("`--host {flag}` is not `--host ROLE=DEST[,DEST]`")));
            continue;
        };
        let Some(role) = known_role(role, &request.runbook.roles, problems) else { continue };
        let hosts = named.entry(role.clone()).or_default();
        for destination in destinations.split(',') {
            match named_host(destination) {
                Ok(host) if hosts.contains(&host) => {
                    let what = format!("`--host` names `{host}` twice for `{role}`");
                    problems.push(Problem::new(what));
                }
                Ok(host) => hosts.push(host),
                Err(why) => problems.push(Problem::new(format!("`--host {flag}`: {why}"))),
            }
        }
    }
    named
}

/// The host that this destination on a command line is.
///
/// # Errors
/// It is none that `ssh` is ever given.
pub fn named_host(destination: &str) -> Result<HostName, String> {
    check_destination(destination)?;
    let host: HostName = destination.parse().map_err(|error| format!("{error}"))?;
    if host == HostName::local() {
        return Err("`local` is this machine: say `--local`".to_owned());
    }
    Ok(host)
}

/// The role of that name.
pub(super) fn known_role<'a, T>(
    name: &str,
    roles: &'a IndexMap<RoleName, T>,
    problems: &mut Vec<Problem>,
) -> Option<&'a RoleName> {
    let found = roles.get_key_value(name).map(|(role, _)| role);
    if found.is_none() {
        problems.push(
            Problem::new(format!("the runbook has no role `{name}`"))
                .help(suggestion(name, roles.keys().map(RoleName::as_str))),
        );
    }
    found
}

/// Every host of a role, in the order of the inventory.
fn hosts_in_order(
    inventory: Option<&Inventory>,
    entry: Option<&EnvironmentEntry>,
    roles: &IndexMap<RoleName, Vec<HostName>>,
) -> IndexMap<HostName, Host> {
    let selected: IndexSet<&HostName> = roles.values().flatten().collect();
    let listed = entry.into_iter().flat_map(|entry| entry.roles.values().flatten());
    let ordered: IndexSet<&HostName> =
        listed.filter(|host| selected.contains(*host)).chain(selected.iter().copied()).collect();
    let empty = Inventory::default();
    let inventory = inventory.unwrap_or(&empty);
    ordered
        .into_iter()
        .map(|name| {
            let host =
                if *name == HostName::local() { this_machine() } else { inventory.host(name) };
            (name.clone(), host)
        })
        .collect()
}

fn this_machine() -> Host {
    Host {
        name: HostName::local(),
        destination: Destination::Local,
        vars: IndexMap::new(),
        expect: ExpectedIdentity::default(),
    }
}

/// Every role that is needed has hosts, and none too few or too many.
fn check_counts(
    request: &Request<'_>,
    selection: &Selection,
    unlimited: &IndexMap<RoleName, Vec<HostName>>,
    problems: &mut Vec<Problem>,
) {
    let needed = needed_roles(&request.runbook);
    let mut without_hosts = Vec::new();
    for (name, role) in &request.runbook.roles {
        let count = selection.role(name).len();
        let min = role.min.unwrap_or_else(|| u32::from(needed.contains(name)));
        if count == 0 && min > 0 {
            without_hosts.push(name);
        } else if (count as u64) < u64::from(min) {
            problems.push(Problem::new(format!(
                "`{name}` has {count} hosts, and at least {min} are needed"
            )));
        } else if let Some(max) = role.max.filter(|max| count as u64 > u64::from(*max)) {
            problems.push(
                Problem::new(format!("`{name}` has {count} hosts, and at most {max} may be"))
                    .help(format!("choose with `--limit {name}=HOST`")),
            );
        }
    }
    let (emptied, unknown): (Vec<_>, Vec<_>) =
        without_hosts.into_iter().partition(|role| !unlimited[*role].is_empty());
    problems.extend(emptied.into_iter().map(|role| {
        Problem::new(format!("`--limit` leaves no host for `{role}`"))
            .help("`--limit ROLE=HOST` limits one role only".to_owned())
    }));
    if !unknown.is_empty() {
        problems.push(no_hosts(request, &unknown));
    }
}

impl Selection {
    pub(super) fn role(&self, role: &RoleName) -> &[HostName] {
        self.roles.get(role).map_or(&[], Vec::as_slice)
    }
}

/// No host is known for these roles, and the ways out.
fn no_hosts(request: &Request<'_>, roles: &[&RoleName]) -> Problem {
    let names = roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
    let flags =
        roles.iter().map(|role| format!("--host {role}=DEST")).collect::<Vec<_>>().join(" ");
    let problem = match request.env {
        Some(env) => Problem::new(format!("the environment `{env}` has no hosts for {names}"))
            .help(format!("add them to the `roles` of `[env.{env}]`")),
        None => {
            let known = request.inventory.map(|inventory| environments_with(inventory, roles));
            let known = known.filter(|known| !known.is_empty());
            Problem::new(format!("nothing says which hosts {names} are"))
                .help(known.map(|known| format!("`-e ENV`, one of {known}")))
        }
    };
    problem
        .help(format!("`{flags}`, each anything `ssh` accepts"))
        .help("`--local`: every role is this machine".to_owned())
}

fn environments_with(inventory: &Inventory, roles: &[&RoleName]) -> String {
    let has_all = |entry: &EnvironmentEntry| {
        roles.iter().all(|role| entry.roles.get(*role).is_some_and(|hosts| !hosts.is_empty()))
    };
    let names = inventory.environments.iter().filter(|(_, entry)| has_all(entry));
    names.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
