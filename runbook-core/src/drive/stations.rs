//! The hosts of a run, each over one connection at a time. A connection that was lost is made anew
//! for whoever asks next, and must lead to the same machine. Knows nothing of what is run.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::destination;
use crate::base::HostName;
use crate::plan::{ExpectedIdentity, Host, Identity, Plan};
use crate::runbook::{Kind, Undo, UndoAction};
use crate::transport::{OpenError, Station, Transport, station};

/// The hosts of a run.
pub(super) struct Stations {
    hosts: BTreeMap<HostName, Site>,
}

/// A host, and how it is reached.
struct Site {
    way: Arc<dyn Transport>,
    is_here: bool,
    target: Result<HostName, String>,
    attended: bool,
    own_connection: bool,
    expected: ExpectedIdentity,
    link: Mutex<Link>,
}

/// What is known of the way to a host.
#[derive(Default)]
struct Link {
    /// The connection, when there is one.
    station: Option<Station>,
    /// Which connection it is.
    number: u64,
    /// Who answered first: who must answer ever after.
    first: Option<station::Identity>,
}

/// A connection, numbered so that its loss is not taken for that of a later one.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) station: Station,
    number: u64,
}

impl Stations {
    /// The hosts of this plan, and this machine. `proves` is whether every host must show its key.
    pub(super) fn of(
        plan: &Plan,
        ssh: &Arc<dyn Transport>,
        local: &Arc<dyn Transport>,
        attended: bool,
        proves: bool,
    ) -> Self {
        let proves = proves || has_destroy(plan);
        let site = |host: &Host| {
            let is_here = host.destination == crate::plan::Destination::Local;
            Site {
                way: Arc::clone(if is_here { local } else { ssh }),
                is_here,
                target: destination::target(&host.destination),
                attended,
                // Only a connection of our own shows the key.
                own_connection: proves || host.expect.fingerprint.is_some(),
                expected: host.expect.clone(),
                link: Mutex::default(),
            }
        };
        let mut hosts: BTreeMap<_, _> =
            plan.hosts.iter().map(|(name, host)| (name.clone(), site(host))).collect();
        hosts.entry(HostName::local()).or_insert_with(|| Site {
            way: Arc::clone(local),
            is_here: true,
            target: Ok(HostName::local()),
            attended: false,
            own_connection: false,
            expected: ExpectedIdentity::default(),
            link: Mutex::default(),
        });
        Self { hosts }
    }

    fn site(&self, host: &HostName) -> Result<&Site, String> {
        self.hosts.get(host).ok_or_else(|| format!("{host} is no host of the plan"))
    }

    /// Whether a host is this machine.
    pub(super) fn is_here(&self, host: &HostName) -> bool {
        self.hosts.get(host).is_some_and(|site| site.is_here)
    }

    /// Connects to a host and says who it is.
    pub(super) async fn identity(&self, host: &HostName) -> Result<Identity, String> {
        let connected = self.station(host).await?;
        Ok(destination::identity(connected.station.identity()))
    }

    /// The connection to a host; made anew when there is none.
    pub(super) async fn station(&self, host: &HostName) -> Result<Connected, String> {
        let site = self.site(host)?;
        // Held while connecting: whoever else wants the host waits for the same connection.
        let mut link = site.link.lock().await;
        if let Some(station) = &link.station {
            return Ok(Connected { station: station.clone(), number: link.number });
        }
        let station = site.connect(link.first.as_ref()).await?;
        link.first.get_or_insert_with(|| station.identity().clone());
        link.station = Some(station.clone());
        link.number += 1;
        Ok(Connected { station, number: link.number })
    }

    /// Asks once more, over this connection, who the host is: it must be who was connected to, and
    /// who the inventory says.
    pub(super) async fn assert(
        &self,
        host: &HostName,
        connected: &Connected,
    ) -> Result<(), String> {
        let station = &connected.station;
        let said = station.assert_identity(station.identity()).await;
        let said = destination::identity(&said.map_err(|error| error.to_string())?);
        destination::difference(&self.site(host)?.expected, &said).map_or(Ok(()), Err)
    }

    /// Lets go of a connection that was lost.
    pub(super) async fn lost(&self, host: &HostName, connected: &Connected) {
        let Ok(site) = self.site(host) else { return };
        let mut link = site.link.lock().await;
        if link.number == connected.number {
            link.station = None;
        }
    }
}

