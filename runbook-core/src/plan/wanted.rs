//! What was asked for when a plan was bound, in a form that can be kept: with the texts of the
//! runbook and the inventory it makes the same plan again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bind::{Given, Request};
use super::inventory::Inventory;
use super::model::RunFacts;
use crate::runbook::Runbook;

/// What was asked for, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// `-e ENV`
    pub env: Option<String>,
    /// `--host ROLE=DEST[,DEST]`
    pub hosts: Vec<String>,
    /// `--local`
    pub local: bool,
    /// `--limit`
    pub limits: Vec<String>,
    /// Values for the parameters.
    pub given: Given,
}

impl Wanted {
    /// The request that this was, for a run.
    #[must_use]
    pub fn request<'a>(
        &'a self,
        runbook: Arc<Runbook>,
        inventory: Option<&'a Inventory>,
        run: RunFacts,
    ) -> Request<'a> {
        Request {
            runbook,
            inventory,
            env: self.env.as_deref(),
            hosts: &self.hosts,
            local: self.local,
            limits: &self.limits,
            given: &self.given,
            run,
        }
    }
}
