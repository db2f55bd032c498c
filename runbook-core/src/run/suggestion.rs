//! What a `suggest` sends, and where: asked before a run for a value that it still needs. Knows
//! nothing of who is asked for the value.

use super::inquiry::not_known;
use super::machine::Run;
use super::render::{self, Unrendered};
use crate::base::HostName;
use crate::plan::Command;
use crate::runbook::{How, Suggest};

impl Run {
    /// Where it may be asked: the first of these that can be reached is.
    #[must_use]
    pub fn suggestion_hosts(&self, suggest: &Suggest) -> Vec<HostName> {
        self.place_hosts(&suggest.place)
    }

    /// The program that is run on this host, with the values that are known: one that is not is
    /// unset in a script, as for any script.
    ///
    /// # Errors
    /// It cannot be run with these values, or is no program: why.
    pub fn suggestion(&self, suggest: &Suggest, host: &HostName) -> Result<Command, String> {
        if matches!(suggest.read, How::Request(_)) {
            return Err("it is a request, and only lines of a program are offered".to_owned());
        }
        let scope = self.scope(None, Some(host));
        render::command(&suggest.read, &suggest.setting, None, &[], &scope).map_err(|error| {
            match error {
                Unrendered::NotYet(after) => not_known(after.as_ref()),
                Unrendered::Failed(why) => why,
            }
        })
    }
}
