//! What orders are carried out on: hosts, the network, outlets for what comes back. Knows nothing of
//! the order in which that happens.

use std::sync::Arc;

use super::lease::Leases;
use super::output::Outlets;
use super::stations::Stations;
use crate::base::RunId;
use crate::probe::Probe;

/// Shared by everything that runs.
pub(super) struct World {
    pub(super) run: RunId,
    pub(super) stations: Stations,
    pub(super) leases: Leases,
    pub(super) probe: Arc<dyn Probe>,
    pub(super) outlets: Outlets,
}
