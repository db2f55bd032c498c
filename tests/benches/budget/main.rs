//! What the command costs beside its budget: a table, never a verdict of a test. Must not know how
//! the engine does anything: it starts the command, or calls the doors that a driver calls.
//!
//! `cargo bench -p runbook-tests --bench budget [-- check reads cold memory]`; docs/benchmarks.md
//! says what each line means.

mod bare;
mod check;
mod cold;
mod measure;
mod memory;
mod reads;
mod runbooks;
mod table;

use runbook_tests::{Need, ready};

use crate::table::Row;

/// A part: its name, what it needs, and what it measures.
type Part = (&'static str, &'static [Need], fn() -> Vec<Row>);

/// The parts, in the order of the table.
const PARTS: [Part; 4] = [
    ("check", &[], check::rows),
    ("reads", &[Need::Ssh], reads::rows),
    ("cold", &[Need::Ssh], cold::rows),
    ("memory", &[Need::Ssh], memory::rows),
];

fn main() {
    // cargo adds `--bench` to what it was given
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let Some((bare::WORD, rest)) = words.split_first().map(|(word, rest)| (word.as_str(), rest))
    {
        return bare::run(rest);
    }
    println!("{}", table::HEAD);
    for (name, needs, rows) in PARTS {
        let wanted = words.is_empty() || words.iter().any(|word| word == name);
        if wanted && ready(needs) {
            rows().iter().for_each(|row| println!("{row}"));
        }
    }
}
