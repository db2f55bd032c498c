//! The runbooks that come with the command. Must not know what is in them.

/// Their names and texts, by name.
pub(crate) const BUNDLED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
