//! What a program is for: the same text is fine in a destroy and suspicious in a read.

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Use {
    /// Whether it may change something: a request is then a POST.
    pub(in crate::runbook) changes: bool,
    /// Whether it says of itself that it loses something.
    pub(in crate::runbook) destroys: bool,
    /// Whether it is asked whether something is so.
    pub(in crate::runbook) checks: bool,
    /// Whether it runs on this machine.
    pub(in crate::runbook) local: bool,
}

impl Use {
    /// It changes nothing.
    pub(in crate::runbook) const fn read(local: bool) -> Self {
        Self { changes: false, destroys: false, checks: false, local }
    }

    /// It prints what will be acted on.
    pub(in crate::runbook) const fn items(local: bool) -> Self {
        Self::read(local)
    }

    /// It answers a check.
    pub(in crate::runbook) const fn check(local: bool) -> Self {
        Self { checks: true, ..Self::read(local) }
    }

    /// It changes something that can be repaired.
    pub(in crate::runbook) const fn change(local: bool) -> Self {
        Self { changes: true, ..Self::read(local) }
    }

    /// It goes back.
    pub(in crate::runbook) const fn undo(local: bool) -> Self {
        Self::change(local)
    }

    /// It loses something.
    pub(in crate::runbook) const fn destroy(local: bool) -> Self {
        Self { destroys: true, ..Self::change(local) }
    }
}
