//! The plan of a run that was begun, made again from what was kept with it.

use std::sync::Arc;

use super::super::remade;
use super::{RunDirectory, StoreError};
use crate::plan::Plan;

impl RunDirectory {
    /// The run's plan.
    ///
    /// # Errors
    /// What was kept is missing, was edited, or makes another plan with this program.
    pub fn plan(&self) -> Result<Arc<Plan>, StoreError> {
        let plan = remade::plan(&self.snapshots()?, &self.facts()?);
        let other = |why| StoreError::OtherPlan { path: self.path().to_owned(), why };
        plan.map(Arc::new).map_err(other)
    }
}
