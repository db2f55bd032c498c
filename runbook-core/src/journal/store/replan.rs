//! The plan of a run that was begun, made again from what was kept with it: the files as they were
//! read, and what was asked for. What is on the disk now under the same names is not looked at.

use std::sync::Arc;

use super::super::facts::PlanFacts;
use super::{RunDirectory, Snapshot, StoreError};
use crate::base::Source;
use crate::document::{HostsDocument, RunbookDocument};
use crate::plan::{Inventory, Plan, RunFacts};
use crate::runbook::Runbook;

impl RunDirectory {
    /// The run's plan.
    ///
    /// # Errors
    /// What was kept is missing, was edited, or makes another plan with this program.
    pub fn plan(&self) -> Result<Arc<Plan>, StoreError> {
        let facts = self.facts()?;
        let snapshots = self.snapshots()?;
        let other = |why: String| StoreError::OtherPlan { path: self.path().to_owned(), why };
        let of_role = |role: &str| snapshots.iter().find(|snapshot| snapshot.role == role);
        let text = of_role("runbook").ok_or_else(|| other("its runbook is missing".to_owned()))?;
        let runbook = runbook(text, &facts.runbook).map_err(other)?;
        let inventory = of_role("inventory").map(inventory).transpose().map_err(other)?;
        let run = RunFacts {
            id: facts.run.clone(),
            started: facts.started,
            operator: facts.operator.clone(),
        };
        let request = facts.wanted.request(Arc::new(runbook), inventory.as_ref(), run);
        let plan = Plan::bind(request).map_err(|error| other(error.to_string()))?;
        if PlanFacts::of(&plan, &facts.wanted) != facts {
            return Err(other("its hosts, values or steps come out differently".to_owned()));
        }
        Ok(Arc::new(plan))
    }
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
