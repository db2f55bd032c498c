//! One program with its values: the exact bytes that would run. Knows nothing of how it gets there.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::Digest;
use crate::runbook::Shell;

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// A script, literal: values reach it only through the environment and `"$@"`.
    Script {
        /// The author's text, byte for byte.
        text: String,
        /// Who reads it.
        shell: Shell,
    },
    /// A program and its arguments, run without a shell.
    Argv(Vec<String>),
}

/// A program with everything it is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What runs.
    pub program: Program,
    /// `"$@"` of a script, or appended to an argv.
    pub args: Vec<String>,
    /// Variables set for it, on top of what the host gives.
    pub env: IndexMap<String, String>,
    /// Where it runs; none is the user's home.
    pub cwd: Option<String>,
    /// The user it runs as through `sudo -n`; none is the one we are connected as.
    pub sudo: Option<String>,
    /// Its standard input; none is `/dev/null`.
    pub stdin: Option<String>,
}

impl Command {
    /// A plain script without values.
    pub fn script(text: impl Into<String>) -> Self {
        Self::new(Program::Script { text: text.into(), shell: Shell::Sh })
    }

    /// A program without values.
    #[must_use]
    pub fn new(program: Program) -> Self {
        Self { program, args: Vec::new(), env: IndexMap::new(), cwd: None, sudo: None, stdin: None }
    }

    /// The digest of every byte of it: what an approval is bound to.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_vec(self).expect("a command is text in lists and maps"))
    }
}
