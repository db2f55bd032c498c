//! What a caller's environment aims at and a run would not see: an operator who exported staging must
//! not act on production. Reads no environment itself.

use super::model::{Destination, Plan};
use crate::base::StepId;
use crate::runbook::{Check, How, Items, Kind, Place, Probe, Setting, Step, Undo, UndoAction};

/// The variables by which a tool is told what it acts on.
const AIMS: [(&str, &[&str]); 7] = [
    ("kubectl", &["KUBECONFIG"]),
    ("oc", &["KUBECONFIG"]),
    ("helm", &["KUBECONFIG", "HELM_KUBECONTEXT", "HELM_NAMESPACE"]),
    ("aws", &AWS),
    ("gcloud", &["CLOUDSDK_ACTIVE_CONFIG_NAME", "CLOUDSDK_CONFIG", "CLOUDSDK_CORE_PROJECT"]),
    ("terraform", &["TF_WORKSPACE", "TF_DATA_DIR", "AWS_PROFILE", "AWS_REGION", "KUBECONFIG"]),
    ("docker", &["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"]),
];

const AWS: [&str; 8] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ENDPOINT_URL",
];

/// A variable that is set for the caller and chooses what a program of the plan acts on, but does not
/// reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The step whose program it is; none for the goal and the preconditions.
    pub step: Option<StepId>,
    /// The tool it calls.
    pub tool: &'static str,
    /// The variable.
    pub variable: &'static str,
}

impl Plan {
    /// The first variable that is set, aims a tool of a program that runs on this machine, and is
    /// neither in `local_env` nor in that program's `env` (rule 13): a run with it must not start.
    #[must_use]
    pub fn left_behind(&self, is_set: impl Fn(&str) -> bool) -> Option<LeftBehind> {
        let passed = |name: &str| self.runbook.local_env.iter().any(|other| other == name);
        let missing = |how: &How, setting: &Setting| {
            let tools = how.aimed_tools();
            let aims = AIMS.iter().filter(|(tool, _)| tools.contains(tool));
            let mut pairs =
                aims.flat_map(|(tool, names)| names.iter().map(move |name| (*tool, *name)));
            pairs
                .find(|(_, name)| is_set(name) && !passed(name) && !setting.env.contains_key(*name))
        };
        let whole = self.runbook.goal.iter().chain(&self.runbook.preconditions);
        let whole = whole.filter_map(|check| Some((None, self.local_read(check, &Place::Local)?)));
        let steps = self.runbook.steps.iter().flat_map(|step| {
            self.local_programs(step).into_iter().map(|program| (Some(&step.id), program))
        });
        whole.chain(steps).find_map(|(step, (how, setting))| {
            let (tool, variable) = missing(how, setting)?;
            Some(LeftBehind { step: step.cloned(), tool, variable })
        })
    }

    fn is_here(&self, place: &Place) -> bool {
        match place {
            Place::Local => true,
            Place::Role(role) => self.role(role).iter().any(|host| {
                self.hosts.get(host).is_some_and(|host| host.destination == Destination::Local)
            }),
            Place::StepHost => false,
        }
    }

    fn local_read<'a>(&self, check: &'a Check, home: &Place) -> Option<(&'a How, &'a Setting)> {
        let place = if check.place == Place::StepHost { home } else { &check.place };
        match &check.probe {
            Probe::Read(how) if self.is_here(place) => Some((how, &check.setting)),
            _ => None,
        }
    }

    /// The programs of a step that run on this machine.
    fn local_programs<'a>(&self, step: &'a Step) -> Vec<(&'a How, &'a Setting)> {
        let mut programs: Vec<(&How, &Setting)> = Vec::new();
        if self.is_here(&step.place) {
            let own = match &step.kind {
                Kind::Read(how) | Kind::Change(how) | Kind::Destroy(how) => Some(how),
                _ => None,
            };
            let items = match &step.items {
                Some(Items::Read(how)) => Some(how),
                _ => None,
            };
            let all = own.into_iter().chain(items).chain(&step.diagnose);
            programs.extend(all.map(|how| (how, &step.setting)));
        }
        programs.extend(step.checks().filter_map(|check| self.local_read(check, &step.place)));
        if let Undo::Step(undo) = &step.undo {
            let home = if undo.place == Place::StepHost { &step.place } else { &undo.place };
            if let (UndoAction::Change(how) | UndoAction::Destroy(how), true) =
                (&undo.action, self.is_here(home))
            {
                programs.push((how, &undo.setting));
            }
            let checks = undo.precondition.iter().chain(&undo.verify);
            programs.extend(checks.filter_map(|check| self.local_read(check, home)));
        }
        programs
    }
}
