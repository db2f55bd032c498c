//! A step, as it is written: its kind and everything around it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::capture::Capture;
use super::check::Check;
use super::expect::Expect;
use super::field::{Extent, Field};
use super::how::{How, Shell, Sudo};
use super::list::{Entries, List, OneOrMany};
use super::param::Param;
use super::scalar::WholeOrText;
use super::undo::Undo;

/// A step. It has exactly one kind: `read`, `change`, `destroy`, `check`, `manual` or `choose`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["id"]))]
pub struct Step {
    /// Unique in the runbook: a lowercase letter, then lowercase letters, digits and `_`.
    pub id: Field<String>,
    /// What it does, for a person.
    pub title: Field<String>,
    /// More of that.
    pub help: Field<String>,

    /// Changes nothing; run in the preview.
    pub read: Field<How>,
    /// Changes something that can be repaired.
    pub change: Field<How>,
    /// Loses something; confirmed by typing.
    pub destroy: Field<How>,
    /// Checks that must hold.
    pub check: Field<OneOrMany<Check>>,
    /// What a person does and attests.
    pub manual: Field<String>,
    /// What a person decides; see `options`.
    pub choose: Field<String>,
    /// The answers of a `choose`, by key: a label, or `{ label, stop }`.
    pub options: Field<Entries<Answer>>,

    /// The steps that must have ended, instead of the step above; `[]` starts at once.
    pub needs: Field<List<String>>,
    /// The role it runs on, or `local`.
    pub on: Field<String>,
    /// An expression that keeps a host or leaves it out.
    #[serde(rename = "where")]
    pub filter: Field<String>,
    /// Keep the first so many hosts that can be reached.
    pub pick: Field<u32>,
    /// How many hosts must remain: a number or a range, `"1.."` unless said.
    pub exactly: Field<WholeOrText>,
    /// Hosts at a time: `1`, `4`, `"25%"`, `"all"`, or a ladder `[1, "30%", "100%"]`.
    pub at_once: Field<AtOnce>,
    /// How many of its hosts may fail before the run stops.
    pub max_failed: Field<u32>,

    /// The directory it runs in.
    pub cwd: Field<String>,
    /// Variables, always sent.
    pub env: Field<Entries<String>>,
    /// As whom it runs: `true` is root.
    pub sudo: Field<Sudo>,
    /// Who reads its script.
    pub shell: Field<Shell>,
    /// Given to it on standard input.
    pub stdin: Field<String>,

    /// An expression: run it or not, decided once for the step.
    pub when: Field<String>,
    /// Checks, per host: already done.
    pub skip_if: Field<OneOrMany<Check>>,
    /// Checks, immediately before.
    pub precondition: Field<OneOrMany<Check>>,
    /// Which exit and output of the step itself is done.
    pub expect: Field<Expect>,
    /// Checks, after; the step is done only if they hold.
    pub verify: Field<OneOrMany<Check>>,
    /// Values taken from its output, by name.
    pub capture: Field<Entries<Capture>>,
    /// The word under which its output is kept as evidence.
    pub keep: Field<String>,
    /// Checks, after the step: the goal is reached, end green.
    pub finish_if: Field<OneOrMany<Check>>,
    /// Checks, after the step: this is not the cause, end with the check's sentence.
    pub stop_if: Field<OneOrMany<Check>>,

    /// How long an attempt may take.
    pub timeout: Field<String>,
    /// Whether running it twice is as good as once.
    pub idempotent: Field<bool>,
    /// Tried again by itself; on a change it needs `idempotent = true`.
    pub retry: Field<Retry>,
    /// What happens when it fails: `ask`, `stop`, `continue`, `undo`, or `{ undo_to = STEP }`.
    pub on_failure: Field<OnFailure>,
    /// Reads that are run and shown when it fails.
    pub diagnose: Field<List<How>>,
    /// The way back: a script, or a table.
    pub undo: Field<Undo>,
    /// Why there is no way back.
    pub no_undo: Field<String>,

    /// A read whose lines, or one `{{ name }}` of a list, are what will be acted on.
    pub items: Field<How>,
    /// The most of them that is not refused.
    pub max_items: Field<u32>,
    /// Who notices.
    pub affects: Field<String>,
    /// What is lost, in numbers.
    pub loses: Field<String>,
    /// What must be typed; `HOST` or `HOST/NAME` unless said.
    pub confirm: Field<String>,
    /// The steps or checks that must hold first.
    pub proof: Field<OneOrMany<Proof>>,
    /// How many people must approve.
    pub approvals: Field<u32>,
    /// Expected duration, shown as the budget.
    pub takes: Field<String>,
    /// Values asked of the person on `manual` and `choose`, by name.
    pub ask: Field<Entries<Param>>,
    /// Warnings answered: the rule's name and the reason.
    pub allow: Field<Entries<String>>,

    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: Extent,
}

/// One answer of a `choose`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Answer {
    /// What it means.
    #[serde(rename = "a string (a label)")]
    Label(String),
    /// What it means, and whether it ends the run.
    #[serde(rename = "a table")]
    Table(Box<AnswerTable>),
}

/// The keys of an answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["label"]))]
pub struct AnswerTable {
    /// What it means.
    pub label: Field<String>,
    /// Whether it ends the run as `stop_if` does, with the label as its sentence.
    pub stop: Field<bool>,
}

/// How many hosts at a time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum AtOnce {
    /// So many.
    #[serde(rename = "a whole number")]
    Whole(u32),
    /// `"25%"` or `"all"`.
    #[serde(rename = "a string")]
    Text(String),
    /// A cumulative ladder.
    #[serde(rename = "an array (a ladder)")]
    Ladder(List<WholeOrText>),
}

/// Tried again by itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["times"]))]
pub struct Retry {
    /// How often after the first.
    pub times: Field<u32>,
    /// How long to wait before the first of them.
    pub wait: Field<String>,
    /// The wait grows by this factor each time.
    pub backoff: Field<u32>,
}

/// What happens when a step fails.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum OnFailure {
    /// In a word.
    #[serde(rename = "a string")]
    Word(OnFailureWord),
    /// The run stops and goes back.
    #[serde(rename = "a table")]
    Back(Box<UndoTo>),
}

/// What happens when a step fails, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailureWord {
    /// A person decides on the failure card.
    Ask,
    /// The run stops.
    Stop,
    /// It is recorded as failed and blocks nothing.
    Continue,
    /// The run stops, and the step is undone where it started.
    Undo,
}

/// The keys of a way back that is gone when a step fails.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["undo_to"]))]
pub struct UndoTo {
    /// The step that is undone last.
    pub undo_to: Field<String>,
    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: Extent,
}

/// What must hold before a destroy.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Proof {
    /// That step ended done in this run.
    #[serde(rename = "a string (the id of a step)")]
    Step(String),
    /// This check holds.
    #[serde(rename = "a table (a check)")]
    Check(Box<Check>),
}
