//! Carries a plan out: joins the engine to the terminal, and asks it to stop when a signal says so.
//! Must not know what is planned.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runbook_core::confirm::{Confirmer, NoPerson};
use runbook_core::drive::{Control, Engine, Finished, Parts, Signers, Ways};
use runbook_core::journal::{Journal, Outputs, RunDirectory, StopRequest, UsedPlans};
use runbook_core::plan::Plan;
use runbook_core::probe::Network;
use runbook_core::report::{Reporter, Stream};
use runbook_core::run::{AttemptId, Event, Options, Preview, Record, Run};
use runbook_core::runbook::Runbook;
use runbook_core::transport::local::Local;
use runbook_core::transport::ssh::Ssh;
use tokio::task::JoinHandle;

use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::signals::{INTERRUPT, Signals};
use crate::terminal::live::{Form, Live};
use crate::terminal::person::Person;
use crate::terminal::picture::Heading;
use crate::terminal::plan_view::environment_name;
use crate::terminal::prompt::Tty;

/// How often the passing of time is drawn.
const TICK: Duration = Duration::from_millis(250);

/// How long a host that refuses connections is tried by whoever only looks.
const BRIEFLY: Duration = Duration::from_secs(2);

/// Shows the preview of a run that goes on by itself.
pub(crate) type ShowPreview = Box<dyn Fn(&Preview) + Send>;

/// A plan, and what it needs to be carried out.
pub(crate) struct Execution {
    /// What is planned.
    pub(crate) plan: Arc<Plan>,
    /// How.
    pub(crate) options: Options,
    /// Where the facts go.
    pub(crate) journal: Box<dyn Journal>,
    /// Where outputs go.
    pub(crate) outputs: Option<Outputs>,
    /// Where locks are.
    pub(crate) locks: Vec<PathBuf>,
    /// Where it is written down that a plan file was used.
    pub(crate) plans: Option<UsedPlans>,
    /// The person, if there is one.
    pub(crate) person: Option<Tty>,
    /// What is done once everything before the first change has ended.
    pub(crate) previewed: Option<ShowPreview>,
    /// The records of the run that is taken up again.
    pub(crate) before: Option<Before>,
    /// Whose signatures count, where it takes more people than one.
    pub(crate) signers: Option<Signers>,
    /// Where the run is kept, and others leave word to stop.
    pub(crate) directory: Option<RunDirectory>,
}

/// A run that is taken up again.
pub(crate) struct Before {
    /// What was recorded.
    pub(crate) records: Vec<Record>,
    /// By whom it is taken up.
    pub(crate) by: String,
    /// Whether what runs on the hosts is to be stopped, and nothing else done.
    pub(crate) kill: bool,
}

/// How it ended, and what the preview was.
#[derive(Debug)]
pub(crate) struct Executed {
    /// How it ended.
    pub(crate) finished: Finished,
    /// What was read and would be done.
    pub(crate) preview: Preview,
    /// The run as it stands.
    pub(crate) run: Run,
}

impl Execution {
    /// Carries it out to its end. `signals` were listened to before anything was begun.
    pub(crate) async fn carry_out(
        self,
        session: &Session,
        mut signals: Signals,
    ) -> Result<Executed, Failure> {
        let live = live(session, &self.plan, !self.options.preview_only);
        let records = self.before.as_ref().map_or(&[][..], |before| &before.records);
        live.catch_up(records);
        let facts = records.iter().map(|record| &record.fact);
        let run = Run::replay(Arc::clone(&self.plan), self.options.clone(), facts);
        let run = Arc::new(Mutex::new(run));
        let reporter =
            Follower { run: Arc::clone(&run), live: live.clone(), previewed: self.previewed };
        let Ways { ssh, local, probe, attended } =
            ways(session, &self.plan.runbook, self.person.is_some())?;
        let engine = Engine::new(Parts {
            ssh,
            local,
            probe,
            journal: self.journal,
            outputs: self.outputs,
            locks: self.locks,
            plans: self.plans,
            attended,
            confirmer: confirmer(self.person, session, &live, self.directory.clone()),
            signers: self.signers,
            reporter: Box::new(reporter),
        });
        let control = engine.control();
        let of_signals = control.clone();
        let _listening = Background(tokio::spawn(async move {
            loop {
                match signals.next().await {
                    INTERRUPT => of_signals.interrupt(INTERRUPT),
                    signal => of_signals.stop(signal),
                }
            }
        }));
        if self.before.as_ref().is_some_and(|before| before.kill) {
            control.kill("`runbook stop --kill`");
        }
        let _ticking = Background(tokio::spawn(tick(live.clone(), control, self.directory)));
        let finished = match self.before {
            None => engine.run(self.plan, self.options).await,
            Some(Before { records, by, .. }) => {
                engine.resume(self.plan, &records, by, self.options).await
            }
        };
        live.close();
        let run = run.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Executed { finished, preview: run.preview(), run })
    }
}

