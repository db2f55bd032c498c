//! `runbook run`: shows what would be done, asks, does it, and says what became of it.

use std::sync::Arc;

use runbook_core::base::Source;
use runbook_core::journal::{NewRun, PlanFacts, PlanFile, Snapshot, Store, StoreError};
use runbook_core::plan::{Plan, Wanted};
use runbook_core::run::Options;

use super::plan;
use crate::binding::Asked;
use crate::cli::{OutputForm, Run, View};
use crate::codes;
use crate::execution::{Executed, Execution, ShowPreview, refuse_left_behind};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::planned;
use crate::session::Session;
use crate::signals::Signals;
use crate::signers;
use crate::terminal::layout::wrap;
use crate::terminal::plan_view::{self, PlanView};
use crate::terminal::prompt::Tty;
use crate::terminal::summary;
use crate::terminal::theme::{WARN, paint};

/// Runs the verb.
pub(crate) async fn run(run: &Run, session: &Session) -> Result<ExitCode, Failure> {
    if run.dry_run && !run.approve.is_empty() {
        return Err(Failure::usage("--approve: `--dry-run` sends nothing that could be approved"));
    }
    if run.dry_run {
        return Box::pin(plan::run(&run.target, &View::default(), session)).await;
    }
    let mut signals = Signals::listen().map_err(|error| cannot("listen to signals", &error))?;
    if let Some(file) = planned::named(&run.target.name)? {
        return of_file(&file, run, session, signals).await;
    }
    let person = session.person();
    let mut asked = Asked::read(&run.target, session)?;
    let choices = asked.choices(&run.target)?;
    // everything is asked and checked before a run is begun that would only be thrown away
    let binding = asked.bind(plan::id(), &run.target, session, person.as_ref());
    let bound = signals.or_stop(Box::pin(binding)).await?;
    refuse_left_behind(&bound)?;
    let store = Store::at(&session.settings.places);
    let approvals = codes::used_up(&run.approve, &bound, &store)?;
    let mut files = snapshots(&asked);
    let inventory = asked.inventory.as_ref().map(|(_, source)| &**source);
    files.extend(signers::files(&bound, inventory, &session.settings)?);
    let begun = store.begin(&files).map_err(|error| not_kept(&error))?;
    let id = begun.directory.id().clone();
    let plan = Arc::new(asked.bind(id, &run.target, session, None).await?);
    let options = Options {
        person: person.is_some(),
        yes: run.yes,
        choices,
        approvals,
        ..Options::default()
    };
    let beginning = Beginning { begun, plan, wanted: &asked.wanted, options };
    beginning.carry_out(&store, person, session, signals).await
}

/// Executes a plan file.
async fn of_file(
    file: &PlanFile,
    run: &Run,
    session: &Session,
    signals: Signals,
) -> Result<ExitCode, Failure> {
    planned::refuse_flags(&run.target, file)?;
    planned::refuse_over(file, session)?;
    let bound = planned::plan(file, plan::id(), session)?;
    refuse_left_behind(&bound)?;
    let choices = planned::choices(&run.target, file, &bound)?;
    planned::say_changed(file, session);
    let store = Store::at(&session.settings.places);
    let approvals = codes::used_up(&run.approve, &bound, &store)?;
    let mut files = file.files().to_vec();
    let inventory = files.iter().find(|file| file.role == "inventory").map(|file| {
        let (name, text) = (file.path.clone(), file.text.clone());
        Source { name, text }
    });
    files.extend(signers::files(&bound, inventory.as_ref(), &session.settings)?);
    let begun = store.begin(&files).map_err(|error| not_kept(&error))?;
    let plan = Arc::new(planned::plan(file, begun.directory.id().clone(), session)?);
    let person = session.person();
    let options = Options {
        preview_only: false,
        person: person.is_some(),
        yes: run.yes,
        choices,
        foreseen: Some(file.foreseen()),
        approvals,
        nonce: None,
    };
    let beginning = Beginning { begun, plan, wanted: &file.planned().wanted, options };
    beginning.carry_out(&store, person, session, signals).await
}

