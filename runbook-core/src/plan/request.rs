//! One HTTP request with its values: the exact bytes that would be sent.

use serde::{Deserialize, Serialize};

use crate::base::Digest;

/// A rendered request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// The whole url, query included.
    pub url: String,
    /// Names and values, in the order of the text.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// A PEM file with the authority that is trusted for it.
    pub ca: Option<String>,
}

impl HttpRequest {
    /// The digest of every byte of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_vec(self).expect("a request is text in lists"))
    }
}