/// A task that ends with its owner.
struct Background(JoinHandle<()>);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows the run for its preview, and hands everything on to the display.
struct Follower {
    run: Arc<Mutex<Run>>,
    live: Live,
    previewed: Option<ShowPreview>,
}

impl Reporter for Follower {
    fn observe(&mut self, record: &Record) {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.follow(&record.fact);
        self.live.observe(record);
        if let (Event::Previewed, Some(previewed)) = (&record.fact, &self.previewed) {
            let _screen = self.live.pause();
            previewed(&run.preview());
        }
    }

    fn output(&mut self, attempt: &AttemptId, stream: Stream, chunk: &[u8]) {
        self.live.output(attempt, stream, chunk);
    }
}

fn live(session: &Session, plan: &Plan, permanent: bool) -> Live {
    let form = match (session.settings.quiet, session.shell.draws_pictures()) {
        (true, _) => Form::Nothing,
        (false, true) => Form::Picture,
        (false, false) => Form::Lines { verbose: session.settings.verbose > 0 },
    };
    let heading = Heading { name: plan.runbook.name.clone(), environment: environment_name(plan) };
    Live::new(Arc::clone(&session.shell), form, session.settings.output, heading, permanent)
}

/// The ways to hosts and to this machine.
pub(crate) fn ways(session: &Session, runbook: &Runbook, attended: bool) -> Result<Ways, Failure> {
    Ok(ways_over(ssh(session)?, &runbook.local_env, attended))
}

/// The ways of whoever only looks: a host that refuses is not asked for long.
pub(crate) fn brief_ways(session: &Session, attended: bool) -> Result<Ways, Failure> {
    Ok(ways_over(ssh(session)?.with_patience(BRIEFLY), &[], attended))
}

fn ways_over(ssh: Ssh, local_env: &[String], attended: bool) -> Ways {
    let local = Arc::new(Local::new(variables(), local_env));
    Ways { ssh: Arc::new(ssh), local, probe: Arc::new(Network::default()), attended }
}

fn ssh(session: &Session) -> Result<Ssh, Failure> {
    Ssh::new(session.settings.ssh_config.clone())
        .map_err(|error| Failure { code: ExitCode::Unreachable, ..cannot("use ssh", &error) })
}

/// Refuses what would act on something else than the caller's variables point at.
pub(crate) fn refuse_left_behind(plan: &Plan) -> Result<(), Failure> {
    let set: BTreeSet<String> =
        variables().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect();
    let Some(left) = plan.left_behind(|name| set.contains(name)) else { return Ok(()) };
    let (tool, variable) = (left.tool, left.variable);
    let place = left.step.map_or_else(String::new, |step| format!("step `{step}`: "));
    let message = format!("{place}`{tool}` would not see your `{variable}`, which is set");
    Err(Failure::new(ExitCode::NotApplicable, message)
        .line("Nothing was sent: it would act on something else than your shell does.")
        .line(format!(
            "unset {variable}, or let the runbook take it: local_env = [\"{variable}\"]"
        )))
}

/// The variables of this process that are text.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn confirmer(
    tty: Option<Tty>,
    session: &Session,
    live: &Live,
    directory: Option<RunDirectory>,
) -> Arc<dyn Confirmer> {
    let Some(tty) = tty else { return Arc::new(NoPerson) };
    Arc::new(Person {
        shell: Arc::clone(&session.shell),
        tty,
        live: live.clone(),
        name: session.settings.operator.clone(),
        today: session.today(),
        ssh_config: session.settings.ssh_config.clone(),
        signing_key: session.settings.signing_key.clone(),
        directory,
    })
}

/// Draws the passing of time, and looks whether another terminal left word to stop.
async fn tick(live: Live, control: Control, directory: Option<RunDirectory>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        live.redraw();
        let request = directory.as_ref().map(RunDirectory::take_stop_request);
        if let Some(Ok(Some(StopRequest { by, kill }))) = request {
            let how = format!("`runbook stop` of {by}");
            if kill { control.kill(how) } else { control.stop(how) }
        }
    }
}