impl Site {
    async fn connect(&self, first: Option<&station::Identity>) -> Result<Station, String> {
        let target = self.target.clone()?;
        let address = destination::address(target, self.attended, self.own_connection);
        let station =
            Station::connect(&*self.way, &address).await.map_err(|error| error.to_string())?;
        let said = destination::identity(station.identity());
        if let Some(difference) = destination::difference(&self.expected, &said) {
            return Err(difference);
        }
        if let Some(first) = first {
            station.assert_identity(first).await.map_err(|error| error.to_string())?;
        }
        Ok(station)
    }
}

/// Whether anything of the plan destroys: then connections are our own, since only these show the
/// fingerprint of the host's key.
fn has_destroy(plan: &Plan) -> bool {
    plan.runbook.steps.iter().any(|step| {
        matches!(step.kind, Kind::Destroy(_))
            || matches!(&step.undo, Undo::Step(undo) if matches!(undo.action, UndoAction::Destroy(_)))
    })
}

/// Whether this error is that of a connection that is gone, and not of a host that says no.
pub(super) fn is_loss(error: &station::ReadError) -> bool {
    use station::{ReachError, ReadError};
    matches!(
        error,
        ReadError::Lost(_)
            | ReadError::Reach(ReachError::NoShell(_) | ReachError::Open(OpenError::Lost(_)))
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Cell;

    use super::*;
    use crate::drive::sample;
    use crate::transport::scripted::{Scripted, World};
    use crate::transport::{ConnectError, Destination, Link as Way, Pending};

    const KEY: &str = "SHA256:qBM7pqxWbmRH4fRrhHiPeVTPzVwDNhCVXv0MCp4LxfA";

    /// A world, and how its hosts were connected to.
    struct Noted(Scripted, Cell<Vec<bool>>);

    impl Transport for Noted {
        fn connect<'a>(
            &'a self,
            destination: &'a Destination,
        ) -> Pending<'a, Result<Box<dyn Way>, ConnectError>> {
            self.1.lock().unwrap().push(destination.own_connection);
            self.0.connect(destination)
        }
    }

    fn world() -> Arc<Noted> {
        let world = format!("[hosts.db1]\nmachine_id = \"7c1e0b\"\nfingerprint = \"{KEY}\"\n");
        let world: World = toml::from_str(&world).unwrap();
        Arc::new(Noted(Scripted::new(world), Cell::default()))
    }

    fn stations(ssh: &Arc<Noted>, expect: ExpectedIdentity) -> Stations {
        let name: HostName = "db1".parse().unwrap();
        let host = Host {
            name: name.clone(),
            destination: crate::plan::Destination::Ssh("db1".to_owned()),
            vars: indexmap::IndexMap::new(),
            expect,
        };
        let plan = Plan { hosts: [(name, host)].into(), ..sample::plan() };
        let ssh: Arc<dyn Transport> = Arc::<Noted>::clone(ssh);
        Stations::of(&plan, &ssh, &ssh, false, false)
    }

    fn expect(machine: Option<&str>, key: Option<&str>) -> ExpectedIdentity {
        ExpectedIdentity {
            machine_id: machine.map(str::to_owned),
            fingerprint: key.map(str::to_owned),
            ..ExpectedIdentity::default()
        }
    }

    #[tokio::test]
    async fn a_key_that_is_expected_is_seen_over_a_connection_of_our_own() {
        let (world, db1) = (world(), "db1".parse().unwrap());
        assert!(stations(&world, expect(None, None)).identity(&db1).await.is_ok());
        assert!(stations(&world, expect(None, Some(KEY))).identity(&db1).await.is_ok());
        let other = KEY.replace('q', "x");
        let refused = stations(&world, expect(None, Some(&other))).identity(&db1).await;
        assert!(refused.unwrap_err().contains("its host key is"));
        assert_eq!(*world.1.lock().unwrap(), [false, true, true]);
    }

    #[tokio::test]
    async fn what_the_inventory_says_is_asserted_again_over_the_same_connection() {
        let (world, db1) = (world(), "db1".parse().unwrap());
        let stations = stations(&world, expect(Some("7c1e"), None));
        let connected = stations.station(&db1).await.unwrap();
        assert_eq!(stations.assert(&db1, &connected).await, Ok(()));
        // a host that no longer says which machine it is has not shown that it is this one
        world.0.change("db1", |host| host.machine_id = Some("-".to_owned()));
        let refused = stations.assert(&db1, &connected).await.unwrap_err();
        assert!(refused.contains("its machine-id is `unknown`"), "{refused}");
    }
}
