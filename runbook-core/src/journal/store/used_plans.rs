//! Which plan files were used up, and by which run: a file each, named after the plan. Knows nothing
//! of what is in them.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{JournalError, directory};
use super::run_directory::parse;
use super::{Store, StoreError, failed};
use crate::base::{Digest, RunId};

/// Where it is written down that a plan was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedPlans {
    /// The first that can be written is; all of them are looked at.
    places: Vec<PathBuf>,
}

/// The use of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanUse {
    /// By which run.
    pub run: RunId,
    /// Who started it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl fmt::Display for PlanUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, by, at } = self;
        write!(f, "the plan was used at {at:.0} by run {run} of {by}")
    }
}

impl Store {
    /// Which plans were used here.
    #[must_use]
    pub fn plans(&self) -> UsedPlans {
        let mut places = vec![self.root.join("plans")];
        if self.fallback != self.root {
            places.push(self.fallback.join("plans"));
        }
        UsedPlans { places }
    }
}

impl UsedPlans {
    /// By whom a plan was used; none where it was not.
    ///
    /// # Errors
    /// It was used, or may have been, and it cannot be read by whom.
    pub fn used(&self, plan: Digest) -> Result<Option<PlanUse>, StoreError> {
        for place in self.trusted() {
            let path = place.join(plan.to_string());
            match fs::read(&path) {
                Ok(json) => return parse(&path, &json).map(Some),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                    ) => {}
                Err(error) => return Err(failed(&path, "read")(error)),
            }
        }
        Ok(None)
    }

    /// Uses a plan up, once: the run that did is given back, and is another where it came too late.
    /// What is written is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written down anywhere, or not be told whether it was used.
    pub fn take(&self, plan: Digest, own: &PlanUse) -> Result<PlanUse, StoreError> {
        if let Some(used) = self.used(plan)? {
            return Ok(used);
        }
        let mut refused = None;
        for (number, place) in self.places.iter().enumerate() {
            match write(place, number > 0, plan, own) {
                Ok(()) => return Ok(self.used(plan)?.unwrap_or_else(|| own.clone())),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.expect("there is a place, and it was refused"))
    }

    /// A directory in memory counts only when it is provably ours.
    fn trusted(&self) -> impl Iterator<Item = &Path> {
        let places = self.places.iter().map(PathBuf::as_path).enumerate();
        let ours = |place: &Path| {
            place.parent().is_some_and(|root| directory::is_ours(root).unwrap_or(false))
        };
        places.filter(move |(number, place)| *number == 0 || ours(place)).map(|(_, place)| place)
    }
}

/// A name that is taken stays as it is: whoever wrote it was first.
fn write(place: &Path, shared: bool, plan: Digest, own: &PlanUse) -> Result<(), StoreError> {
    if let (Some(root), true) = (place.parent(), shared) {
        directory::make_among_others(root).map_err(failed(root, "make"))?;
    }
    directory::make(place).map_err(failed(place, "make"))?;
    let json = serde_json::to_vec(own).map_err(JournalError::from)?;
    let path = place.join(plan.to_string());
    // Under its name it is whole from the first moment on.
    let draft = place.join(format!("{plan}.{}", own.run));
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed(&draft, "remove")(error));
        }
        _ => {}
    }
    directory::write_new(&draft, &json).map_err(failed(&draft, "write"))?;
    let linked = fs::hard_link(&draft, &path);
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed(&path, "write")(error));
        }
        _ => {}
    }
    directory::sync(place).map_err(failed(place, "sync"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::journal::Places;

    fn own(run: &str) -> PlanUse {
        PlanUse { run: run.parse().unwrap(), by: "ada".into(), at: Timestamp::UNIX_EPOCH }
    }

    fn store(place: &Path) -> UsedPlans {
        let (chosen, memory) = (Some(place.join("state")), place.to_owned());
        Store::at(&Places { chosen, memory, ..Places::default() }).plans()
    }

    #[test]
    fn the_first_has_it_and_has_it_again() {
        let place = tempfile::tempdir().unwrap();
        let (plans, plan) = (store(place.path()), Digest::of("plan"));
        assert_eq!(plans.used(plan).unwrap(), None);
        assert_eq!(plans.take(plan, &own("a1")).unwrap(), own("a1"));
        assert_eq!(plans.take(plan, &own("b2")).unwrap(), own("a1"));
        assert_eq!(plans.take(plan, &own("a1")).unwrap(), own("a1"), "it was this run's already");
        assert_eq!(plans.take(Digest::of("other"), &own("b2")).unwrap(), own("b2"));
        let directory = place.path().join("state/plans");
        let names = fs::read_dir(&directory).unwrap().count();
        assert_eq!(names, 2, "no draft is left");
        let mode = fs::metadata(directory.join(plan.to_string())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn of_many_at_once_one_has_it() {
        let place = tempfile::tempdir().unwrap();
        let (plans, plan) = (store(place.path()), Digest::of("plan"));
        let winners: Vec<String> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|number| {
                    let plans = &plans;
                    scope.spawn(move || plans.take(plan, &own(&format!("r{number}"))).unwrap().run)
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap().to_string()).collect()
        });
        assert!(winners.iter().all(|winner| *winner == winners[0]), "{winners:?}");
    }

    #[test]
    fn what_cannot_be_read_counts_as_used() {
        let place = tempfile::tempdir().unwrap();
        let (plans, plan) = (store(place.path()), Digest::of("plan"));
        plans.take(plan, &own("a1")).unwrap();
        fs::write(place.path().join("state/plans").join(plan.to_string()), "").unwrap();
        assert!(plans.used(plan).is_err());
        assert!(plans.take(plan, &own("a1")).is_err());
    }
}
