//! Floor 1: a file as its author wrote it, every word with its place. Whether it makes sense, and
//! what it means, is not known here: that is decided above.
//!
//! One walk over the text yields the document as far as it could be read, and every complaint
//! about its form: TOML syntax, unknown and misplaced keys, values of the wrong type.

mod beyond;
mod model;
mod parse;
mod reader;
mod schema;
mod syntax;

pub use model::*;
pub use parse::{FORMAT, Parsed, decode};
pub use schema::{hosts_schema, runbook_schema};
