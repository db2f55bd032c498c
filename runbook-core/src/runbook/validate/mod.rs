//! From the document to the runbook: every rule is asked, every default filled in, and everything
//! that is wrong is said in one pass. Arguments, hosts and the clock are not known here.

mod capture;
mod card;
mod check;
mod expect;
mod hosts;
mod how;
mod kind;
mod literal;
mod names;
mod param;
mod quantity;
mod report;
mod scope;
mod setting;
mod step;
mod steps;
mod text;
mod top;
mod undo;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use self::names::Names;
pub(in crate::runbook) use self::scope::Scope;
use self::setting::Defaults;
use super::graph::Graph;
use super::model::{Role, Runbook};
use crate::base::{Diagnostics, RoleName, Source, Span, StepId};
use crate::document::{Parsed, RunbookDocument, Step as WrittenStep};
use crate::template::Template;

/// One pass over one document.
pub(in crate::runbook) struct Validation<'a> {
    pub(in crate::runbook) document: &'a RunbookDocument,
    pub(in crate::runbook) source: &'a Source,
    /// What the reader complained of: where it did, nothing is called missing.
    reader: &'a Diagnostics,
    found: RefCell<Diagnostics>,
    /// The names that something uses.
    used: RefCell<BTreeSet<String>>,
    /// Templates that were parsed: most texts of a runbook use the same few.
    parsed: RefCell<HashMap<String, Option<Template>>>,
    /// The steps in the order of the text; their numbers are those of the graph.
    pub(in crate::runbook) steps: Vec<(&'a WrittenStep, Span)>,
    ids: Vec<Option<StepId>>,
    numbers: HashMap<&'a str, usize>,
    pub(in crate::runbook) roles: IndexMap<RoleName, Role>,
    defaults: Defaults<'a>,
    pub(in crate::runbook) graph: Graph,
    names: Names,
}

impl Runbook {
    /// Checks a document whose file's stem is `name`. Answers the runbook if nothing is wrong with
    /// it, and what the rules say: not what the reader has said already, whose complaints are
    /// joined to these by the caller. Where the reader found something wrong nothing is called
    /// missing, and there is no runbook.
    pub fn validate(parsed: &Parsed<RunbookDocument>, name: &str) -> (Option<Self>, Diagnostics) {
        if !parsed.whole {
            return (None, Diagnostics::new());
        }
        let validation = Validation::of(parsed);
        let runbook = validation.runbook(parsed, name);
        let found = validation.found.into_inner().sorted();
        let sound = !found.has_errors() && !parsed.diagnostics.has_errors();
        (runbook.filter(|_| sound), found)
    }
}

impl<'a> Validation<'a> {
    fn of(parsed: &'a Parsed<RunbookDocument>) -> Self {
        let document = &parsed.document;
        let steps = document.step.value().map(|list| list.0.as_slice()).unwrap_or_default();
        let mut validation = Self {
            document,
            source: &parsed.source,
            reader: &parsed.diagnostics,
            found: RefCell::new(Diagnostics::new()),
            used: RefCell::default(),
            parsed: RefCell::default(),
            steps: steps.iter().map(|step| (&step.value, step.span)).collect(),
            ids: Vec::new(),
            numbers: HashMap::new(),
            roles: IndexMap::new(),
            defaults: Defaults::default(),
            graph: Graph::new(Vec::new()),
            names: Names::default(),
        };
        validation.roles = validation.all_roles();
        validation.defaults = validation.all_defaults();
        validation.numbers = numbers(&validation.steps);
        validation.ids = validation.all_ids();
        validation.graph = validation.whole_graph();
        validation.names = validation.all_names();
        validation
    }

    fn runbook(&self, parsed: &Parsed<RunbookDocument>, name: &str) -> Option<Runbook> {
        let top = self.top(parsed, name);
        let steps = self.all_steps();
        super::rules::whole(self);
        Some(Runbook { steps: steps?, ..top? })
    }
}

/// The number of each id; of two steps with one id, the first's.
fn numbers<'a>(steps: &[(&'a WrittenStep, Span)]) -> HashMap<&'a str, usize> {
    let ids = steps.iter().enumerate().rev();
    ids.filter_map(|(at, (step, _))| Some((step.id.value()?.as_str(), at))).collect()
}
