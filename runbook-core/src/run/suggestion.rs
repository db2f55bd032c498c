//! What a `suggest` sends, and where. Knows nothing of who is asked for the value.

use std::time::Duration;

use super::attempt::Payload;
use super::inquiry::not_known;
use super::machine::Run;
use super::render::{self, Unrendered};
use crate::base::HostName;
use crate::runbook::Suggest;

/// How long a person is kept waiting for what they can also type.
pub const PATIENCE: Duration = Duration::from_secs(30);

impl Run {
    /// Where it may be asked before the run has begun: the first of these that can be reached is.
    #[must_use]
    pub fn suggestion_hosts(&self, suggest: &Suggest) -> Vec<HostName> {
        self.place_hosts(&suggest.place)
    }

    /// What is sent to this host, with the values that are known: one that is not is unset in a
    /// script, as for any script.
    ///
    /// # Errors
    /// It cannot be sent with these values: why.
    pub fn suggestion(&self, suggest: &Suggest, host: &HostName) -> Result<Payload, String> {
        let scope = self.scope(None, Some(host));
        render::payload(&suggest.read, &suggest.setting, None, &[], &scope).map_err(unrendered)
    }
}

/// Why it cannot be sent.
pub(super) fn unrendered(error: Unrendered) -> String {
    match error {
        Unrendered::NotYet(after) => not_known(after.as_ref()),
        Unrendered::Failed(why) => why,
    }
}