/// A run that has its directory, and nothing in its journal.
struct Beginning<'a> {
    begun: NewRun,
    plan: Arc<Plan>,
    wanted: &'a Wanted,
    options: Options,
}

impl Beginning<'_> {
    async fn carry_out(
        self,
        store: &Store,
        person: Option<Tty>,
        session: &Session,
        signals: Signals,
    ) -> Result<ExitCode, Failure> {
        let Self { begun, plan, wanted, options } = self;
        let NewRun { directory, journal, notice } = begun;
        directory.write_facts(&PlanFacts::of(&plan, wanted)).map_err(|error| not_kept(&error))?;
        if let Some(notice) = notice {
            session.shell.err(&format!("{}: {notice}\n", paint(WARN, "warning")));
        }
        let attended = person.is_some();
        let execution = Execution {
            plan: Arc::clone(&plan),
            previewed: options.yes.then(|| shows_preview(&plan, session)),
            options,
            journal: Box::new(journal),
            outputs: Some(directory.outputs()),
            locks: store.locks(),
            plans: Some(store.plans()),
            person,
            before: None,
            signers: signers::of_run(&directory)?,
            directory: Some(directory.clone()),
        };
        let executed = execution.carry_out(session, signals).await?;
        conclude(&executed, attended, &directory.path().display().to_string(), session)
    }
}

/// The files a run was made of, as they are kept with it.
pub(super) fn snapshots(asked: &Asked) -> Vec<Snapshot> {
    let kept = |role: &str, source: &runbook_core::base::Source| Snapshot {
        role: role.to_owned(),
        path: source.name.clone(),
        text: source.text.clone(),
    };
    let inventory = asked.inventory.as_ref().map(|(_, source)| kept("inventory", source));
    [Some(kept("runbook", &asked.runbook.source)), inventory].into_iter().flatten().collect()
}

/// Where changes were agreed to in advance nobody is asked, and the preview is shown all the same.
pub(super) fn shows_preview(plan: &Arc<Plan>, session: &Session) -> ShowPreview {
    let (plan, shell, today) = (Arc::clone(plan), Arc::clone(&session.shell), session.today());
    let quiet = session.settings.quiet;
    Box::new(move |preview| {
        let plan = &plan;
        let view = PlanView {
            plan,
            preview,
            today,
            offline: false,
            diff: false,
            holds_lock: true,
            next: &[],
        };
        if !quiet {
            shell.err(&format!("\n{}\n", plan_view::draw(&view)));
        }
    })
}

fn not_kept(error: &StoreError) -> Failure {
    Failure::new(ExitCode::Unknown, format!("the run cannot be recorded: {error}"))
        .line("nothing was sent: what is not recorded is not done")
}

/// Says how it ended.
pub(super) fn conclude(
    executed: &Executed,
    attended: bool,
    kept: &str,
    session: &Session,
) -> Result<ExitCode, Failure> {
    let finished = &executed.finished;
    let code = ExitCode::of_run(finished.code);
    match session.settings.output {
        OutputForm::Json => session.json(&finished.summary),
        OutputForm::Jsonl => {}
        OutputForm::Human if code == ExitCode::PersonNeeded && !attended => {
            return Err(nobody_there(finished.summary.agreed, &finished.sentence));
        }
        OutputForm::Human => session.shell.out(&summary::draw(&finished.summary, kept)),
    }
    Ok(code)
}

/// The run needs a person, and there is none.
fn nobody_there(agreed: bool, sentence: &str) -> Failure {
    let failure =
        Failure::new(ExitCode::PersonNeeded, "this run needs a person and there is no terminal")
            .lines(wrap(sentence, 76));
    let failure =
        if agreed { failure } else { failure.line("Only reads were sent; nothing was changed.") };
    failure
        .line("Run it in a terminal. --yes answers for changes, --choose STEP=KEY for a")
        .line("choice, --approve STEP=CODE for a destructive step, by a code of")
        .line("`runbook plan`; --yes never covers destructive steps.")
}
