//! The engine of `runbook`: declarative runbooks, previewed truthfully and executed over SSH.
//!
//! One way through: `text → Document → Runbook → Plan → Run → Journal → Report`. Each stage is a type,
//! each floor has one door, and you know where you are by the type in your hand:
//!
//! | door | from | to |
//! | --- | --- | --- |
//! | [`RunbookDocument::parse`](document::RunbookDocument::parse) | text | what was written, every word with its place |
//! | [`Runbook::validate`](runbook::Runbook::validate) | a document | a runbook of which every rule holds |
//! | [`Plan::bind`](plan::Plan::bind) | a runbook, hosts and values | what will be executed |
//! | [`Run::accept`](run::Run::accept) | news from the world | facts to record and orders to carry out |
//! | [`Journal::append`](journal::Journal::append) | facts | records that are kept |
//! | [`Summary::of`](report::Summary::of) | records | what became of everything |
//!
//! Up to [`run`] there is no clock, no file, no network, no process and no `async`; the rooms
//! [`journal`], [`transport`], [`confirm`], [`probe`] and [`report`] are beside each other and meet the
//! world, and `drive` (with the feature of that name, on by default) is the loop that joins them.
//!
//! # A tour
//!
//! From a text to a report, by hand. Here the world is this example: it carries out the orders of the
//! machine by saying what came of them. In earnest `drive::Engine` does that.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use jiff::Timestamp;
//! use runbook_core::base::{Digest, Source};
//! use runbook_core::document::RunbookDocument;
//! use runbook_core::journal::{CountingClock, Durability, Journal, MemoryJournal};
//! use runbook_core::plan::bind::Request;
//! use runbook_core::plan::{Exit, Given, Identity, Plan, RunFacts, Verdict};
//! use runbook_core::report::Summary;
//! use runbook_core::run::{
//!     Action, Answer, Effect, Input, JobBase, Options, Outcome, OutputDigest, Run, StepStatus,
//! };
//! use runbook_core::runbook::Runbook;
//!
//! // Text to document: what was written, and every complaint about its form.
//! let text = r#"
//! format = 1
//! title = "Free the cache"
//!
//! [goal]
//! read = "test ! -e /var/cache/app/full"
//! on = "local"
//!
//! [[step]]
//! id = "look"
//! on = "local"
//! read = "du -s /var/cache/app"
//! keep = "before"
//!
//! [[step]]
//! id = "clear"
//! on = "local"
//! change = "app cache clear"
//! no_undo = "the cache fills again by itself"
//! verify = { goal = true }
//! "#;
//! let parsed = RunbookDocument::parse(Source::new("free.toml", text));
//!
//! // Document to runbook: every rule holds from here on.
//! let (runbook, complaints) = Runbook::validate(&parsed, "free");
//! assert!(complaints.is_empty(), "{complaints:?}");
//! let runbook = Arc::new(runbook.expect("nothing was complained of"));
//!
//! // Runbook to plan: bound to hosts and values.
//! let plan = Arc::new(Plan::bind(Request {
//!     runbook,
//!     inventory: None,
//!     env: None,
//!     hosts: &[],
//!     local: true,
//!     limits: &[],
//!     given: &Given::default(),
//!     run: RunFacts { id: "r1".parse()?, started: Timestamp::UNIX_EPOCH, operator: "ada".into() },
//! })?);
//!
//! // Plan to run: news goes in, facts and orders come out. Facts are recorded before any order of
//! // theirs is carried out.
//! let mut run = Run::new(plan, Options { person: true, ..Options::default() });
//! let mut journal = MemoryJournal::new(CountingClock::default());
//! let mut is_full = true;
//! let mut news = vec![Input::Begin];
//! while let Some(input) = news.pop() {
//!     let turn = run.accept(input, Timestamp::UNIX_EPOCH);
//!     journal.append(turn.events, Durability::Written)?;
//!     for action in turn.actions {
//!         news.extend(match action {
//!             Action::Connect { host } => {
//!                 let identity = Identity {
//!                     hostname: "here".into(),
//!                     machine_id: "7c1e".into(),
//!                     boot_id: "1".into(),
//!                     user: "ada".into(),
//!                     fingerprint: None,
//!                 };
//!                 Some(Input::Connected { host, identity })
//!             }
//!             Action::ChooseBase { keeper } => {
//!                 let base = JobBase { path: "/var/tmp/jobs".into(), in_memory: false };
//!                 Some(Input::BaseChosen { keeper, base, passed_over: vec![] })
//!             }
//!             Action::Probe(order) => Some(Input::ProbeAnswered {
//!                 probe: order.id,
//!                 verdict: match is_full {
//!                     true => Verdict::NotMet { saw: "exit 1".into() },
//!                     false => Verdict::Held { saw: "exit 0".into() },
//!                 },
//!             }),
//!             Action::Ask { id, .. } => {
//!                 Some(Input::Answered { question: id, answer: Answer::Yes, by: "ada".into() })
//!             }
//!             Action::Start(order) => {
//!                 is_full &= order.effect != Effect::Change;
//!                 let silence = OutputDigest { bytes: 0, sha256: Digest::of("") };
//!                 let outcome = Outcome {
//!                     exit: Some(Exit::Code(0)),
//!                     failure: None,
//!                     captured: vec![],
//!                     items: None,
//!                     stdout: silence,
//!                     stderr: silence,
//!                     took: Duration::from_secs(1),
//!                 };
//!                 Some(Input::Exited { attempt: order.id, outcome })
//!             }
//!             _ => None,
//!         });
//!     }
//! }
//!
//! // Records to report: what became of everything, from the journal alone.
//! let summary = Summary::of(journal.records());
//! assert_eq!(summary.count(StepStatus::Done), 2);
//! assert_eq!(summary.ended.as_ref().map(|end| end.code), Some(0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod base;
pub mod confirm;
pub mod document;
#[cfg(feature = "drive")]
pub mod drive;
pub mod journal;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod runbook;
pub mod template;
pub mod transport;
