//! Floor 0: the words every other floor uses. Knows nothing of runbooks.

pub mod diagnostic;
pub mod digest;
pub mod ident;
pub mod safe_text;
pub mod span;
pub mod units;
pub mod value;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use digest::Digest;
pub use ident::{AttemptNumber, EnvName, HostName, RoleName, RunId, StepId, ValueName};
pub use safe_text::{SafeText, Sanitiser};
pub use span::{Source, Span, Spanned};
pub use value::{Value, ValueType};
