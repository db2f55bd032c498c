//! Everything a person sees and types. Screens are drawn as text from data; only the shell writes.

pub(crate) mod back_card;
pub(crate) mod card;
pub(crate) mod checkup;
pub(crate) mod codes_view;
pub(crate) mod diagnostics;
pub(crate) mod event_line;
pub(crate) mod evidence;
pub(crate) mod failure_card;
pub(crate) mod full_output;
pub(crate) mod host_shell;
pub(crate) mod layout;
pub(crate) mod live;
pub(crate) mod offer;
pub(crate) mod payload;
pub(crate) mod person;
pub(crate) mod picture;
pub(crate) mod plan_view;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod resume_view;
#[cfg(test)]
mod samples;
pub(crate) mod shell;
pub(crate) mod signatures;
pub(crate) mod stale;
pub(crate) mod steps_view;
pub(crate) mod summary;
pub(crate) mod theme;
pub(crate) mod unknown_card;
pub(crate) mod value_prompt;
pub(crate) mod why;
