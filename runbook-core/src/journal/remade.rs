//! A plan made again from what was kept of it: the files as they were read, and what was asked for.
//! What is on the disk now under the same names is not looked at.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::facts::PlanFacts;
use crate::base::Source;
use crate::document::{HostsDocument, RunbookDocument};
use crate::plan::{Inventory, Plan, RunFacts};
use crate::runbook::Runbook;

/// A file as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What it is to the run: `runbook`, `inventory` …; several may be the same.
    pub role: String,
    /// Where it was, as it was named.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The plan of these files, which must come to these facts.
pub(super) fn plan(files: &[Snapshot], facts: &PlanFacts) -> Result<Plan, String> {
    let run = RunFacts {
        id: facts.run.clone(),
        started: facts.started,
        operator: facts.operator.clone(),
    };
    let plan = bind(files, facts, run)?;
    if PlanFacts::of(&plan, &facts.wanted) == *facts {
        return Ok(plan);
    }
    Err("its hosts, values or steps come out differently".to_owned())
}

/// The plan of these files by what was asked for, for a run.
pub(super) fn bind(files: &[Snapshot], facts: &PlanFacts, run: RunFacts) -> Result<Plan, String> {
    let of_role = |role: &str| files.iter().find(|snapshot| snapshot.role == role);
    let text = of_role("runbook").ok_or_else(|| "its runbook is missing".to_owned())?;
    let runbook = runbook(text, &facts.runbook)?;
    let inventory = of_role("inventory").map(inventory).transpose()?;
    let request = facts.wanted.request(Arc::new(runbook), inventory.as_ref(), run);
    Plan::bind(request).map_err(|error| error.to_string())
}

fn source(snapshot: &Snapshot) -> Arc<Source> {
    Arc::new(Source { name: snapshot.path.clone(), text: snapshot.text.clone() })
}

fn runbook(snapshot: &Snapshot, name: &str) -> Result<Runbook, String> {
    let parsed = RunbookDocument::parse(source(snapshot));
    let (runbook, _) = Runbook::validate(&parsed, name);
    runbook.ok_or_else(|| "its runbook is not valid for this version".to_owned())
}

fn inventory(snapshot: &Snapshot) -> Result<Inventory, String> {
    let parsed = HostsDocument::parse(source(snapshot));
    let (inventory, _) = Inventory::validate(&parsed.document);
    inventory.ok_or_else(|| "its inventory is not valid for this version".to_owned())
}
