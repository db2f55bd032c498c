//! A check: one probe and what it must show.

use std::time::Duration;

use super::step::{Amount, How, Pattern, Place, Request, Setting};
use crate::base::Span;
use crate::template::{Expression, Template};

/// One probe, what it must show, and how patiently it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What it asks, for a person.
    pub title: Option<Template>,
    /// What to do when it does not hold.
    pub hint: Option<Template>,
    /// How it asks.
    pub probe: Probe,
    /// What the answer must be.
    pub expect: Expect,
    /// Where it is asked.
    pub place: Place,
    /// Only on the first so many hosts that can be reached.
    pub pick: Option<u32>,
    /// How a program of it runs.
    pub setting: Setting,
    /// How long one probe may take.
    pub timeout: Amount<Duration>,
    /// Left out when this is false.
    pub when: Option<Expression>,
    /// How long to keep asking.
    pub patience: Patience,
    /// Its table in the text.
    pub span: Span,
}

/// How a check asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// A script or argv that changes nothing; never a request.
    Read(How),
    /// GET or HEAD.
    Http(Request),
    /// A connection to `host:port`.
    Tcp(Template),
    /// An expression.
    That(Expression),
    /// A person attests.
    Ask(Template),
    /// The goal of the runbook.
    Goal,
}

/// How long and how often a check is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Asked again until it holds, for less than this; none asks once.
    pub within: Option<Amount<Duration>>,
    /// From start to start of a probe.
    pub every: Amount<Duration>,
    /// It must stay true that long.
    pub hold: Option<Amount<Duration>>,
    /// Samples of the hold window that may fail.
    pub misses: u32,
}

/// What an answer must be. Empty lists expect nothing of that sort.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Exit codes of a program that are an answer; empty is 0. Any other is an error.
    pub exit: Vec<i32>,
    /// HTTP statuses; empty is 2xx unless a test says more.
    pub status: Vec<u16>,
    /// What the output (trimmed), or the body, must show: all of it.
    pub tests: Vec<Test>,
}

/// One thing that a text must show.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal: as text, number or bool, as the literal says.
    Equals(Literal),
    /// Not equal.
    Differs(Literal),
    /// One of these.
    OneOf(Vec<Literal>),
    /// A smaller quantity.
    Less(Template),
    /// A smaller or equal quantity.
    AtMost(Template),
    /// A greater quantity.
    Greater(Template),
    /// A greater or equal quantity.
    AtLeast(Template),
    /// Matches somewhere.
    Matches(Pattern),
    /// Has all of these in it.
    Contains(Vec<Template>),
    /// Has none of these in it.
    Lacks(Vec<Template>),
    /// The pointer or header is not there (`true`) or is (`false`).
    Absent(bool),
    /// The JSON at a pointer; `*` means every element and at least one.
    Json(Vec<(String, Expect)>),
    /// A header of an HTTP answer, by lowercase name.
    Header(Vec<(String, Expect)>),
}

/// What the author compares with; the form of the literal decides how.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// As text, trimmed.
    Text(Template),
    /// As a number.
    Number(f64),
    /// As a bool.
    Bool(bool),
}
