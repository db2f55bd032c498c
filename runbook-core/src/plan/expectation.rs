//! What an answer must be, with its values. (Being written beside this.)

use serde::{Deserialize, Serialize};

/// A rendered expectation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectation {}
