//! What serde carries upwards when a value cannot be read. Knows no places.

use std::fmt;

/// A value that could not be read.
#[derive(Debug)]
pub(in crate::document) enum Unreadable {
    /// The complaint has been made.
    Noted,
    /// The complaint is still to be made, by whoever knows the place.
    Because(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noted => f.write_str("a complaint was made"),
            Self::Because(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Unreadable {}

impl serde::de::Error for Unreadable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Because(message.to_string())
    }
}
