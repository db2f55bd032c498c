//! The JSON Schema of a file, for editors: made of the same types that the reader fills.
//!
//! Draft 7, since that is what TOML editors read. It is closed as the format is: what a later
//! version will read is not in it. What no schema can say (exactly one kind, names that exist) is
//! not tried.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::model::{HostsDocument, RunbookDocument};

/// The schema of a runbook.
#[must_use]
pub fn runbook_schema() -> Value {
    schema_of::<RunbookDocument>()
}

/// The schema of an inventory.
#[must_use]
pub fn hosts_schema() -> Value {
    schema_of::<HostsDocument>()
}

fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}
