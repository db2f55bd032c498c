//! Codes that approve a destroy in advance: `plan` prints them, and `run --approve STEP=CODE` uses them
//! up before anything is begun. Must not know what a code is bound to.

use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_core::base::StepId;
use runbook_core::drive;
use runbook_core::journal::Store;
use runbook_core::plan::Plan;
use runbook_core::run::{Advance, Code, KeptPlan, NoAdvance, Outlook, STANDS};
use runbook_core::runbook::Kind;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::suggestion::did_you_mean;

/// What a plan says of its destroys.
#[derive(Debug)]
pub(crate) struct Printed {
    /// When its codes stand no longer.
    pub(crate) until: Timestamp,
    /// Of each, its code, or why it has none.
    pub(crate) codes: Vec<(StepId, Result<Code, String>)>,
}

/// Keeps what the codes stand for, and gives them to be printed.
pub(crate) fn printed(
    outlook: Vec<(StepId, Result<Outlook, String>)>,
    session: &Session,
) -> Printed {
    let now = Timestamp::now();
    let whole: Vec<Outlook> =
        outlook.iter().filter_map(|(_, what)| what.as_ref().ok().cloned()).collect();
    let expires = now.saturating_add(STANDS).unwrap_or(now);
    let kept = KeptPlan { nonce: drive::drawn(), expires, outlook: whole };
    let is_kept = match kept.outlook.is_empty() {
        true => Ok(()),
        false => Store::at(&session.settings.places).keep_codes(&kept, now),
    };
    let code = |what: Result<Outlook, String>| match (what, &is_kept) {
        (Ok(what), Ok(())) => Ok(Code::of(kept.nonce, kept.expires, &what)),
        (Ok(_), Err(error)) => Err(error.to_string()),
        (Err(why), _) => Err(why),
    };
    let codes = outlook.into_iter().map(|(step, what)| (step, code(what))).collect();
    Printed { until: expires, codes }
}

/// What the codes that were typed stand for; each is used up by this, for ever.
pub(crate) fn used_up(
    typed: &[String],
    plan: &Plan,
    store: &Store,
) -> Result<IndexMap<StepId, Advance>, Failure> {
    let typed = typed.iter().map(|text| read(text, plan)).collect::<Result<IndexMap<_, _>, _>>()?;
    if typed.is_empty() {
        return Ok(IndexMap::new());
    }
    let kept = store.kept_codes().map_err(|error| {
        Failure::new(ExitCode::Stale, format!("--approve: {error}")).line(NOTHING)
    })?;
    let plan = (plan.runbook.digest, plan.environment.name.as_ref());
    let now = Timestamp::now();
    let found = typed.into_iter().map(|(step, code)| {
        Advance::find(&kept, plan, &step, &code, now).map(|advance| (step, advance))
    });
    // Where one is wrong none is used up.
    let found = found.collect::<Result<IndexMap<_, _>, _>>().map_err(|why| refused(&why))?;
    for (step, advance) in &found {
        match store.use_code_up(advance.nonce, step) {
            Ok(true) => {}
            Ok(false) => return Err(refused(&NoAdvance::Used(step.clone()))),
            Err(error) => {
                let said = format!("--approve: the code cannot be used up: {error}");
                return Err(Failure::new(ExitCode::Unknown, said).line(NOTHING));
            }
        }
    }
    Ok(found)
}

const NOTHING: &str = "Nothing was sent.";

fn refused(why: &NoAdvance) -> Failure {
    Failure::new(ExitCode::Stale, format!("--approve: {why}"))
        .line(NOTHING)
        .line("`runbook plan` prints a new code, for what is true now.")
}

/// `STEP=CODE`, of a step that destroys.
fn read(text: &str, plan: &Plan) -> Result<(StepId, Code), Failure> {
    let (step, code) = text.split_once('=').ok_or_else(|| {
        Failure::usage(format!("--approve {text}: this is `--approve STEP=CODE`"))
    })?;
    let ids = || plan.runbook.steps.iter().map(|step| step.id.as_str());
    let found = plan.runbook.steps.iter().find(|found| found.id.as_str() == step);
    let Some(found) = found else {
        return Err(Failure::usage(format!("--approve: there is no step `{step}`"))
            .lines(did_you_mean(step, ids())));
    };
    if !matches!(found.kind, Kind::Destroy(_)) {
        return Err(Failure::usage(format!("--approve: the step `{step}` is no destroy")));
    }
    let code =
        code.parse().map_err(|error| Failure::usage(format!("--approve {step}: {error}")))?;
    Ok((found.id.clone(), code))
}
