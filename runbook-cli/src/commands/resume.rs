//! `runbook resume`: goes on with a run whose command ended. What it was made of is taken from what was
//! kept with it; what became of what was under way is asked of the hosts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use runbook_core::journal::{
    FileJournal, JournalError, Recorded, RunDirectory, Snapshot, Store, StoreError,
};
use runbook_core::plan::Plan;
use runbook_core::report::Summary;
use runbook_core::run::{Options, Run};

use super::run;
use crate::bundled::BUNDLED;
use crate::cli::Resume;
use crate::execution::{Before, Execution, refuse_left_behind};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::given;
use crate::session::Session;
use crate::signals::Signals;
use crate::signers;
use crate::terminal::resume_view;

/// How often a run that is driven is looked at, and the pause between.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(50);

/// A run that can be gone on with: held, and made again.
pub(crate) struct Reopened {
    /// Where it is kept.
    pub(crate) directory: RunDirectory,
    /// Its journal, held.
    pub(crate) journal: FileJournal,
    /// What was recorded.
    pub(crate) recorded: Recorded,
    /// What it executes.
    pub(crate) plan: Arc<Plan>,
    /// The run as it stands.
    pub(crate) run: Run,
}

/// Runs the verb.
pub(crate) async fn run(resume: &Resume, session: &Session) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(|error| cannot("listen to signals", &error))?;
    let store = Store::at(&session.settings.places);
    let directory = signals.or_stop(find(&store, resume.run.as_deref())).await?;
    if resume.diff {
        return differences(&directory, session);
    }
    let reopened = Reopened::open(directory)?;
    let id = reopened.directory.id().clone();
    if let Err(why) = reopened.run.may_resume() {
        let sentence = format!("there is nothing to go on with in run {id}: {why}");
        return Err(
            Failure::usage(sentence).line(format!("`runbook status {id}` says how it stands"))
        );
    }
    let choices = given::choices(&resume.choose, &reopened.plan.runbook)?;
    say_where_it_stands(&reopened, session)?;
    let person = session.person();
    let started = reopened.run.options();
    let options = Options {
        preview_only: false,
        person: person.is_some(),
        yes: resume.yes || started.yes,
        choices: started.choices.clone().into_iter().chain(choices).collect(),
        foreseen: started.foreseen.clone(),
        approvals: Default::default(),
        nonce: None,
    };
    go_on(reopened, options, person, false, &store, session, signals).await
}

/// Takes the run up and brings it to its end; with `kill` only what runs on its hosts is ended.
pub(crate) async fn go_on(
    reopened: Reopened,
    options: Options,
    person: Option<crate::terminal::prompt::Tty>,
    kill: bool,
    store: &Store,
    session: &Session,
    signals: Signals,
) -> Result<ExitCode, Failure> {
    let Reopened { directory, journal, recorded, plan, .. } = reopened;
    refuse_left_behind(&plan)?;
    let attended = person.is_some();
    let by = session.settings.operator.clone();
    let execution = Execution {
        plan: Arc::clone(&plan),
        previewed: options.yes.then(|| run::shows_preview(&plan, session)),
        options,
        journal: Box::new(journal),
        outputs: Some(directory.outputs()),
        locks: store.locks(),
        plans: Some(store.plans()),
        person,
        before: Some(Before { records: recorded.records, by, kill }),
        signers: signers::of_run(&directory)?,
        directory: Some(directory.clone()),
    };
    let executed = execution.carry_out(session, signals).await?;
    run::conclude(&executed, attended, &directory.path().display().to_string(), session)
}

impl Reopened {
    /// Takes hold of a run, and makes its plan again.
    pub(crate) fn open(directory: RunDirectory) -> Result<Self, Failure> {
        let id = directory.id().clone();
        let (journal, recorded) = directory.resume().map_err(|error| match error {
            JournalError::Driven { .. } => Failure::new(
                ExitCode::Locked,
                format!("run {id} is being driven by another command"),
            )
            .line(format!(
                "`runbook status {id} --follow` watches it, `runbook stop {id}` stops it"
            )),
            error => {
                Failure::new(ExitCode::Unknown, format!("run {id} cannot be taken up: {error}"))
                    .line("nothing was sent; its journal and outputs can still be looked at")
            }
        })?;
        let plan = directory.plan().map_err(|error| {
            Failure::new(ExitCode::Unknown, format!("run {id} cannot be taken up: {error}"))
                .line("nothing was sent")
        })?;
        let facts = recorded.records.iter().map(|record| &record.fact);
        let run = Run::replay(Arc::clone(&plan), Options::default(), facts);
        Ok(Self { directory, journal, recorded, plan, run })
    }
}

