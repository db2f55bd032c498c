//! A plan file that is named where a runbook may be: which name is one, what may be said beside it,
//! and whether it may still be executed. Must not know how it is executed.

use std::path::Path;

use runbook_core::base::RunId;
use runbook_core::journal::{PlanFile, PlanPathError, Snapshot, Store};
use runbook_core::plan::{Plan, RunFacts};

use crate::cli::Target;
use crate::commands::resume::text_now;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::terminal::layout::{WIDTH, wrap};
use crate::terminal::theme::{WARN, paint};

/// The ending of a name that is a plan file wherever it stands.
const ENDING: &str = "plan";

/// The plan file of that name; none where it is a runbook. A name is a plan file when it ends in
/// `.plan`, or has a `/` in it and begins as one. Any other is the name of a runbook, whatever files
/// are here.
pub(crate) fn named(name: &str) -> Result<Option<PlanFile>, Failure> {
    let path = Path::new(name);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is_one = match ending {
        Some(ENDING) => true,
        Some("toml") => false,
        _ => name.contains('/') && PlanFile::is_at(path),
    };
    if !is_one {
        return Ok(None);
    }
    PlanFile::read(path).map(Some).map_err(|error| unusable(&error))
}

fn unusable(error: &PlanPathError) -> Failure {
    let failure = Failure::usage(error.to_string());
    match error {
        PlanPathError::Refused { .. } => {
            failure.line("nothing was sent; plan again with `runbook plan NAME … --out FILE`")
        }
        _ => failure,
    }
}

/// That a name which is no runbook is a plan file here, for whoever forgot to say that it is a path.
pub(crate) fn hint(name: &str) -> Option<String> {
    (!name.contains('/') && PlanFile::is_at(Path::new(name)))
        .then(|| format!("a plan file of that name is here: say `./{name}`"))
}

/// Refuses what would make another plan of it.
pub(crate) fn refuse_flags(target: &Target, file: &PlanFile) -> Result<(), Failure> {
    let given = [
        (!target.values.is_empty()).then(|| target.values.join(" ")),
        target.env.as_ref().map(|_| "-e".to_owned()),
        (!target.limit.is_empty()).then(|| "--limit".to_owned()),
        target.inventory.as_ref().map(|_| "--inventory".to_owned()),
        (!target.host.is_empty()).then(|| "--host".to_owned()),
        target.local.then(|| "--local".to_owned()),
        target.param_file.as_ref().map(|_| "--param-file".to_owned()),
    ];
    let given: Vec<String> = given.into_iter().flatten().collect();
    if given.is_empty() {
        return Ok(());
    }
    let (what, name) = (given.join(", "), &file.planned().runbook);
    Err(Failure::usage(format!("a plan file is executed as it is: {what} would change it"))
        .line(format!("leave it out, or plan again: `runbook plan {name} … --out FILE`")))
}

/// The choices of the plan and of the command line; one that was made differently is refused.
pub(crate) fn choices(
    target: &Target,
    file: &PlanFile,
    plan: &Plan,
) -> Result<indexmap::IndexMap<runbook_core::base::StepId, String>, Failure> {
    let mut choices = file.choices().clone();
    for (step, key) in crate::given::choices(&target.choose, &plan.runbook)? {
        match choices.get(&step) {
            Some(known) if *known != key => {
                return Err(Failure::usage(format!(
                    "--choose: the plan has chosen `{known}` for `{step}`"
                ))
                .line("leave it out, or plan again with the other choice"));
            }
            _ => choices.insert(step, key),
        };
    }
    Ok(choices)
}

/// The plan it holds, for a run of this command.
pub(crate) fn plan(file: &PlanFile, id: RunId, session: &Session) -> Result<Plan, Failure> {
    let operator = session.settings.operator.clone();
    let run = RunFacts { id, started: session.now.timestamp(), operator };
    file.plan(run).map_err(|why| stale(&format!("the plan is not executed: {why}"), file))
}

/// Refuses one that was used here or is too old, before anything is asked of anybody.
pub(crate) fn refuse_over(file: &PlanFile, session: &Session) -> Result<(), Failure> {
    match over(file, session) {
        Some(why) => Err(stale(&why, file)),
        None => Ok(()),
    }
}

/// Why it is not executed any more.
pub(crate) fn over(file: &PlanFile, session: &Session) -> Option<String> {
    match Store::at(&session.settings.places).plans().used(file.id()) {
        Ok(None) => file.foreseen().stands_at(session.now.timestamp()).err(),
        Ok(Some(used)) => Some(used.to_string()),
        Err(error) => Some(format!("it is not known whether the plan was used: {error}")),
    }
}

fn stale(why: &str, file: &PlanFile) -> Failure {
    Failure::new(ExitCode::Stale, why)
        .line("Nothing was sent.")
        .line(format!("plan again: `runbook plan {} … --out FILE`", file.planned().runbook))
}

/// Says which of its files are not as they are in the plan: those of the plan are executed.
pub(crate) fn say_changed(file: &PlanFile, session: &Session) {
    for Snapshot { path, text, .. } in file.files() {
        let what = match text_now(path) {
            Some(now) if now == *text => continue,
            Some(_) => "has changed since it was planned",
            None => "is not here",
        };
        let sentence = format!("{path} {what}; the plan is executed with the text it was made of");
        let sentence = runbook_core::base::SafeText::line(sentence).to_string();
        if !session.settings.quiet {
            for line in wrap(&sentence, WIDTH - 2) {
                session.shell.err(&format!(" {}\n", paint(WARN, line)));
            }
        }
    }
}
