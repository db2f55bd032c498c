//! `runbook plan`: runs what comes before the first change, which is reads only, and shows the rest.

use std::sync::Arc;

use runbook_core::base::RunId;
use runbook_core::journal::{MemoryJournal, SystemClock};
use runbook_core::plan::Plan;
use runbook_core::run::{Options, Preview, Run};

use crate::binding::Asked;
use crate::cli::{OutputForm, Target, View};
use crate::command_line::command_line;
use crate::execution::{Executed, Execution, refuse_left_behind};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::signals::Signals;
use crate::terminal::plan_view::{self, PlanView};
use crate::terminal::prompt::Tty;

/// The id of a run that is only planned: nothing of it is kept.
const ID: &str = "preview";

/// Runs the verb.
pub(crate) async fn run(
    target: &Target,
    view: &View,
    session: &Session,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(|error| cannot("listen to signals", &error))?;
    let person = session.person();
    let mut asked = Asked::read(target, session)?.offline(view.offline);
    let options = Options {
        preview_only: true,
        person: person.is_some(),
        yes: false,
        choices: asked.choices(target)?,
    };
    let binding = asked.bind(id(), target, session, person.as_ref());
    let plan = Arc::new(signals.or_stop(binding).await?);
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
        return Ok(detailed(code, &executed.preview, view));
    }
    Err(Failure::new(code, executed.finished.sentence).line("Nothing was changed."))
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
        person,
        previewed: None,
        before: None,
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
    if preview.ended.is_none() && preview.ledger.changes + preview.ledger.destroys > 0 {
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
