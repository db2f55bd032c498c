//! The engine inside a program of one's own: another way to ask and another way to tell.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a program of one's own prints, and asks the clock and the environment"
)]

use std::sync::Arc;

use jiff::Timestamp;
use runbook_core::base::Source;
use runbook_core::confirm::{Answering, Asked, Confirmer, Reply};
use runbook_core::document::RunbookDocument;
use runbook_core::drive::{Engine, Parts};
use runbook_core::journal::{MemoryJournal, SystemClock};
use runbook_core::plan::{Environment, Plan, RunFacts};
use runbook_core::probe::Network;
use runbook_core::report::Reporter;
use runbook_core::run::{Answer, Options, Record};
use runbook_core::runbook::Runbook;
use runbook_core::transport::{local::Local, ssh::Ssh};

struct Willing;
impl Confirmer for Willing {
    fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a> {
        println!("? {:?}", asked.question);
        Box::pin(async { Reply { answer: Answer::Yes, by: "embed".to_owned() } })
    }
}

struct Lines;
impl Reporter for Lines {
    fn observe(&mut self, record: &Record) {
        println!("{:>3} {:?}", record.seq, record.fact);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parsed = RunbookDocument::parse(Source::new("greet.toml", include_str!("greet.toml")));
    let (runbook, complaints) = Runbook::validate(&parsed, "greet");
    let runbook = Arc::new(runbook.ok_or_else(|| format!("{complaints:?}"))?);
    let started = Timestamp::now();
    // A host runs a job of a name once: every run has an id of its own.
    let id = format!("e{}", started.as_millisecond()).parse()?;
    let run = RunFacts { id, started, operator: "me".into() };
    let environment = Environment::default();
    let (hosts, roles, values) = Default::default();
    let plan = Arc::new(Plan { run, runbook, environment, hosts, roles, values });
    let engine = Engine::new(Parts {
        ssh: Arc::new(Ssh::new(None)?),
        local: Arc::new(Local::new(std::env::vars(), &plan.runbook.local_env)),
        probe: Arc::new(Network::default()),
        journal: Box::new(MemoryJournal::new(SystemClock)),
        outputs: None,
        locks: vec![std::env::temp_dir().join("embed-locks")],
        plans: None,
        confirmer: Arc::new(Willing),
        signers: None,
        reporter: Box::new(Lines),
        attended: false,
    });
    let finished = engine.run(plan, Options { person: true, ..Options::default() }).await;
    println!("{} (exit {})", finished.sentence, finished.code);
    Ok(())
}
