//! Where a host of a plan is, and whether who answers there is who it must be.

use crate::base::HostName;
use crate::plan::{self, ExpectedIdentity, Identity};
use crate::transport;
use crate::transport::station;

/// What `ssh` is given for this destination of a plan.
pub(super) fn target(destination: &plan::Destination) -> Result<HostName, String> {
    match destination {
        plan::Destination::Local => Ok(HostName::local()),
        plan::Destination::Ssh(text) => text.parse().map_err(|bad| format!("{bad}")),
    }
}

/// The same in the words of the transport.
pub(super) fn address(
    target: HostName,
    attended: bool,
    own_connection: bool,
) -> transport::Destination {
    transport::Destination { target, own_connection, attended }
}

/// Who a host says it is, in the words of the plan.
pub(super) fn identity(said: &station::Identity) -> Identity {
    Identity {
        hostname: said.hostname.clone(),
        machine_id: said.machine_id.clone().unwrap_or_default(),
        boot_id: said.boot_id.clone().unwrap_or_default(),
        user: said.user.clone(),
        fingerprint: said.fingerprint.clone(),
    }
}

/// Why it is not who it must be; none when it is.
pub(super) fn difference(expected: &ExpectedIdentity, said: &Identity) -> Option<String> {
    let other = |what: &str, is: &str, must: &str| {
        let is = if is.is_empty() { "unknown" } else { is };
        Some(format!(
            "another host answers: its {what} is `{is}`, the inventory says `{must}`; nothing was sent"
        ))
    };
    if let Some(machine) = expected.machine_id.as_deref()
        && (machine.is_empty() || !said.machine_id.starts_with(machine))
    {
        return other("machine-id", &said.machine_id, machine);
    }
    let key = said.fingerprint.as_deref().unwrap_or_default();
    if let Some(fingerprint) = expected.fingerprint.as_deref()
        && key != fingerprint
    {
        return other("host key", key, fingerprint);
    }
    match expected.hostname.as_deref() {
        Some(hostname) if said.hostname != hostname => other("hostname", &said.hostname, hostname),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(machine: &str) -> Identity {
        Identity {
            hostname: "db1".into(),
            machine_id: machine.into(),
            boot_id: String::new(),
            user: "root".into(),
            fingerprint: None,
        }
    }

    fn expected(hostname: Option<&str>, machine: Option<&str>) -> ExpectedIdentity {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        ExpectedIdentity {
            hostname: owned(hostname),
            machine_id: owned(machine),
            fingerprint: None,
        }
    }

    #[test]
    fn a_key_that_is_not_shown_is_not_the_one_that_must_be() {
        let fingerprint = Some("SHA256:a".to_owned());
        let expected = ExpectedIdentity { fingerprint, ..ExpectedIdentity::default() };
        let told = |key: Option<&str>| {
            let said = Identity { fingerprint: key.map(str::to_owned), ..said("") };
            difference(&expected, &said)
        };
        assert_eq!(told(Some("SHA256:a")), None);
        insta::assert_snapshot!(
            told(Some("SHA256:b")).unwrap(),
            @"another host answers: its host key is `SHA256:b`, the inventory says `SHA256:a`; nothing was sent"
        );
        assert!(told(None).unwrap().contains("its host key is `unknown`"));
    }

    #[test]
    fn what_is_said_in_the_inventory_must_be_so() {
        let fits =
            |expected: &ExpectedIdentity, machine| difference(expected, &said(machine)).is_none();
        assert!(fits(&expected(None, None), ""));
        assert!(fits(&expected(Some("db1"), Some("7c1e")), "7c1e0b"));
        assert!(!fits(&expected(None, Some("7c1e")), "17c1e0b"));
        assert!(!fits(&expected(None, Some("7c1e")), ""));
        assert!(!fits(&expected(None, Some("")), "7c1e0b"), "an empty text proves nothing");
        insta::assert_snapshot!(
            difference(&expected(Some("db2"), None), &said("")).unwrap(),
            @"another host answers: its hostname is `db1`, the inventory says `db2`; nothing was sent"
        );
    }
}
