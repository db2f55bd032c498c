//! One probe: asked, and judged by what was expected of it. Knows nothing of when it is asked.

use super::attempt::wants_scratch;
use super::output::Heads;
use super::requests::{Reply, ask, reach};
use super::stations::{Stations, is_loss};
use super::world::World;
use crate::base::HostName;
use crate::plan::{Command, Exit, Observed, Verdict};
use crate::run::{Input, ProbeOrder, RenderedProbe};
use crate::transport::Ending;
use crate::transport::station::ReadTerms;

/// Asks a probe.
pub(super) async fn probe(world: &World, order: ProbeOrder) -> Input {
    let host = &order.id.host;
    let observed = match &order.probe {
        RenderedProbe::Read(command) => read(&world.stations, host, command, order.timeout).await,
        RenderedProbe::Http(request) => observed(ask(world, host, request, order.timeout).await),
        RenderedProbe::Tcp(address) => observed(reach(world, host, address, order.timeout).await),
    };
    let verdict = match observed {
        Ok(observed) => order.expect.judge(&observed),
        Err(why) => Verdict::Error { why },
    };
    Input::ProbeAnswered { probe: order.id, verdict }
}

/// What is there to judge; the error is that there is nothing.
pub(super) fn observed(reply: Reply) -> Result<Observed, String> {
    match reply {
        Reply::Answered(observed) => Ok(observed),
        Reply::Unconnected(why) => Ok(Observed::Unanswered(why)),
        Reply::Unsendable(why) | Reply::NoWay(why) => Err(why),
    }
}

/// Reads something that nobody follows.
pub(super) async fn read(
    stations: &Stations,
    host: &HostName,
    command: &Command,
    patience: std::time::Duration,
) -> Result<Observed, String> {
    let connected = stations.station(host).await?;
    let terms = ReadTerms { timeout: Some(patience), scratch: wants_scratch(command) };
    let mut heads = Heads::default();
    let finished = match connected.station.read(command, terms, &mut heads).await {
        Ok(finished) => finished,
        Err(error) => {
            if is_loss(&error) {
                stations.lost(host, &connected).await;
            }
            return Err(format!("{host}: {error}"));
        }
    };
    let (stdout, stderr) = heads.finish();
    let exit = match finished.ending {
        Ending::Exited(code) => Exit::Code(code.into()),
        Ending::Signalled(signal) => Exit::Signal(signal.into()),
        Ending::TimedOut => Exit::TimedOut,
        Ending::Cancelled => Exit::Cancelled,
        Ending::NotStarted => {
            return Err(format!("{host} did not start it: {}", stderr.text.trim()));
        }
    };
    Ok(Observed::Program { exit, stdout, stderr })
}
