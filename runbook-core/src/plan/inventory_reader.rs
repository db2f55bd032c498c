//! Reads an inventory out of its document, complaining of everything that is wrong in one pass.

use std::hash::Hash;
use std::str::FromStr;

use indexmap::IndexMap;

use super::inventory::{EnvironmentEntry, HostEntry, Inventory};
use super::model::{Environment, ExpectedIdentity};
use crate::base::{Diagnostic, Diagnostics, HostName, Span, Spanned, Value, ValueName, ValueType};
use crate::document::{self, Entries, Field, HostsDocument, List, Scalar};

/// Characters of a shell that OpenSSH refuses in a destination since 9.6, and we with every version:
/// a `ProxyCommand` of the user's would hand them to a shell.
const SHELL_CHARACTERS: &str = "'`\"$\\;&<>|(){}";

/// Collects what is wrong.
#[derive(Default)]
pub(super) struct Reader {
    diagnostics: Diagnostics,
    /// Whether something could not be read: then the complaint was made, and nothing is guessed.
    broken: bool,
}

impl Reader {
    /// Whether the inventory may be used, and every complaint.
    pub(super) fn finish(self) -> (bool, Diagnostics) {
        (!self.broken && !self.diagnostics.has_errors(), self.diagnostics)
    }

    pub(super) fn inventory(&mut self, document: &HostsDocument) -> Inventory {
        self.format(&document.format);
        let environments = self.entries(&document.env, Self::environment);
        let hosts = self.entries(&document.host, Self::host);
        Inventory { environments, hosts }
    }

    fn error(&mut self, code: &'static str, at: Span, message: impl Into<String>, help: &str) {
        self.diagnostics.push(Diagnostic::error(code, message).at(at, "").help(help));
    }

    fn format(&mut self, format: &Field<i64>) {
        let help = "write `format = 1` above everything else";
        match format {
            Field::Absent => self.diagnostics.push(
                Diagnostic::error("missing-key", "an inventory says which `format` it has")
                    .help(help),
            ),
            Field::Broken { .. } => self.broken = true,
            Field::Written { value, .. } if value.value != document::FORMAT => {
                self.error("unknown-format", value.span, "there is no such format", help);
            }
            Field::Written { .. } => {}
        }
    }

