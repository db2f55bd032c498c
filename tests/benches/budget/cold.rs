//! A run from nothing: twenty reads on one host, the connection included, beside the bare program.
//! Must not know how a run is executed.

use runbook_tests::SshHost;

use crate::bare;
use crate::measure::cost;
use crate::runbooks::{Operator, reads};
use crate::table::Row;

const ROUNDS: usize = 15;
const STEPS: usize = 20;

/// Both in turns, each first in every other round.
pub(crate) fn rows() -> Vec<Row> {
    let hosts = [SshHost::start("web1")];
    let operator = Operator::of(&hosts, &reads(STEPS));
    let ours = || cost(&mut operator.run());
    let peers = || cost(&mut bare::command(operator.config(), hosts[0].name(), STEPS));
    let (mut wall, mut processor) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (ours, peer) = if round % 2 == 0 {
            let ours = ours();
            (ours, peers())
        } else {
            let peer = peers();
            (ours(), peer)
        };
        wall.push((ours.wall, peer.wall));
        processor.push((ours.processor, peer.processor));
    }
    vec![
        Row::beside("`run`, 20 reads, cold, on the clock", &wall, "ms"),
        Row::beside("`run`, 20 reads, cold, processor time here", &processor, "ms"),
    ]
}
