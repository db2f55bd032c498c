//! Plans of the bundled runbooks: three hosts a role where it may have so many, and of every parameter
//! its example.

use std::path::PathBuf;
use std::sync::Arc;

use runbook_core::base::Source;
use runbook_core::document::{HostsDocument, RunbookDocument};
use runbook_core::plan::bind::Request;
use runbook_core::plan::{Given, Inventory, Plan, RunFacts};
use runbook_core::runbook::Runbook;

use crate::plans::jiff_epoch;

/// All of them, in the order of their names.
pub(crate) fn plans() -> Vec<Arc<Plan>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../runbooks");
    let files = std::fs::read_dir(folder).expect("the bundled runbooks");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.iter().map(plan).collect()
}

fn plan(path: &PathBuf) -> Arc<Plan> {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a text");
    let parsed = RunbookDocument::parse(Source::new(name.clone(), text));
    let runbook = Runbook::validate(&parsed, &name).0.expect("a bundled runbook is valid");
    let roles: Vec<_> = runbook
        .roles
        .iter()
        .map(|(role, wanted)| {
            let hosts = (1..=wanted.max.unwrap_or(3).min(3)).map(|n| format!("\"{role}{n}\""));
            format!("{role} = [{}]", hosts.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let hosts = format!("format = 1\n[env.prod]\nroles = {{ {} }}\n", roles.join(", "));
    let hosts = HostsDocument::parse(Source::new("hosts.toml", hosts));
    let inventory = Inventory::validate(&hosts.document).0.expect("an inventory");
    let example = |(name, param): (&_, &runbook_core::runbook::Param)| {
        Some((ToString::to_string(name), param.example.clone()?))
    };
    let given = Given {
        command_line: runbook.params.iter().filter_map(example).collect(),
        ..Given::default()
    };
    let run = RunFacts {
        id: "r1".parse().expect("a run"),
        started: jiff_epoch(),
        operator: "ada".into(),
    };
    let request = Request {
        runbook: Arc::new(runbook),
        inventory: Some(&inventory),
        env: Some("prod"),
        hosts: &[],
        local: false,
        limits: &[],
        given: &given,
        run,
    };
    Arc::new(Plan::bind(request).expect("the examples are enough"))
}
