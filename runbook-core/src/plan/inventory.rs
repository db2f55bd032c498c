//! The inventory: environments, their roles, and the hosts there are. Knows no runbook.

use indexmap::IndexMap;

use super::inventory_reader::Reader;
use super::model::{Destination, Environment, ExpectedIdentity, Host};
use crate::base::{Diagnostics, EnvName, HostName, RoleName};
use crate::document::HostsDocument;

/// An inventory in which every rule of the format holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// The environments, in the order of the text.
    pub environments: IndexMap<EnvName, EnvironmentEntry>,
    /// What is known of hosts, in the order of the text. A role may name others: those are reached
    /// under their name.
    pub hosts: IndexMap<HostName, HostEntry>,
}

/// An environment of the inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentEntry {
    /// What a run depends on.
    pub facts: Environment,
    /// Values that fill parameters of the same name.
    pub vars: IndexMap<String, String>,
    /// The hosts of each role, in the order of the text.
    pub roles: IndexMap<RoleName, Vec<HostName>>,
}

/// What is known of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostEntry {
    /// How it is reached; none is by its name.
    pub destination: Option<String>,
    /// Its values.
    pub vars: IndexMap<String, String>,
    /// Who it must be.
    pub expect: ExpectedIdentity,
}

impl Inventory {
    /// Checks an inventory that was read. None where anything is wrong, or could not be read.
    pub fn validate(document: &HostsDocument) -> (Option<Self>, Diagnostics) {
        let mut reader = Reader::default();
        let inventory = reader.inventory(document);
        let (whole, diagnostics) = reader.finish();
        (whole.then_some(inventory), diagnostics)
    }

    /// Every host of an environment, or of all: each once, in the order of the text.
    #[must_use]
    pub fn hosts_of(&self, environment: Option<&EnvName>) -> Vec<Host> {
        let wanted = |name: &EnvName| environment.is_none_or(|wanted| wanted == name);
        let entries = self.environments.iter().filter(|(name, _)| wanted(name));
        let in_roles = entries.flat_map(|(_, entry)| entry.roles.values().flatten());
        let known = self.hosts.keys().filter(|_| environment.is_none());
        let names: indexmap::IndexSet<&HostName> = in_roles.chain(known).collect();
        names.into_iter().map(|name| self.host(name)).collect()
    }