    /// What was written; notes where it could not be read.
    fn read<'a, T>(&mut self, field: &'a Field<T>) -> Option<&'a Spanned<T>> {
        self.broken |= matches!(field, Field::Broken { .. });
        field.written()
    }

    /// Every entry of a table whose keys are names.
    fn entries<K, T, U>(
        &mut self,
        field: &Field<Entries<T>>,
        read: impl Fn(&mut Self, &Spanned<T>) -> U,
    ) -> IndexMap<K, U>
    where
        K: Named,
    {
        let mut all = IndexMap::new();
        let Some(table) = self.read(field) else { return all };
        for (name, entry) in &table.value {
            let name = self.name(name, entry.key().unwrap_or(table.span));
            let value = self.read(entry).map(|entry| read(self, entry));
            if let (Some(name), Some(value)) = (name, value) {
                all.insert(name, value);
            }
        }
        all
    }

    fn name<K: Named>(&mut self, text: &str, at: Span) -> Option<K> {
        if K::is_reserved(text) {
            let message = format!("`{text}` is this machine, wherever a host is named");
            self.error("reserved-name", at, message, "take another name");
            return None;
        }
        match text.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                self.error("bad-name", at, error.to_string(), "take another name");
                None
            }
        }
    }

    fn environment(&mut self, entry: &Spanned<document::Environment>) -> EnvironmentEntry {
        let facts = Environment {
            name: None,
            protect: self.read(&entry.protect).is_some_and(|protect| protect.value),
            approvals: self.count(&entry.approvals, "`approvals` is how many people it takes"),
            allowed_signers: self.file(&entry.allowed_signers),
            revoked_keys: self.file(&entry.revoked_keys),
            max_hosts_per_destroy: self.count(
                &entry.max_hosts_per_destroy,
                "`max_hosts_per_destroy` is how many hosts one card may cover",
            ),
        };
        let vars = self.vars(&entry.vars);
        let roles = self.entries(&entry.roles, Self::role);
        EnvironmentEntry { facts, vars, roles }
    }

    /// A number of at least one, which it is unless said.
    fn count(&mut self, field: &Field<u32>, what: &str) -> u32 {
        match self.read(field) {
            Some(count) if count.value == 0 => {
                self.error("bad-count", count.span, format!("{what}, at least 1"), "leave it out");
                1
            }
            Some(count) => count.value,
            None => 1,
        }
    }

    /// The name of a file.
    fn file(&mut self, field: &Field<String>) -> Option<String> {
        let name = self.read(field)?;
        if name.value.is_empty() || name.value.contains(char::is_control) {
            let message = "this names a file, from the directory of the inventory";
            self.error("bad-value", name.span, message, "leave the key out where there is none");
        }
        Some(name.value.clone())
    }

    fn role(&mut self, hosts: &Spanned<List<String>>) -> Vec<HostName> {
        let mut names: Vec<HostName> = Vec::new();
        for host in &hosts.value {
            match self.name::<HostName>(&host.value, host.span) {
                Some(name) if names.contains(&name) => {
                    let message = format!("`{name}` is in this role twice");
                    self.error("defined-twice", host.span, message, "leave one of them out");
                }
                Some(name) => names.push(name),
                None => {}
            }
        }
        names
    }

    fn vars(&mut self, field: &Field<Entries<Scalar>>) -> IndexMap<String, String> {
        let vars: IndexMap<ValueName, Option<String>> = self.entries(field, Self::var);
        vars.into_iter().filter_map(|(name, text)| Some((name.into(), text?))).collect()
    }

    fn var(&mut self, scalar: &Spanned<Scalar>) -> Option<String> {
        let value = match &scalar.value {
            Scalar::Text(text) => ValueType::String.parse(text),
            Scalar::Int(int) => Ok(Value::Int(*int)),
            Scalar::Number(number) => ValueType::Number.parse(&number.to_string()),
            Scalar::Bool(flag) => Ok(Value::Bool(*flag)),
        };
        if value.is_err() {
            let message = "a value is a text without control characters, or a finite number";
            self.error("bad-value", scalar.span, message, "write it in another way");
        }
        value.ok().map(|value| value.text())
    }

    fn host(&mut self, entry: &Spanned<document::Host>) -> HostEntry {
        let destination = self.read(&entry.ssh).cloned();
        if let Some(destination) = &destination
            && let Err(why) = check_destination(destination)
        {
            let help = "it is what `ssh` is given: an alias, `user@host` or `ssh://user@host:port`";
            self.error("bad-destination", destination.span, why, help);
        }
        HostEntry {
            destination: destination.map(|destination| destination.value),
            vars: self.vars(&entry.vars),
            expect: self
                .read(&entry.expect)
                .map(|identity| self.identity(identity))
                .unwrap_or_default(),
        }
    }

    fn identity(&mut self, identity: &document::Identity) -> ExpectedIdentity {
        let is_hostname = |text: &str| !text.trim().is_empty();
        let is_machine_id = |text: &str| {
            (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
        };
        ExpectedIdentity {
            hostname: self.expected(&identity.hostname, is_hostname, "what `hostname` prints"),
            machine_id: self
                .expected(&identity.machine_id, is_machine_id, "up to 32 hex digits")
                .map(|id| id.to_ascii_lowercase()),
            fingerprint: self.expected(
                &identity.fingerprint,
                is_fingerprint,
                "`SHA256:` and 43 letters, as `ssh-keygen -lf` prints it",
            ),
        }
    }

    fn expected(
        &mut self,
        field: &Field<String>,
        fits: impl Fn(&str) -> bool,
        what: &str,
    ) -> Option<String> {
        let text = self.read(field)?;
        if !fits(&text.value) {
            let message = format!("`{}` is no machine's: it is {what}", text.value);
            self.error("bad-value", text.span, message, "leave the key out to expect nothing");
        }
        Some(text.value.clone())
    }
}

/// `SHA256:` and the digest in base64 without its padding.
fn is_fingerprint(text: &str) -> bool {
    let in_base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    text.strip_prefix("SHA256:")
        .is_some_and(|digest| digest.len() == 43 && digest.chars().all(in_base64))
}

/// What `ssh` can be given as a destination without taking it for anything else.
pub(super) fn check_destination(text: &str) -> Result<(), String> {
    let address = text.strip_prefix("ssh://").unwrap_or(text);
    let host = address.rsplit_once('@').map_or(address, |(_, host)| host);
    if text.is_empty() || host.is_empty() {
        return Err("a destination names a host".to_owned());
    }
    if [text, address, host].iter().any(|part| part.starts_with('-')) {
        return Err("a destination never begins with `-`: `ssh` would take it for an option".into());
    }
    let bad = |c: char| c.is_whitespace() || c.is_control() || SHELL_CHARACTERS.contains(c);
    match text.chars().find(|c| bad(*c)) {
        Some(c) => Err(format!("a destination has no `{}` in it", c.escape_debug())),
        None => Ok(()),
    }
}

/// A sort of name, and which texts of it mean something else.
pub(super) trait Named: FromStr<Err: ToString> + Hash + Eq {
    /// Whether it stands for something already.
    fn is_reserved(text: &str) -> bool;
}

impl Named for HostName {
    fn is_reserved(text: &str) -> bool {
        HostName::local() == *text
    }
}

impl Named for crate::base::EnvName {
    fn is_reserved(_: &str) -> bool {
        false
    }
}

impl Named for crate::base::RoleName {
    fn is_reserved(text: &str) -> bool {
        text == "local"
    }
}

impl Named for ValueName {
    fn is_reserved(_: &str) -> bool {
        false
    }
}
