//! How a step acts: a script, an argv or one request.

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::Field;
use super::list::{Entries, List};
use super::scalar::Json;

/// What is done: a script, a program with its arguments, or one HTTP request.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum How {
    /// A literal POSIX script, run with `set -eu`; values reach it as environment variables.
    #[serde(rename = "a string (a script)")]
    Script(String),
    /// A program and its arguments, without a shell; every element is a template.
    #[serde(rename = "an array (a program and its arguments)")]
    Argv(List<String>),
    /// One HTTP request: `{ http = { url = "…" } }`.
    #[serde(rename = "a table (a request)")]
    Request(Box<RequestTable>),
}

/// What is run: a script, or a program with its arguments.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Program {
    /// A literal POSIX script, run with `set -eu`; values reach it as environment variables.
    #[serde(rename = "a string (a script)")]
    Script(String),
    /// A program and its arguments, without a shell; every element is a template.
    #[serde(rename = "an array (a program and its arguments)")]
    Argv(List<String>),
}

/// A request where a script could stand.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["http"]))]
pub struct RequestTable {
    /// The request; a read uses GET and HEAD only.
    pub http: Field<Http>,
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Http {
    /// A url, asked with GET.
    #[serde(rename = "a string (a url)")]
    Url(String),
    /// The whole request.
    #[serde(rename = "a table (a request)")]
    Request(Box<HttpTable>),
}

/// The keys of a request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["url"]))]
pub struct HttpTable {
    /// Where to.
    pub url: Field<String>,
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`; a change or destroy sends `POST` unless
    /// told.
    pub method: Field<String>,
    /// Sent with it, by name.
    pub headers: Field<Entries<String>>,
    /// Appended to the url, encoded.
    pub query: Field<Entries<String>>,
    /// A body that is sent as JSON; every string in it is a template.
    pub json: Field<Json>,
    /// A body that is sent as it is.
    pub body: Field<String>,
    /// A PEM file on this machine, with the authority that is trusted for this request.
    pub ca: Field<String>,
}

/// As whom a program runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Sudo {
    /// As root, or as the user who logged in.
    #[serde(rename = "a bool")]
    Root(bool),
    /// As this user.
    #[serde(rename = "a string (a user)")]
    User(String),
}

/// Who reads a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    /// POSIX `sh` with `set -eu`.
    Sh,
    /// `bash`, with `pipefail` too.
    Bash,
}
