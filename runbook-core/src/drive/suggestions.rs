//! The lines that a `suggest` offers for a value, before there is a run: a read, over the same
//! connections as those of a run, and in no journal. Knows nothing of who picks one.

use std::sync::Arc;

use super::lease::Leases;
use super::output::{Outlets, Watcher};
use super::stations::Stations;
use super::world::World;
use super::{outcome, probing, requests};
use crate::base::HostName;
use crate::plan::{Expectation, Observed, Plan, Verdict};
use crate::probe::Probe;
use crate::report::Silent;
use crate::run::{Options, Payload, Run, SUGGEST_PATIENCE};
use crate::runbook::Suggest;
use crate::transport::Transport;

/// The ways to hosts.
pub struct Ways {
    /// The way to hosts.
    pub ssh: Arc<dyn Transport>,
    /// The way to this machine.
    pub local: Arc<dyn Transport>,
    /// What asks over the network.
    pub probe: Arc<dyn Probe>,
    /// Whether a person may be asked by `ssh` for a passphrase.
    pub attended: bool,
}

impl std::fmt::Debug for Ways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ways").field("attended", &self.attended).finish_non_exhaustive()
    }
}

impl Ways {
    /// What the reads of no run are carried out on.
    pub(super) fn world(&self, plan: &Plan) -> World {
        World {
            run: plan.run.id.clone(),
            stations: Stations::of(plan, &self.ssh, &self.local, self.attended, false),
            leases: Leases::new(plan.run.clone()),
            probe: Arc::clone(&self.probe),
            outlets: Outlets { outputs: None, watcher: Watcher::new(Box::new(Silent)) },
        }
    }
}

/// The lines, without empty ones, from the first host that can be reached. The plan may be one in
/// which parameters have no value yet.
///
/// # Errors
/// No host can be reached, or it cannot be run there, or is not answered well: why, one line.
pub async fn suggestions(
    plan: &Arc<Plan>,
    suggest: &Suggest,
    ways: &Ways,
) -> Result<Vec<String>, String> {
    let run = Run::new(Arc::clone(plan), Options::default());
    let world = ways.world(plan);
    let mut unreachable = "there is no host to ask".to_owned();
    for host in run.suggestion_hosts(suggest) {
        let payload = run.suggestion(suggest, &host)?;
        match world.stations.station(&host).await {
            Ok(_) => return lines(&read(&world, &host, &payload).await?),
            Err(why) => unreachable = format!("{host} cannot be reached: {why}"),
        }
    }
    Err(unreachable)
}

async fn read(world: &World, host: &HostName, payload: &Payload) -> Result<Observed, String> {
    match payload {
        Payload::Command(command) => {
            probing::read(&world.stations, host, command, SUGGEST_PATIENCE).await
        }
        Payload::Request(request) => {
            probing::observed(requests::ask(world, host, request, SUGGEST_PATIENCE).await)
        }
    }
}

fn lines(observed: &Observed) -> Result<Vec<String>, String> {
    match Expectation::default().judge(observed) {
        Verdict::Held { .. } => outcome::lines(observed),
        verdict => Err(verdict.line().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::document::RunbookDocument;
    use crate::plan::bind::Request;
    use crate::plan::{Given, RunFacts};
    use crate::probe::Network;
    use crate::runbook::Runbook;
    use crate::transport::scripted::{Scripted, World};

    const TEXT: &str = r#"
format = 1
title = "Go back"
[role.app]
[param.image]
type = "string"
[param.tag]
type = "version"
suggest = { read = "tags of $image", on = "app" }
[[step]]
id = "look"
on = "app"
read = "true"
"#;

    /// The first host refuses every connection that is tried.
    const WORLD: &str = r#"
[hosts.a1]
connections = [{ refuse = "refused" }, { refuse = "refused" }, { refuse = "refused" }]
[[hosts.a2.answers]]
script = "tags of $image"
times = 1
stdout = "v2 older\n\n  v1 oldest\n"
[[hosts.a2.answers]]
script = "tags of $image"
exit = 3
stderr = "no registry"
"#;

    fn plan(hosts: &str) -> Arc<Plan> {
        let parsed = RunbookDocument::parse(Source::new("back.toml", TEXT));
        let runbook = Runbook::validate(&parsed, "back").0.unwrap();
        let given = [("image".to_owned(), "shop".to_owned())];
        let request = Request {
            runbook: runbook.into(),
            inventory: None,
            env: None,
            hosts: &[format!("app={hosts}")],
            local: false,
            limits: &[],
            given: &Given { command_line: given.to_vec(), ..Given::default() },
            run: RunFacts {
                id: "t35t".parse().unwrap(),
                started: jiff::Timestamp::UNIX_EPOCH,
                operator: "ana".to_owned(),
            },
        };
        assert_eq!(Plan::bind(request.clone()).unwrap_err().missing[0].as_str(), "tag");
        Arc::new(Plan::so_far(request).unwrap())
    }

    #[tokio::test]
    async fn the_first_host_that_can_be_reached_offers_its_lines() {
        let world = Arc::new(Scripted::new(toml::from_str::<World>(WORLD).unwrap()));
        let ssh: Arc<dyn Transport> = Arc::<Scripted>::clone(&world);
        let probe = Arc::new(Network::default());
        let ways = Ways { local: Arc::clone(&ssh), ssh, probe, attended: false };
        let ask = async |hosts| {
            let plan = plan(hosts);
            let suggest = plan.runbook.params["tag"].suggest.clone().unwrap();
            suggestions(&plan, &suggest, &ways).await
        };
        assert_eq!(ask("a1,a2").await.unwrap(), ["v2 older", "  v1 oldest"]);
        let ran = world.ran("a2");
        assert_eq!(ran[0].env["image"], "shop", "what is known is a variable of the script");
        assert_eq!(ask("a2").await.unwrap_err(), "exit 3: no registry");
        assert!(ask("a1").await.unwrap_err().starts_with("a1 cannot be reached: "));
    }
}
