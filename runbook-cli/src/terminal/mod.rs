//! Everything a person sees and types. Screens are drawn as text from data; only the shell writes.

// pub(crate) mod card;
pub(crate) mod diagnostics;
pub(crate) mod layout;
// pub(crate) mod live;
// pub(crate) mod plan_view;
// pub(crate) mod prompt;
pub(crate) mod shell;
// pub(crate) mod summary;
pub(crate) mod theme;
