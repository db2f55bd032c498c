//! The most memory that the process of a run has, without its `ssh` children. Must not know what
//! keeps it.

use runbook_tests::{HostOptions, SshHost};

use crate::measure::peak;
use crate::runbooks::{Operator, reads};
use crate::table::{Row, median};

const ROUNDS: usize = 5;
const STEPS: usize = 5;

/// One host, then twenty.
pub(crate) fn rows() -> Vec<Row> {
    [1, 20].into_iter().map(row).collect()
}

fn row(count: u8) -> Row {
    let start = |number| HostOptions::new().start(&format!("web{number}"));
    let hosts: Vec<SshHost> = (1..=count).map(start).collect();
    let operator = Operator::of(&hosts, &reads(STEPS));
    let seen = (0..ROUNDS).map(|_| peak(&mut operator.run())).collect();
    let budget = 30.0 + f64::from(count);
    Row::fixed(format!("`run`, peak memory, hosts: {count}"), median(seen), budget, "MiB")
}
