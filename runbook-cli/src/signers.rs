//! The files that say whose signatures count: found beside the inventory when a run is begun, kept with
//! it, and asked for what they say then and now. Must not know what is signed.

use std::path::{Path, PathBuf};

use runbook_core::base::Source;
use runbook_core::drive::Signers;
use runbook_core::journal::{RunDirectory, Snapshot};
use runbook_core::plan::Plan;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::trusted;

/// What they are called among the files of a run.
const ALLOWED: &str = "allowed_signers";
const REVOKED: &str = "revoked_keys";

/// The files that a run of this plan keeps; none where one person is enough for all of it.
pub(crate) fn files(
    plan: &Plan,
    inventory: Option<&Source>,
    settings: &Settings,
) -> Result<Vec<Snapshot>, Failure> {
    let environment = &plan.environment;
    let own = plan.runbook.steps.iter().map(|step| environment.approvals_for(step.card.approvals));
    let (Some(inventory), true) = (inventory, own.max().unwrap_or(1) > 1) else {
        return Ok(Vec::new());
    };
    let directory = Path::new(&inventory.name).parent().unwrap_or(Path::new(""));
    let mut kept = Vec::new();
    for (role, name) in
        [(ALLOWED, &environment.allowed_signers), (REVOKED, &environment.revoked_keys)]
    {
        let Some(name) = name else { continue };
        let path = place(directory, name, settings)?;
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("cannot read {}: {error}", path.display()))
                .line(format!("`{role}` of the inventory names it"))
        };
        match trusted::check(&path) {
            Ok(Ok(())) => {}
            Ok(Err(untrusted)) => {
                let said = format!("{} is not taken: {untrusted}", path.display());
                let help = "make it writable for you alone: it says whose signatures count";
                return Err(Failure::usage(said).line(help));
            }
            Err(error) => return Err(cannot(&error)),
        }
        // What is revoked is asked for each time, and may be no text.
        let text = match role {
            ALLOWED => std::fs::read_to_string(&path).map_err(|error| cannot(&error))?,
            _ => String::new(),
        };
        kept.push(Snapshot { role: role.to_owned(), path: path.display().to_string(), text });
    }
    Ok(kept)
}

fn place(directory: &Path, name: &str, settings: &Settings) -> Result<PathBuf, Failure> {
    let path = match name.strip_prefix("~/") {
        Some(rest) => settings.home.join(rest),
        None => directory.join(name),
    };
    std::path::absolute(&path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// Whose signatures count in a run: of those that were allowed when it began, those that still are.
pub(crate) fn of_run(directory: &RunDirectory) -> Result<Option<Signers>, Failure> {
    let read = || -> Result<_, runbook_core::journal::StoreError> {
        Ok((directory.kept_file(ALLOWED)?, directory.snapshots()?))
    };
    let (kept, snapshots) = read().map_err(|error| {
        Failure::new(ExitCode::Unknown, format!("the run cannot be gone on with: {error}"))
            .line("nothing was sent")
    })?;
    let Some(kept) = kept else { return Ok(None) };
    let of_role = |role: &str| {
        let found = snapshots.iter().find(|snapshot| snapshot.role == role);
        found.map(|snapshot| PathBuf::from(&snapshot.path))
    };
    Ok(Some(Signers {
        allowed: std::iter::once(kept).chain(of_role(ALLOWED)).collect(),
        revoked: of_role(REVOKED),
        scratch: directory.path().to_owned(),
    }))
}

/// Whose signatures counted in a run when it began.
pub(crate) fn of_record(directory: &RunDirectory, scratch: &Path) -> Option<Signers> {
    let kept = directory.kept_file(ALLOWED).ok()??;
    Some(Signers { allowed: vec![kept], revoked: None, scratch: scratch.to_owned() })
}
