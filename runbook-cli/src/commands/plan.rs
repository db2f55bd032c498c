//! `runbook plan`: runs what comes before the first change, which is reads only, and shows the rest.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use runbook_core::base::{RunId, SafeText};
use runbook_core::journal::{MemoryJournal, PlanFile, SystemClock};
use runbook_core::plan::Plan;
use runbook_core::run::{Ending, Options, Preview, Run};

use super::run::snapshots;
use crate::binding::Asked;
use crate::cli::{OutputForm, Target, View};
use crate::codes;
use crate::command_line::{self, command_line};
use crate::execution::{Executed, Execution, refuse_left_behind};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::planned;
use crate::session::Session;
use crate::signals::Signals;
use crate::terminal::codes_view;
use crate::terminal::plan_view::{self, PlanView};
use crate::terminal::prompt::Tty;
use crate::terminal::stale;

/// The id of a run that is only planned: nothing of it is kept.
const ID: &str = "preview";

/// Runs the verb.
pub(crate) async fn run(
    target: &Target,
    view: &View,
    session: &Session,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(|error| cannot("listen to signals", &error))?;
    if let Some(file) = planned::named(&target.name)? {
        return of_file(&file, target, view, session, signals).await;
    }
    if let Some(path) = &view.out {
        PlanFile::may_be_at(path).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let person = session.person();
    let mut asked = Asked::read(target, session)?.offline(view.offline);
    let options = Options {
        preview_only: true,
        person: person.is_some(),
        yes: false,
        choices: asked.choices(target)?,
        foreseen: None,
        approvals: Default::default(),
        nonce: None,
    };
    let binding = asked.bind(id(), target, session, person.as_ref());
    let plan = Arc::new(signals.or_stop(Box::pin(binding)).await?);
    if view.offline {
        let preview = Run::new(Arc::clone(&plan), options).preview();
        show(&plan, &preview, target, view, session);
        return Ok(detailed(ExitCode::Success, &preview, view));
    }
    refuse_left_behind(&plan)?;
    let executed = execute(&plan, options, person, session, signals).await?;
    let code = ExitCode::of_run(executed.finished.code);
    show(&plan, &executed.preview, target, view, session);
    if code == ExitCode::Success {
        if session.settings.output == OutputForm::Human {
            let printed = codes::printed(executed.run.outlooks(), session);
            session.shell.out(&codes_view::draw(&printed, session.now.time_zone()));
        }
        if let Some(path) = &view.out {
            write(path, &executed.run, &asked, session)?;
        }
        return Ok(detailed(code, &executed.preview, view));
    }
    let failure = Failure::new(code, executed.finished.sentence).line("Nothing was changed.");
    Err(match &view.out {
        Some(path) => failure.line(format!("{} was not written.", path.display())),
        None => failure,
    })
}

/// Writes the plan down, and says how it is executed.
fn write(path: &Path, run: &Run, asked: &Asked, session: &Session) -> Result<(), Failure> {
    let file = PlanFile::now(run, &asked.wanted, snapshots(asked));
    let file = file.and_then(|file| file.write(path).map(|()| file));
    let file = file.map_err(|error| Failure::new(ExitCode::Failed, error.to_string()))?;
    let until = clock(file.expires(), session);
    let shown = path.display().to_string();
    let line = command_line::quote(&as_named(&shown));
    session.shell.err(&format!(
        "\n Written to {} (0600): it can be run once, until {until}, if nothing changes.\n\
         \n Next:  runbook run {line}\n",
        SafeText::line(shown),
    ));
    Ok(())
}

/// A path in a form in which it is one wherever a runbook may be named.
fn as_named(path: &str) -> String {
    let is_path = path.contains('/') || Path::new(path).extension().is_some_and(|e| e == "plan");
    if is_path { path.to_owned() } else { format!("./{path}") }
}

fn clock(at: Timestamp, session: &Session) -> String {
    at.to_zoned(session.now.time_zone().clone()).strftime("%H:%M:%S").to_string()
}

/// Reads what a plan file rests on anew, and says whether it still stands; nothing is used up.
async fn of_file(
    file: &PlanFile,
    target: &Target,
    view: &View,
    session: &Session,
    signals: Signals,
) -> Result<ExitCode, Failure> {
    planned::refuse_flags(target, file)?;
    if view.out.is_some() || view.offline {
        return Err(Failure::usage("a plan file is not planned into another, and not offline")
            .line("`runbook show FILE` shows what it holds and connects to nothing")
            .line(format!(
                "to make a new one: `runbook plan {} … --out FILE`",
                file.planned().runbook
            )));
    }
    planned::refuse_over(file, session)?;
    let plan = Arc::new(planned::plan(file, id(), session)?);
    refuse_left_behind(&plan)?;
    let options = Options {
        preview_only: true,
        choices: planned::choices(target, file, &plan)?,
        foreseen: Some(file.foreseen()),
        ..Options::default()
    };
    planned::say_changed(file, session);
    let executed = execute(&plan, options, session.person(), session, signals).await?;
    show(&plan, &executed.preview, target, view, session);
    match ExitCode::of_run(executed.finished.code) {
        ExitCode::Success => Ok(detailed(ExitCode::Success, &executed.preview, view)),
        code => {
            if let Some(Ending::Stale { differences, .. }) = &executed.finished.summary.ending
                && session.settings.output == OutputForm::Human
            {
                session.shell.out(&stale::table(differences));
            }
            Err(Failure::new(code, executed.finished.sentence).line("Nothing was changed."))
        }
    }
}

/// The id of a plan before its run has one.
pub(crate) fn id() -> RunId {
    ID.parse().expect("it is letters only")
}

async fn execute(
    plan: &Arc<Plan>,
    options: Options,
    person: Option<Tty>,
    session: &Session,
    signals: Signals,
) -> Result<Executed, Failure> {
    let execution = Execution {
        plan: Arc::clone(plan),
        options,
        journal: Box::new(MemoryJournal::new(SystemClock)),
        outputs: None,
        locks: vec![],
        plans: None,
        person,
        previewed: None,
        before: None,
        signers: None,
        directory: None,
    };
    execution.carry_out(session, signals).await
}

fn show(plan: &Plan, preview: &Preview, target: &Target, view: &View, session: &Session) {
    match session.settings.output {
        OutputForm::Human => {
            let next = next(preview, target, view);
            let view = PlanView {
                plan,
                preview,
                today: session.today(),
                offline: view.offline,
                diff: view.diff,
                holds_lock: false,
                next: &next,
            };
            session.shell.out(&plan_view::draw(&view));
        }
        OutputForm::Json => session.json(preview),
        // the records were written as they came; offline there are none
        OutputForm::Jsonl if view.offline => session.json_line(preview),
        OutputForm::Jsonl => {}
    }
}

/// The command lines to try next.
fn next(preview: &Preview, target: &Target, view: &View) -> Vec<(String, String)> {
    let line = command_line(target);
    let mut next = vec![];
    // a plan that is written down says itself how it is run
    if view.out.is_none()
        && preview.ended.is_none()
        && preview.ledger.changes + preview.ledger.destroys > 0
    {
        next.push((format!("runbook run {line}"), String::new()));
    }
    if !view.diff && preview.steps.iter().any(|step| !step.payloads.is_empty()) {
        let what = "show every command with its values".to_owned();
        next.push((format!("runbook plan {} … --diff", target.name), what));
    }
    next
}

/// What `--detailed-exitcode` tells a script.
fn detailed(code: ExitCode, preview: &Preview, view: &View) -> ExitCode {
    let held = |goal: &runbook_core::run::CheckLine| {
        goal.verdict.as_ref().is_some_and(runbook_core::plan::Verdict::held)
    };
    let goal_is_met = !preview.goal.is_empty() && preview.goal.iter().all(held);
    match preview.ledger {
        _ if !view.detailed_exitcode || goal_is_met => code,
        ledger if ledger.destroys > 0 => ExitCode::Destroys,
        ledger if ledger.changes > 0 => ExitCode::Changes,
        _ => code,
    }
}
