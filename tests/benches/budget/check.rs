//! `runbook check`, which editors and hooks call at every save: processor time of the process. Must
//! not know what is checked.

use std::process::Command;

use runbook_tests::Runbook;

use crate::measure::cost;
use crate::runbooks::{binary, bundled, varied};
use crate::table::{Row, median};

/// Enough for a steady median.
const ROUNDS: usize = 40;
/// Milliseconds for a thousand steps.
const MANY: f64 = 50.0;
/// Milliseconds for a normal runbook.
const NORMAL: f64 = 10.0;

/// Both, in turns.
pub(crate) fn rows() -> Vec<Row> {
    let operator = Runbook::new();
    operator.write("many.toml", &varied(1000));
    let normal = bundled().display().to_string();
    let mut seen = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (file, seen) in ["many.toml", normal.as_str()].into_iter().zip(&mut seen) {
            let mut check = Command::new(binary());
            check.current_dir(operator.working_directory()).env_clear().args(["check", file]);
            seen.push(cost(check.env("HOME", operator.home())).processor);
        }
    }
    let [many, normal] = seen.map(median);
    vec![
        Row::fixed("`check`, 1,000 steps, processor time", many, MANY, "ms"),
        Row::fixed("`check`, a normal runbook, processor time", normal, NORMAL, "ms"),
    ]
}
