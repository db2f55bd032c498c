//! The smallest plan there is, for the tests of this floor.

use indexmap::IndexMap;

use crate::base::Source;
use crate::document::RunbookDocument;
use crate::plan::{Environment, Plan, RunFacts};
use crate::runbook::Runbook;

const TEXT: &str = r#"
format = 1
title = "Look"

[[step]]
id = "look"
on = "local"
read = "true"
"#;

/// One read on this machine.
pub(super) fn plan() -> Plan {
    let parsed = RunbookDocument::parse(Source::new("look.toml", TEXT));
    let runbook = Runbook::validate(&parsed, "look").0.unwrap();
    let started = jiff::Timestamp::UNIX_EPOCH;
    Plan {
        run: RunFacts { id: "t35t".parse().unwrap(), started, operator: "ana".to_owned() },
        environment: Environment::default(),
        hosts: IndexMap::new(),
        roles: IndexMap::new(),
        values: IndexMap::new(),
        runbook: runbook.into(),
    }
}
