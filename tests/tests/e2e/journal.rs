//! The journal of a run, read back from the disk. Reading it checks the whole chain.
//! Must not know which run it is of.

use runbook_core::journal::{Places, Store};
use runbook_core::report::audit;
use runbook_core::run::{AttemptId, Effect, Event, Part, Payload, Record, StepStatus};
use runbook_tests::Runbook;

/// What a run left on the disk.
pub(crate) struct Journal {
    /// The run's id.
    pub(crate) run: String,
    /// Its records, in order.
    pub(crate) records: Vec<Record>,
}

impl Journal {
    /// The newest run of an operator.
    #[track_caller]
    pub(crate) fn newest(operator: &Runbook) -> Self {
        let run = store(operator).find(None).expect("a run was recorded");
        let recorded = run.recorded().expect("the journal is whole and its chain is unbroken");
        assert!(recorded.torn.is_none(), "the last record is whole");
        let plan = run.plan().expect("its plan can be made again");
        let audit = audit(&plan, recorded.records.iter().map(|record| &record.fact));
        assert_eq!(audit.findings, [], "run {}", run.id());
        Self { run: run.id().to_string(), records: recorded.records }
    }

    /// The newest run, which was killed: its last line may be torn.
    #[track_caller]
    pub(crate) fn newest_cut(operator: &Runbook) -> Self {
        let run = store(operator).find(None).expect("a run was recorded");
        let recorded = run.recorded().expect("what was written before is whole");
        Self { run: run.id().to_string(), records: recorded.records }
    }

    /// Whether it has not ended.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.facts().last(), Some(Event::Ended { .. }))
    }

    /// How many runs an operator has recorded.
    pub(crate) fn count(operator: &Runbook) -> usize {
        let runs = operator.state().join("runbook/runs");
        std::fs::read_dir(runs).map_or(0, Iterator::count)
    }

    /// The facts, in order.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &Event> {
        self.records.iter().map(|record| &record.fact)
    }

    /// Everything that was sent, in order.
    pub(crate) fn sent(&self) -> Vec<(&AttemptId, Effect, &Payload)> {
        let sent = self.facts().filter_map(|fact| match fact {
            Event::Intended { attempt, effect, payload, .. } => Some((attempt, *effect, payload)),
            _ => None,
        });
        sent.collect()
    }

    /// The steps of which more than a read was sent, with the host, in order.
    pub(crate) fn changes(&self) -> Vec<String> {
        let sent = self.sent().into_iter().filter(|(_, effect, _)| *effect > Effect::Read);
        sent.map(|(attempt, ..)| match attempt.part {
            Part::Undo => format!("undo {} {}", attempt.step, attempt.host),
            _ => format!("{} {}", attempt.step, attempt.host),
        })
        .collect()
    }

    /// Asserts that nothing but reads was ever sent.
    #[track_caller]
    pub(crate) fn assert_only_reads(&self) {
        assert_eq!(self.changes(), Vec::<String>::new(), "run {}", self.run);
    }

    /// How a step ended; of one that was undone since, that.
    #[track_caller]
    pub(crate) fn status(&self, wanted: &str) -> StepStatus {
        let ended = self.facts().filter_map(|fact| match fact {
            Event::StepEnded { step, status, .. } if step.as_str() == wanted => Some(*status),
            _ => None,
        });
        ended.last().unwrap_or_else(|| panic!("step {wanted} of run {} has not ended", self.run))
    }

    /// The exit code and the sentence it ended with.
    #[track_caller]
    pub(crate) fn ended(&self) -> (u8, &str) {
        match self.facts().last() {
            Some(Event::Ended { code, sentence }) => (*code, sentence),
            last => panic!("run {} has not ended: {last:?}", self.run),
        }
    }

    /// The place of the first fact of which that is true.
    #[track_caller]
    pub(crate) fn place(&self, what: &str, is_it: impl Fn(&Event) -> bool) -> usize {
        let place = self.facts().position(is_it);
        place.unwrap_or_else(|| panic!("run {} records nothing of: {what}", self.run))
    }
}

fn store(operator: &Runbook) -> Store {
    Store::at(&Places { xdg_state_home: Some(operator.state()), ..Places::default() })
}
