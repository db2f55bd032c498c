//! What the command's exit code means. Must not know how any of them comes about.

use std::fmt;

/// Why the command ended, for a script to decide on. A run's own code comes from the engine, which
/// gives the same numbers their meaning.
///
/// Where several apply, before the first change the first of 2, 5, 8, 6, 7, 9, 1, 3, 4, 0 wins,
/// after it the first of 5, 9, 1, 4, 10, 0: so 3, 6, 7 and 8 promise that nothing was changed. 255 is never
/// used: it is what ssh says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitCode {
    /// 0: the goal was reached, or there was nothing to do.
    Success,
    /// 1: a step failed and was not passed over, or the goal does not hold at the end; the state is
    /// known and recorded.
    Failed,
    /// 2: the command line is wrong, or the runbook is; nothing ran.
    Usage,
    /// 3: a precondition does not hold, or `stop_if` ended the run; nothing was changed.
    NotApplicable,
    /// 4: a person is needed: there is no terminal, or they said no. What was not approved was not
    /// sent.
    PersonNeeded,
    /// 5: an outcome is unknown, or the journal could not be kept: look before you act.
    Unknown,
    /// 6: someone else holds the lock.
    Locked,
    /// 7: what was planned or approved in advance is not so any more, or was used; nothing was changed.
    Stale,
    /// 8: could not connect, authenticate or prove the host's identity; nothing was changed.
    Unreachable,
    /// 9: stopped by a signal.
    Stopped,
    /// 10: resolved with exceptions: a person passed over a step, or a change failed under
    /// `continue`.
    Exceptions,
    /// 20: `plan --detailed-exitcode`: the plan has changes.
    Changes,
    /// 21: `plan --detailed-exitcode`: the plan has a destroy.
    Destroys,
}

impl ExitCode {
    /// Every code there is.
    const ALL: [Self; 13] = [
        Self::Success,
        Self::Failed,
        Self::Usage,
        Self::NotApplicable,
        Self::PersonNeeded,
        Self::Unknown,
        Self::Locked,
        Self::Stale,
        Self::Unreachable,
        Self::Stopped,
        Self::Exceptions,
        Self::Changes,
        Self::Destroys,
    ];

    /// The number.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotApplicable => 3,
            Self::PersonNeeded => 4,
            Self::Unknown => 5,
            Self::Locked => 6,
            Self::Stale => 7,
            Self::Unreachable => 8,
            Self::Stopped => 9,
            Self::Exceptions => 10,
            Self::Changes => 20,
            Self::Destroys => 21,
        }
    }

    /// The code the engine ended a run with. A number this version does not know is a state it
    /// cannot vouch for.
    pub(crate) fn of_run(number: u8) -> Self {
        Self::ALL.into_iter().find(|code| code.number() == number).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_and_an_unknown_one_is_5() {
        for code in ExitCode::ALL {
            assert_eq!(ExitCode::of_run(code.number()), code);
        }
        assert_eq!(ExitCode::of_run(11), ExitCode::Unknown);
        assert_eq!(ExitCode::of_run(255), ExitCode::Unknown);
    }
}
