//! What a person wants to know of a run without reading its journal: `plan.json`. Knows nothing of
//! where it is kept.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, EnvName, HostName, RunId, StepId, ValueName};
use crate::plan::{Bound, Destination, Plan, Wanted};

/// The facts of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFacts {
    /// The run's id.
    pub run: RunId,
    /// When it started.
    pub started: Timestamp,
    /// Who started it.
    pub operator: String,
    /// The runbook's name.
    pub runbook: String,
    /// Its one line.
    pub title: String,
    /// The digest of its text.
    pub digest: Digest,
    /// The environment.
    pub environment: Option<EnvName>,
    /// Whether it is one whose changes are confirmed by its name.
    pub protect: bool,
    /// The parameters, in their one text form; those that were not given are left out.
    pub params: IndexMap<ValueName, String>,
    /// The hosts, in order.
    pub hosts: Vec<HostFacts>,
    /// The ids of the steps, in order.
    pub steps: Vec<StepId>,
    /// What was asked for: with the files that were read, it makes the same plan again.
    pub wanted: Wanted,
}

/// A host of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// What it is called.
    pub name: HostName,
    /// How it is reached.
    pub destination: Destination,
}

impl PlanFacts {
    /// The facts of this plan.
    #[must_use]
    pub fn of(plan: &Plan, wanted: &Wanted) -> Self {
        let host = |host: &crate::plan::Host| HostFacts {
            name: host.name.clone(),
            destination: host.destination.clone(),
        };
        let params = plan.values.iter();
        Self {
            run: plan.run.id.clone(),
            started: plan.run.started,
            operator: plan.run.operator.clone(),
            runbook: plan.runbook.name.clone(),
            title: plan.runbook.title.clone(),
            digest: plan.runbook.digest,
            environment: plan.environment.name.clone(),
            protect: plan.environment.protect,
            params: params
                .filter_map(|(name, bound)| Some((name.clone(), text_of(bound)?)))
                .collect(),
            hosts: plan.hosts.values().map(host).collect(),
            steps: plan.runbook.steps.iter().map(|step| step.id.clone()).collect(),
            wanted: wanted.clone(),
        }
    }
}

/// The one text form; per host a line `host: value` each.
fn text_of(bound: &Bound) -> Option<String> {
    match bound {
        Bound::None => None,
        Bound::One(value) => Some(value.text()),
        Bound::PerHost(values) => {
            let line = |(host, value): (&HostName, &crate::base::Value)| {
                format!("{host}: {}", value.text())
            };
            Some(values.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
    }
}
