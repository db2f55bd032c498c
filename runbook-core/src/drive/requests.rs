//! Requests and connections, from this machine or through a host's connection. Knows nothing of
//! what is expected of the answer.

use std::time::Duration;

use super::world::World;
use crate::base::HostName;
use crate::base::units::show_duration;
use crate::plan::{HttpRequest, Observed};
use crate::probe::{self, BoxStream, Target};
use crate::transport::{self, OpenError, awake};

/// What came of it.
pub(super) enum Reply {
    /// It was sent: an answer, or none.
    Answered(Observed),
    /// There is no connection to where it goes: nothing was sent.
    Unconnected(String),
    /// It cannot be sent to anybody.
    Unsendable(String),
    /// The way to the host it should leave from is gone: nothing was sent.
    NoWay(String),
}

/// Sends a request from a host, and waits so long for all of it.
pub(super) async fn ask(
    world: &World,
    host: &HostName,
    request: &HttpRequest,
    patience: Duration,
) -> Reply {
    let target = match Target::of(request) {
        Ok(target) => target,
        Err(error) => return Reply::Unsendable(error.to_string()),
    };
    let silence = || format!("no answer within {}", show_duration(patience));
    let mut connected = false;
    let asking = async {
        let stream = match connect(world, host, &target.address).await {
            Ok(stream) => stream,
            Err(reply) => return reply,
        };
        connected = true;
        match world.probe.http(request, stream).await {
            Ok(observed) => Reply::Answered(observed),
            Err(error) => Reply::Unsendable(error.to_string()),
        }
    };
    match awake::timeout(patience, asking).await {
        Some(reply) => reply,
        None if connected => Reply::Answered(Observed::Unanswered(silence())),
        None => Reply::Unconnected(silence()),
    }
}

/// Connects from a host to `host:port`, within so long.
pub(super) async fn reach(
    world: &World,
    host: &HostName,
    address: &str,
    patience: Duration,
) -> Reply {
    let address = match probe::Address::parse(address) {
        Ok(address) => address,
        Err(error) => return Reply::Unsendable(error.to_string()),
    };
    match awake::timeout(patience, connect(world, host, &address)).await {
        Some(Ok(_)) => Reply::Answered(Observed::Connected),
        Some(Err(reply)) => reply,
        None => Reply::Unconnected(format!("no connection within {}", show_duration(patience))),
    }
}

async fn connect(
    world: &World,
    host: &HostName,
    address: &probe::Address,
) -> Result<BoxStream, Reply> {
    if world.stations.is_here(host) {
        return world.probe.connect(address).await.map_err(Reply::Unconnected);
    }
    let connected = world.stations.station(host).await.map_err(Reply::NoWay)?;
    let there = transport::Address::Tcp { host: address.host.clone(), port: address.port };
    match connected.station.forward(&there).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(OpenError::Refused(said)) => {
            Err(Reply::Unconnected(format!("cannot connect to {address}: {said}")))
        }
        Err(OpenError::Forbidden) => Err(Reply::Unsendable(format!(
            "the ssh server of {host} forwards no connection to {address}: allow it there \
             (`AllowTcpForwarding local`, `PermitOpen {address}`), or ask from another place"
        ))),
        Err(OpenError::Lost(said)) => {
            world.stations.lost(host, &connected).await;
            Err(Reply::NoWay(format!("the connection to {host} is lost: {said}")))
        }
        Err(error) => Err(Reply::NoWay(format!("{host}: {error}"))),
    }
}
