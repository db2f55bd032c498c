//! Names, parsed once and true ever after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not a name of that sort.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {rule}")]
pub struct BadName {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// The first character and the rest are of these sorts, and there are at most `max` of them.
fn fits(text: &str, max: usize, first: fn(u8) -> bool, rest: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= max && bytes.first().is_some_and(|b| first(*b)) && bytes.iter().all(|b| rest(*b))
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $max:literal, $first:expr, $rest:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                if fits(text, $max, $first, $rest) {
                    Ok(Self(text.into()))
                } else {
                    Err(BadName { text: text.to_owned(), what: $what, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    };
}

name!(
    /// The id of a step, unique in its runbook.
    StepId, "the id of a step", "a lowercase letter, then lowercase letters, digits and `_`", 63,
    |b| b.is_ascii_lowercase(), |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'
);
name!(
    /// A parameter, a capture or an asked value: one namespace.
    ValueName, "a name of a value", "a letter or `_`, then letters, digits and `_`", 63,
    |b| b.is_ascii_alphabetic() || b == b'_', |b| b.is_ascii_alphanumeric() || b == b'_'
);
name!(
    /// A kind of hosts, as a runbook talks of them.
    RoleName, "a role", "a lowercase letter, then lowercase letters, digits, `_` and `-`", 63,
    |b| b.is_ascii_lowercase(), |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-'
);
name!(
    /// An environment of the inventory.
    EnvName, "an environment", "a letter or digit, then letters, digits, `.`, `_` and `-`", 63,
    |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
);
name!(
    /// A host, as the inventory or the command line calls it.
    HostName, "the name of a host", "a letter or digit, then letters, digits and `._:@/[]%-`", 255,
    |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || b"._:@/[]%-".contains(&b)
);
name!(
    /// One execution of a runbook.
    RunId, "the id of a run", "letters and digits", 32,
    |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric()
);

impl HostName {
    /// The machine the engine itself runs on, as `on = "local"` calls it.
    #[must_use]
    pub fn local() -> Self {
        Self("local".into())
    }
}

/// Which try of a step on a host this is, from 1; used once per run, step and host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptNumber(pub u32);

impl fmt::Display for AttemptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_id_is_a_lowercase_word() {
        assert!("pull_2".parse::<StepId>().is_ok());
        for bad in ["", "Pull", "2pull", "pull-2", "pu ll"] {
            assert!(bad.parse::<StepId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_never_begins_with_a_dash() {
        assert!("-oProxyCommand=x".parse::<HostName>().is_err());
        assert!("ssh://ubuntu@10.0.0.7:2222".parse::<HostName>().is_ok());
        assert!("a b".parse::<HostName>().is_err());
    }
}
