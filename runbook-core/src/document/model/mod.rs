//! The types of what is written. They are the one source of the reader and of the JSON Schema: a
//! field is a key, its doc comment is the key's description, an enum is what a key may look like.
//!
//! Two conventions carry that. Every key is a [`Field`], since any may be missing or unreadable.
//! And every enum is tagged by the *form* of the value, named as a complaint would name it
//! (`"a string"`, `"an array"`, `"a table"`), or else is a choice of words.

mod capture;
mod check;
mod expect;
mod field;
mod hosts;
mod how;
mod list;
mod param;
mod runbook;
mod scalar;
mod step;
mod undo;

pub use capture::{Capture, CaptureTable};
pub use check::Check;
pub use expect::{Expect, ExpectTable};
pub(super) use field::{EXTENT, FIELD, SPANNED};
pub use field::{Extent, Field};
pub use hosts::{Environment, Host, HostsDocument, Identity};
pub use how::{How, Http, HttpTable, Program, RequestTable, Shell, Sudo};
pub use list::{Entries, List, OneOrMany};
pub use param::{Param, Suggest, SuggestTable};
pub use runbook::{Defaults, Lock, LockTable, Role, RunbookDocument};
pub use scalar::{Date, DefaultValue, Json, Scalar, WholeOrText};
pub use step::{Answer, AnswerTable, AtOnce, OnFailure, OnFailureWord, Proof, Retry, Step, UndoTo};
pub use undo::{Undo, UndoTable};
