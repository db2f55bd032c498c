//! From what was asked for to a plan: the runbook, the inventory and the values are joined, and what
//! is missing is asked of a person, where there is one. Must not know how a plan is executed.

use std::sync::Arc;

use indexmap::IndexMap;
use runbook_core::base::{RunId, Source, StepId, ValueName};
use runbook_core::drive;
use runbook_core::plan::bind::Request;
use runbook_core::plan::{BindError, Inventory, Plan, RunFacts, Wanted};
use runbook_core::runbook::{Runbook, Suggest};

use crate::cli::Target;
use crate::execution::{refuse_left_behind, ways};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::terminal::offer::Offer;
use crate::terminal::prompt::Tty;
use crate::terminal::value_prompt;
use crate::{given, inventory, loading};

/// Everything a plan is made of.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The runbook.
    pub(crate) runbook: Arc<Runbook>,
    /// The inventory, where there is one.
    pub(crate) inventory: Option<(Inventory, Arc<Source>)>,
    /// What was asked for, with the values so far.
    pub(crate) wanted: Wanted,
    /// Whether nothing may be sent: then nothing is offered for a value either.
    offline: bool,
}

impl Asked {
    /// Reads what the command line names.
    pub(crate) fn read(target: &Target, session: &Session) -> Result<Self, Failure> {
        let text = session.catalogue().find(&target.name)?.read()?;
        let runbook = loading::runbook(text, session.today()).or_complain(&session.shell)?;
        let inventory = match inventory::find(target.inventory.as_deref(), &session.settings)? {
            Some(text) if !target.local => {
                let loaded = loading::inventory(text);
                let source = Arc::clone(&loaded.source);
                Some((loaded.or_complain(&session.shell)?, source))
            }
            _ => None,
        };
        let wanted = Wanted {
            env: target.env.clone(),
            hosts: target.host.clone(),
            local: target.local,
            limits: target.limit.clone(),
            given: given::collect(target, &session.settings)?,
        };
        Ok(Self { runbook: Arc::new(runbook), inventory, wanted, offline: false })
    }

    /// The same, where nothing may be sent.
    pub(crate) fn offline(self, offline: bool) -> Self {
        Self { offline, ..self }
    }

    /// The choices that were made in advance.
    pub(crate) fn choices(&self, target: &Target) -> Result<IndexMap<StepId, String>, Failure> {
        given::choices(&target.choose, &self.runbook)
    }

    /// The plan; a person is asked for parameters that have no value when nothing else is wrong.
    pub(crate) async fn bind(
        &mut self,
        run: RunId,
        target: &Target,
        session: &Session,
        person: Option<&Tty>,
    ) -> Result<Plan, Failure> {
        loop {
            let error = match Plan::bind(self.request(run.clone(), session)) {
                Ok(plan) => return Ok(plan),
                Err(error) => error,
            };
            match person {
                Some(tty) if error.only_missing() => {
                    let so_far = Plan::so_far(self.request(run.clone(), session));
                    self.ask(&error, so_far.ok(), session, tty).await?;
                }
                _ => return Err(refused(&error, &target.name)),
            }
        }
    }

    fn request(&self, run: RunId, session: &Session) -> Request<'_> {
        let inventory = self.inventory.as_ref().map(|(inventory, _)| inventory);
        let run = RunFacts {
            id: run,
            started: session.now.timestamp(),
            operator: session.settings.operator.clone(),
        };
        self.wanted.request(Arc::clone(&self.runbook), inventory, run)
    }

    /// Asks for the first value that is missing: what is offered for the next may follow from it.
    async fn ask(
        &mut self,
        error: &BindError,
        so_far: Option<Plan>,
        session: &Session,
        tty: &Tty,
    ) -> Result<(), Failure> {
        let missing = error.missing.first();
        let Some((name, param)) = missing.and_then(|name| self.runbook.params.get_key_value(name))
        else {
            return Ok(());
        };
        let offer = match (so_far, &param.suggest) {
            (Some(plan), Some(suggest)) if !self.offline => {
                offered(plan, suggest, name, session).await?
            }
            _ => Offer::default(),
        };
        let given = value_prompt::ask(&session.shell, tty, name, param, &offer).await;
        let Some(value) = given else {
            return Err(Failure::new(ExitCode::PersonNeeded, "stopped: a value is needed")
                .line("nothing was changed"));
        };
        let text = value.map(|value| value.text()).unwrap_or_default();
        let texts = text.lines().map(|line| (name.to_string(), line.to_owned()));
        self.wanted.given.command_line.extend(texts);
        Ok(())
    }
}

/// What a `suggest` offers; where it offers nothing the person is told why, and asked plainly.
async fn offered(
    plan: Plan,
    suggest: &Suggest,
    name: &ValueName,
    session: &Session,
) -> Result<Offer, Failure> {
    refuse_left_behind(&plan)?;
    session.shell.err(&format!("\n looking for what {name} may be …\n"));
    let ways = ways(session, &plan.runbook, true)?;
    let found = drive::suggestions(&Arc::new(plan), suggest, &ways).await;
    Ok(Offer::or_say(found, name, &session.shell))
}

/// Everything that is wrong with what was asked for.
fn refused(error: &BindError, name: &str) -> Failure {
    let [one] = &error.problems[..] else {
        let count = error.problems.len();
        let failure =
            Failure::usage(format!("`{name}` cannot be planned: {count} things are wrong"));
        return error.problems.iter().fold(failure, |failure, problem| {
            let failure = failure.line(format!("- {}", problem.what));
            failure.lines(problem.help.iter().map(|help| format!("    {help}")))
        });
    };
    Failure::usage(&one.what).lines(one.help.iter())
}
