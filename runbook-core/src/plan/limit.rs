//! `--limit`: which of the hosts a run is kept to. It only ever takes hosts away.

use indexmap::{IndexMap, IndexSet};

use super::bind::Problem;
use super::near::suggestion;
use super::selection::known_role;
use crate::base::{HostName, RoleName};

/// What `--limit` says, in two scopes; a host stays where both let it.
#[derive(Default)]
pub(super) struct Limits {
    /// For every role; none limits nothing.
    everywhere: Option<IndexSet<HostName>>,
    by_role: IndexMap<RoleName, IndexSet<HostName>>,
}

impl Limits {
    /// Reads the flags. A host that is in no role, or not in that one, is a problem: a slip must
    /// not quietly leave a host out.
    pub(super) fn parse(
        flags: &[String],
        roles: &IndexMap<RoleName, Vec<HostName>>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut limits = Self::default();
        for flag in flags {
            match flag.split_once('=') {
                Some((role, hosts)) => {
                    let Some(role) = known_role(role, roles, problems) else { continue };
                    let known: Vec<&HostName> = roles[role].iter().collect();
                    let whose = format!("`{role}` has no host");
                    let limit = limits.by_role.entry(role.clone()).or_default();
                    limit.extend(members(hosts, &known, &whose, problems));
                }
                None => {
                    let known: Vec<&HostName> = roles.values().flatten().collect();
                    let limit = limits.everywhere.get_or_insert_default();
                    limit.extend(members(flag, &known, "no role has a host", problems));
                }
            }
        }
        limits
    }

    /// Takes away every host that is not among those named.
    pub(super) fn apply(&self, roles: &mut IndexMap<RoleName, Vec<HostName>>) {
        for (role, hosts) in roles {
            let own = self.by_role.get(role);
            hosts.retain(|host| {
                [self.everywhere.as_ref(), own]
                    .into_iter()
                    .flatten()
                    .all(|limit| limit.contains(host))
            });
        }
    }
}

/// The hosts of a list that there are.
fn members(
    list: &str,
    known: &[&HostName],
    whose: &str,
    problems: &mut Vec<Problem>,
) -> Vec<HostName> {
    let mut found = Vec::new();
    for name in list.split(',').map(str::trim) {
        match known.iter().find(|host| ***host == name) {
            Some(host) => found.push((*host).clone()),
            None => {
                let all: IndexSet<&str> = known.iter().map(|host| host.as_str()).collect();
                problems.push(
                    Problem::new(format!("`--limit`: {whose} `{name}`"))
                        .help(suggestion(name, all.iter().copied())),
                );
            }
        }
    }
    found
}
