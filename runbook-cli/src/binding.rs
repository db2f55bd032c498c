//! From what was asked for to a plan: the runbook, the inventory and the values are joined, and what
//! is missing is asked of a person, where there is one. Must not know how a plan is executed.

use std::sync::Arc;

use indexmap::IndexMap;
use runbook_core::base::{RunId, Source, StepId};
use runbook_core::plan::bind::Request;
use runbook_core::plan::{BindError, Given, Inventory, Plan, RunFacts};
use runbook_core::runbook::Runbook;

use crate::cli::Target;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
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
    /// The values so far.
    given: Given,
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
        let given = given::collect(target, &session.settings)?;
        Ok(Self { runbook: Arc::new(runbook), inventory, given })
    }

    /// The choices that were made in advance.
    pub(crate) fn choices(&self, target: &Target) -> Result<IndexMap<StepId, String>, Failure> {
        given::choices(target, &self.runbook)
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
            let error = match self.try_bind(run.clone(), target, session) {
                Ok(plan) => return Ok(plan),
                Err(error) => error,
            };
            match person {
                Some(tty) if error.only_missing() => self.ask(&error, session, tty).await?,
                _ => return Err(refused(&error, &target.name)),
            }
        }
    }

    fn try_bind(&self, run: RunId, target: &Target, session: &Session) -> Result<Plan, BindError> {
        Plan::bind(Request {
            runbook: Arc::clone(&self.runbook),
            inventory: self.inventory.as_ref().map(|(inventory, _)| inventory),
            env: target.env.as_deref(),
            hosts: &target.host,
            local: target.local,
            limits: &target.limit,
            given: &self.given,
            run: RunFacts {
                id: run,
                started: session.now.timestamp(),
                operator: session.settings.operator.clone(),
            },
        })
    }

    async fn ask(
        &mut self,
        error: &BindError,
        session: &Session,
        tty: &Tty,
    ) -> Result<(), Failure> {
        for name in &error.missing {
            let Some(param) = self.runbook.params.get(name) else { continue };
            let given = value_prompt::ask(&session.shell, tty, name, param).await;
            let Some(value) = given else {
                return Err(Failure::new(ExitCode::PersonNeeded, "stopped: a value is needed")
                    .line("nothing was sent"));
            };
            let text = value.map(|value| value.text()).unwrap_or_default();
            let texts = text.lines().map(|line| (name.to_string(), line.to_owned()));
            self.given.command_line.extend(texts);
        }
        Ok(())
    }
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
