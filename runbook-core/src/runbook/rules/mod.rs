//! The rules of the format, one file a rule or a small family of them.

mod shell;