    /// The host of that name, known or not.
    #[must_use]
    pub fn host(&self, name: &HostName) -> Host {
        let entry = self.hosts.get(name).cloned().unwrap_or_default();
        let destination = entry.destination.unwrap_or_else(|| name.as_str().to_owned());
        Host {
            name: name.clone(),
            destination: Destination::Ssh(destination),
            vars: entry.vars,
            expect: entry.expect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;

    fn validate(text: &str) -> (Option<Inventory>, Vec<String>) {
        let parsed = HostsDocument::parse(Source::new("hosts.toml", text));
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let (inventory, diagnostics) = Inventory::validate(&parsed.document);
        (inventory, diagnostics.iter().map(ToString::to_string).collect())
    }

    fn refused(text: &str) -> String {
        let (inventory, complaints) = validate(&format!("format = 1\n{text}"));
        assert_eq!(inventory, None);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        complaints[0].clone()
    }

    const WHOLE: &str = r#"
format = 1
[env.prod]
protect = true
approvals = 2
vars = { url = "https://app.example.org", replicas = 3, ratio = 0.5, on = true }
roles = { web = ["app1", "app2"], db = ["db1"] }
[env.test]
[host.db1]
ssh = "ssh://ops@db1.prod:2222"
vars = { peer = "10.0.0.7" }
expect = { hostname = "db1", machine_id = "7c1e", fingerprint = "SHA256:qBM7pqxWbmRH4fRrhHiPeVTPzVwDNhCVXv0MCp4LxfA" }
"#;

    #[test]
    fn an_inventory_is_read_in_the_order_of_the_text() {
        let (inventory, complaints) = validate(WHOLE);
        assert_eq!(complaints, Vec::<String>::new());
        let inventory = inventory.unwrap();
        let prod = &inventory.environments["prod"];
        assert!(prod.facts.protect);
        assert_eq!((prod.facts.approvals, prod.facts.max_hosts_per_destroy), (2, 1));
        let vars: Vec<&str> = prod.vars.values().map(String::as_str).collect();
        assert_eq!(vars, ["https://app.example.org", "3", "0.5", "true"]);
        assert_eq!(prod.roles.keys().map(RoleName::as_str).collect::<Vec<_>>(), ["web", "db"]);
        assert_eq!(inventory.environments["test"].facts.approvals, 1);
        let db1 = inventory.host(&prod.roles["db"][0]);
        assert_eq!(db1.destination, Destination::Ssh("ssh://ops@db1.prod:2222".to_owned()));
        assert_eq!(db1.expect.machine_id.as_deref(), Some("7c1e"));
        assert!(db1.expect.fingerprint.is_some_and(|key| key.starts_with("SHA256:qBM7")));
    }

    #[test]
    fn a_host_without_a_table_is_reached_by_its_name() {
        let inventory = validate(WHOLE).0.unwrap();
        let app1 = inventory.host(&"app1".parse().unwrap());
        assert_eq!(app1.destination, Destination::Ssh("app1".to_owned()));
        assert!(app1.vars.is_empty());
    }

    #[test]
    fn every_host_is_listed_once() {
        let inventory = validate(WHOLE).0.unwrap();
        let names = |environment: Option<&str>| {
            let environment = environment.map(|name| name.parse().unwrap());
            let hosts = inventory.hosts_of(environment.as_ref());
            hosts.iter().map(|host| host.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(None), ["app1", "app2", "db1"]);
        assert_eq!(names(Some("prod")), ["app1", "app2", "db1"]);
        assert_eq!(names(Some("test")), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_code() {
        for (text, code) in [
            ("[env.\"\"]", "bad-name"),
            ("[env.prod]\nroles = { Web = [\"a\"] }", "bad-name"),
            ("[env.prod]\nroles = { web = [\"-oProxyCommand=x\"] }", "bad-name"),
            ("[env.prod]\nroles = { web = [\"a b\"] }", "bad-name"),
            ("[env.prod]\nroles = { web = [\"local\"] }", "reserved-name"),
            ("[host.local]\nssh = \"x\"", "reserved-name"),
            ("[env.prod]\nroles = { web = [\"a\", \"b\", \"a\"] }", "defined-twice"),
            ("[env.prod]\napprovals = 0", "bad-count"),
            ("[env.prod]\nmax_hosts_per_destroy = 0", "bad-count"),
            ("[env.prod]\nvars = { \"a-b\" = 1 }", "bad-name"),
            ("[env.prod]\nvars = { a = \"\\u001b[0m\" }", "bad-value"),
            ("[host.a]\nssh = \"-oProxyCommand=x\"", "bad-destination"),
            ("[host.a]\nssh = \"root@-x\"", "bad-destination"),
            ("[host.a]\nssh = \"ssh://-x\"", "bad-destination"),
            ("[host.a]\nssh = \"a;b\"", "bad-destination"),
            ("[host.a]\nssh = \"\"", "bad-destination"),
            ("[host.a]\nexpect = { machine_id = \"\" }", "bad-value"),
            ("[host.a]\nexpect = { hostname = \" \" }", "bad-value"),
            ("[host.a]\nexpect = { fingerprint = \"SHA256:short\" }", "bad-value"),
            ("[host.a]\nexpect = { fingerprint = \"MD5:00:11\" }", "bad-value"),
        ] {
            let complaint = refused(text);
            assert!(complaint.starts_with(&format!("error[{code}]")), "{text}: {complaint}");
        }
        assert!(validate("[env.prod]").1[0].starts_with("error[missing-key]"));
    }

    #[test]
    fn every_complaint_comes_at_once_and_points_at_the_text() {
        let text = "format = 1\n[env.prod]\napprovals = 0\nroles = { web = [\"a\", \"a\"] }\n";
        let parsed = HostsDocument::parse(Source::new("hosts.toml", text));
        let (_, diagnostics) = Inventory::validate(&parsed.document);
        let places: Vec<&str> = diagnostics
            .iter()
            .map(|d| d.primary.as_ref().map(|at| &text[at.span.start..at.span.end]).unwrap())
            .collect();
        assert_eq!(places, ["0", "\"a\""]);
    }

    #[test]
    fn what_could_not_be_read_is_never_guessed() {
        let text = "format = 1\n[env.prod]\nprotect = \"yes\"\n";
        let parsed = HostsDocument::parse(Source::new("hosts.toml", text));
        assert!(parsed.diagnostics.has_errors());
        let (inventory, diagnostics) = Inventory::validate(&parsed.document);
        assert_eq!((inventory, diagnostics.is_empty()), (None, true));
    }
}