/// The run that is meant. One that is driven is looked at again for a moment: a command that was killed
/// while it started a program leaves a child that has the journal until it is that program.
async fn find(store: &Store, run: Option<&str>) -> Result<RunDirectory, Failure> {
    let mut looked = 1;
    loop {
        let found = look(store, run);
        let is_driven = match (&found, run) {
            (Ok(directory), _) => directory.is_driven().unwrap_or(false),
            (Err(_), None) => any_is_driven(store),
            (Err(_), Some(_)) => false,
        };
        if !is_driven || looked == LOOKS {
            return found;
        }
        looked += 1;
        tokio::time::sleep(LOOK).await;
    }
}

fn any_is_driven(store: &Store) -> bool {
    let runs = store.runs().unwrap_or_default();
    runs.iter().any(|directory| directory.is_driven().unwrap_or(false))
}

/// The run that is meant; without a word the newest that can be gone on with.
fn look(store: &Store, run: Option<&str>) -> Result<RunDirectory, Failure> {
    if run.is_some() {
        return store.find(run).map_err(|error| Failure::usage(error.to_string()));
    }
    let runs = store.runs().map_err(|error| cannot("list the runs", &error))?;
    let open = runs.into_iter().find(|directory| {
        !directory.is_driven().unwrap_or(true) && may_resume(directory).unwrap_or(false)
    });
    open.ok_or_else(|| {
        Failure::usage("there is no run to go on with").line("`runbook history` lists them all")
    })
}

fn may_resume(directory: &RunDirectory) -> Result<bool, StoreError> {
    let recorded = directory.recorded()?;
    let plan = directory.plan()?;
    let facts = recorded.records.iter().map(|record| &record.fact);
    Ok(Run::replay(plan, Options::default(), facts).may_resume().is_ok())
}

fn say_where_it_stands(reopened: &Reopened, session: &Session) -> Result<(), Failure> {
    let summary = Summary::of(&reopened.recorded.records);
    let torn = reopened.recorded.torn.as_ref().map(ToString::to_string);
    let zone = session.now.time_zone();
    let mut screen = resume_view::draw(&summary, torn.as_deref(), zone);
    for Snapshot { path, text, .. } in snapshots(&reopened.directory)? {
        let now = text_now(&path);
        if now.as_ref() != Some(&text) {
            let id = reopened.directory.id().as_str();
            screen += &resume_view::changed(&path, &text, now.as_deref(), id);
        }
    }
    if !session.settings.quiet {
        session.shell.err(&(screen + "\n"));
    }
    Ok(())
}

fn snapshots(directory: &RunDirectory) -> Result<Vec<Snapshot>, Failure> {
    directory.snapshots().map_err(|error| {
        Failure::new(ExitCode::Unknown, format!("run {}: {error}", directory.id()))
    })
}

/// The text that is there now under the name a snapshot was read from.
pub(crate) fn text_now(path: &str) -> Option<String> {
    match path.strip_prefix("bundled:") {
        Some(name) => {
            let bundled = BUNDLED.iter().find(|(known, _)| *known == name);
            bundled.map(|(_, text)| (*text).to_owned())
        }
        None => fs::read_to_string(Path::new(path)).ok(),
    }
}

fn differences(directory: &RunDirectory, session: &Session) -> Result<ExitCode, Failure> {
    for Snapshot { path, text, .. } in snapshots(directory)? {
        match text_now(&path) {
            Some(now) if now == text => session.shell.err(&format!("{path}: as it was\n")),
            now => {
                let now = now.unwrap_or_default();
                session.shell.out(&resume_view::difference(&path, &text, &now));
            }
        }
    }
    Ok(ExitCode::Success)
}
