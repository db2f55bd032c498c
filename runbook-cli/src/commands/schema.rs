//! `runbook schema`: the JSON Schema of a file, for an editor.

use runbook_core::document::{hosts_schema, runbook_schema};

use crate::cli::{Schema, SchemaOf};
use crate::exit_code::ExitCode;
use crate::session::Session;

/// Runs the verb.
pub(crate) fn run(schema: &Schema, session: &Session) -> ExitCode {
    session.json(&match schema.of {
        SchemaOf::Runbook => runbook_schema(),
        SchemaOf::Hosts => hosts_schema(),
    });
    ExitCode::Success
}
