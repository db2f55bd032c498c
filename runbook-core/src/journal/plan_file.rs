//! A plan that was written down to be executed later, and once: the files it was made of, what was
//! asked for, what it comes to, and the premises it rests on. Pure: it is given bytes and times.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::PlanFacts;
use super::remade::{self, Snapshot};
use crate::base::{Digest, StepId};
use crate::plan::{Plan, RunFacts, Wanted};
use crate::run::{Foreseen, Premise, Run};

/// The version of the form of a plan file. It grows when an older reader would misunderstand one.
pub const PLAN_VERSION: u32 = 1;

/// How long a plan may be executed after it was written.
pub const PLAN_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// How every plan file begins.
const MARK: &[u8] = b"{\"runbook_plan\":";
const SUM: &str = ",\"sum\":\"";
const END: &str = "\"}\n";
const HEX: usize = 64;

/// A plan, as a file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    body: Body,
    /// The digest of its bytes: which plan it is, whatever its file is called.
    id: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Body {
    runbook_plan: u32,
    program: String,
    /// Makes of two plans of the same things two plans.
    nonce: String,
    written: Timestamp,
    expires: Timestamp,
    plan: PlanFacts,
    choices: IndexMap<StepId, String>,
    premises: Vec<Premise>,
    files: Vec<Snapshot>,
}

/// Why bytes are no plan that may be executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFileError {
    /// They do not begin as one does.
    #[error("it is no plan file")]
    NotAPlan,
    /// They are not those that were written.
    #[error("it was edited or damaged: {0}")]
    Damaged(&'static str),
    /// They were written by a newer program.
    #[error(
        "it is of version {0} and this program reads up to {PLAN_VERSION}; use a newer `runbook`"
    )]
    Newer(u32),
    /// They are whole and say what this program does not know.
    #[error("it says what this version does not know: {0}")]
    Unknown(String),
    /// What is in it makes another plan with this program.
    #[error("it comes out differently with this version of `runbook`: {0}")]
    OtherPlan(String),
}

#[derive(Deserialize)]
struct Versioned {
    runbook_plan: u32,
}

impl PlanFile {
    /// What a file says of the plan that `run` has read up to its first change: made of `files` by what
    /// was `wanted`, and written at `written`. `nonce` is random.
    ///
    /// # Errors
    /// When something of it cannot be said in JSON.
    pub fn of(
        run: &Run,
        wanted: &Wanted,
        files: Vec<Snapshot>,
        written: Timestamp,
        nonce: [u8; 16],
    ) -> Result<Self, serde_json::Error> {
        let plan = run.plan();
        let body = Body {
            runbook_plan: PLAN_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
            written,
            expires: written + PLAN_LIFE,
            plan: PlanFacts::of(plan, wanted),
            choices: run.options().choices.clone(),
            premises: run.premises(),
            files,
        };
        let id = Digest::of(unsummed(&body)?);
        Ok(Self { body, id })
    }

    /// Whether these bytes begin as a plan file does.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MARK)
    }

    /// Its bytes: one line of JSON, whose last key is the digest of the rest.
    ///
    /// # Errors
    /// When something of it cannot be said in JSON.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = unsummed(&self.body)?;
        text.pop();
        Ok(format!("{text}{SUM}{}{END}", self.id).into_bytes())
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none, was edited, is damaged, or is newer than this program. Nothing of it is parsed
    /// before its digest fits.
    pub fn decode(bytes: &[u8]) -> Result<Self, PlanFileError> {
        if !Self::is_one(bytes) {
            return Err(PlanFileError::NotAPlan);
        }
        let damaged = PlanFileError::Damaged;
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        let cut = damaged("its end is missing");
        let rest = text.strip_suffix(END).ok_or_else(|| cut.clone())?;
        let at = rest.len().checked_sub(HEX).filter(|at| rest.is_char_boundary(*at));
        let (rest, sum) = rest.split_at(at.ok_or_else(|| cut.clone())?);
        let id: Digest = sum.parse().map_err(|_| cut.clone())?;
        let json = format!("{}}}", rest.strip_suffix(SUM).ok_or(cut)?);
        if Digest::of(&json) != id {
            return Err(damaged("its digest does not fit what it says"));
        }
        let unknown = |error: serde_json::Error| PlanFileError::Unknown(error.to_string());
        let Versioned { runbook_plan } = serde_json::from_str(&json).map_err(unknown)?;
        if runbook_plan > PLAN_VERSION {
            return Err(PlanFileError::Newer(runbook_plan));
        }
        let body: Body = serde_json::from_str(&json).map_err(unknown)?;
        if body.expires.duration_since(body.written) > PLAN_LIFE {
            return Err(damaged("it would last longer than a plan does"));
        }
        Ok(Self { body, id })
    }

    /// Which plan it is: the digest of its file, so that a copy is the same plan.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.id
    }

    /// The digest of what it would do and rests on: runbook, inventory, values, hosts and who they
    /// are, and its premises. Two plans of an unchanged world share it.
    ///
    /// # Errors
    /// When something of it cannot be said in JSON.
    pub fn fingerprint(&self) -> Result<Digest, serde_json::Error> {
        let PlanFacts { environment, params, hosts, steps, wanted, .. } = &self.body.plan;
        let bound = (environment, params, hosts, steps, wanted);
        let what = (&self.body.files, bound, &self.body.choices, &self.body.premises);
        serde_json::to_vec(&what).map(Digest::of)
    }

    /// When it was written.
    #[must_use]
    pub const fn written(&self) -> Timestamp {
        self.body.written
    }

    /// From when on it is not executed.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.body.expires
    }

    /// What was planned; run, start and operator are those of the preview.
    #[must_use]
    pub const fn planned(&self) -> &PlanFacts {
        &self.body.plan
    }

    /// The choices that were made in advance.
    #[must_use]
    pub const fn choices(&self) -> &IndexMap<StepId, String> {
        &self.body.choices
    }

    /// The premises it rests on.
    #[must_use]
    pub fn premises(&self) -> &[Premise] {
        &self.body.premises
    }

    /// The files it was made of, as they were.
    #[must_use]
    pub fn files(&self) -> &[Snapshot] {
        &self.body.files
    }

    /// The version of the program that wrote it.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.body.program
    }

    /// What a run that executes it must know.
    #[must_use]
    pub fn foreseen(&self) -> Foreseen {
        let Body { written, expires, premises, .. } = &self.body;
        Foreseen { plan: self.id, written: *written, expires: *expires, premises: premises.clone() }
    }

    /// The plan it holds, for a run.
    ///
    /// # Errors
    /// What it holds makes another plan with this program.
    pub fn plan(&self, run: RunFacts) -> Result<Plan, PlanFileError> {
        let Body { plan, files, .. } = &self.body;
        remade::plan(files, plan).map_err(PlanFileError::OtherPlan)?;
        remade::bind(files, plan, run).map_err(PlanFileError::OtherPlan)
    }
}

/// The JSON without its digest.
fn unsummed(body: &Body) -> Result<String, serde_json::Error> {
    serde_json::to_string(body)
}

#[cfg(test)]
#[path = "plan_file_tests.rs"]
pub(super) mod tests;
