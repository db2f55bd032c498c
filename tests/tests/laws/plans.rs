//! Random plans: a few steps of every kind, on a few hosts, with checks, retries and undo.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use proptest::prelude::*;
use runbook_core::base::{Digest, HostName, RoleName, Source, Span, StepId, ValueName, ValueType};
use runbook_core::plan::{Destination, Environment, ExpectedIdentity, Host, Plan, RunFacts};
use runbook_core::runbook::{
    Amount, Card, Check, CountRange, Expect, How, Items, Kind, OnFailure, Param, Patience, Place,
    Probe, Retry, Role, Runbook, Rung, Script, Setting, Shell, Step, Suggest, Undo, UndoAction,
    UndoStep,
};
use runbook_core::template::Template;

/// What a random step is made of.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    kind: u8,
    needs: u8,
    at_once: u8,
    max_failed: u32,
    checks: u8,
    retries: u32,
    idempotent: bool,
    on_failure: u8,
    undo: bool,
    items: bool,
    diagnose: bool,
    pick: bool,
    local: bool,
}

/// What a random plan is made of.
#[derive(Clone, Debug)]
pub(crate) struct PlanSketch {
    hosts: u8,
    steps: Vec<Sketch>,
    goal: bool,
    precondition: bool,
    lock: bool,
    protect: bool,
    approvals: bool,
    group: u32,
}

pub(crate) fn plan_sketches() -> impl Strategy<Value = PlanSketch> {
    let flags =
        (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    (1u8..4, prop::collection::vec(sketches(), 1..6), flags, prop::bool::weighted(0.05), 1u32..3)
        .prop_map(|(hosts, steps, (goal, precondition, lock, protect), approvals, group)| {
            PlanSketch { hosts, steps, goal, precondition, lock, protect, approvals, group }
        })
}

fn sketches() -> impl Strategy<Value = Sketch> {
    let numbers = (0u8..12, any::<u8>(), 0u8..4, 0u32..2, any::<u8>(), 0u32..3, 0u8..8);
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
    );
    (numbers, flags).prop_map(
        |(
            (kind, needs, at_once, max_failed, checks, retries, on_failure),
            (idempotent, undo, items, diagnose, pick, local),
        )| Sketch {
            kind,
            needs,
            at_once,
            max_failed,
            checks,
            retries,
            idempotent,
            on_failure,
            undo,
            items,
            diagnose,
            pick,
            local,
        },
    )
}

fn script(text: &str) -> How {
    How::Script(Script {
        text: text.into(),
        shell: Shell::Sh,
        names: Vec::new(),
        engine_names: Vec::new(),
    })
}

fn check(place: Place, span: usize, within: bool, hold: bool) -> Check {
    Check {
        title: None,
        hint: None,
        probe: Probe::Read(script("true")),
        expect: Expect::default(),
        place,
        pick: None,
        setting: Setting::default(),
        timeout: Amount::Fixed(Duration::from_secs(10)),
        when: None,
        patience: Patience {
            within: within.then_some(Amount::Fixed(Duration::from_secs(3))),
            every: Amount::Fixed(Duration::from_secs(1)),
            hold: hold.then_some(Amount::Fixed(Duration::from_secs(2))),
            misses: 1,
        },
        span: Span::new(span, span + 1),
    }
}

pub(crate) fn role() -> RoleName {
    "web".parse().expect("a role")
}

pub(crate) fn plan(sketch: &PlanSketch) -> Arc<Plan> {
    let hosts: Vec<HostName> =
        (0..sketch.hosts).map(|n| format!("app{n}").parse().expect("a host")).collect();
    let steps = sketch.steps.iter().enumerate().map(|(n, step)| step_of(n, step)).collect();
    let text = "sketch";
    let runbook = Runbook {
        name: "random".to_owned(),
        title: "random".to_owned(),
        use_when: None,
        not_when: None,
        description: None,
        owner: None,
        tags: Vec::new(),
        reviewed: None,
        review_every: None,
        tested_on: None,
        lock: sketch
            .lock
            .then(|| runbook_core::runbook::Lock { name: Template::literal("lock"), on: None }),
        params: IndexMap::new(),
        roles: IndexMap::from([(role(), Role::default())]),
        goal: sketch
            .goal
            .then(|| check(Place::Role(role()), 1, false, false))
            .into_iter()
            .collect(),
        preconditions: sketch
            .precondition
            .then(|| check(Place::Role(role()), 2, false, false))
            .into_iter()
            .collect(),
        local_env: Vec::new(),
        steps,
        source: Arc::new(Source::new("random", text)),
        digest: Digest::of(text),
    };
    Arc::new(Plan {
        run: RunFacts {
            id: "r1".parse().expect("a run"),
            started: jiff_epoch(),
            operator: "tester".to_owned(),
        },
        runbook: Arc::new(runbook),
        environment: Environment {
            name: Some("prod".parse().expect("an environment")),
            protect: sketch.protect,
            approvals: if sketch.approvals { 2 } else { 1 },
            allowed_signers: sketch.approvals.then(|| "signers".to_owned()),
            revoked_keys: None,
            max_hosts_per_destroy: sketch.group,
        },
        hosts: hosts.iter().map(|name| (name.clone(), host(name))).collect(),
        roles: IndexMap::from([(role(), hosts)]),
        values: IndexMap::new(),
    })
}

pub(crate) fn jiff_epoch() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

fn host(name: &HostName) -> Host {
    Host {
        name: name.clone(),
        destination: Destination::Ssh(name.to_string()),
        vars: IndexMap::new(),
        expect: ExpectedIdentity::default(),
    }
}

fn step_of(n: usize, sketch: &Sketch) -> Step {
    let id = |n: usize| format!("s{n}").parse::<StepId>().expect("a step");
    let needs = match sketch.needs {
        0..=150 if n > 0 => vec![id(n - 1)],
        151..=200 => Vec::new(),
        other => (0..n).filter(|m| other & (1 << (m % 8)) != 0).map(id).collect(),
    };
    let place = if sketch.local { Place::Local } else { Place::Role(role()) };
    let has = |bit: u8| sketch.checks & (1 << bit) != 0;
    let list = |bit: u8, within: bool, hold: bool| {
        (has(bit) && has(bit + 1))
            .then(|| check(Place::StepHost, 100 * n + usize::from(bit), within, hold))
            .into_iter()
            .collect::<Vec<_>>()
    };
    let kind = match sketch.kind {
        0..=3 => Kind::Read(script("read")),
        4..=6 => Kind::Change(script("change")),
        7..=8 => Kind::Destroy(script("destroy")),
        9 => Kind::Check(vec![check(Place::StepHost, 1000 + n, has(0), has(1))]),
        10 => Kind::Manual(Template::literal("do it")),
        _ => Kind::Choose {
            text: Template::literal("which?"),
            options: IndexMap::from([
                ("go".to_owned(), choice("go on", false)),
                ("stop".to_owned(), choice("stop here", true)),
            ]),
        },
    };
    let destroys = matches!(kind, Kind::Destroy(_));
    let asks = sketch.items && matches!(kind, Kind::Manual(_) | Kind::Choose { .. });
    let ask = asks.then(|| asked(n, place.clone()));
    Step {
        id: id(n),
        title: None,
        help: None,
        needs,
        place,
        filter: None,
        pick: (sketch.pick && !destroys).then_some(1),
        exactly: CountRange { min: 1, max: None },
        at_once: match sketch.at_once {
            0 => vec![Rung::Count(1)],
            1 => vec![Rung::Count(2)],
            2 => vec![Rung::All],
            _ => vec![Rung::Count(1), Rung::Percent(50), Rung::All],
        },
        max_failed: sketch.max_failed,
        setting: Setting::default(),
        stdin: None,
        when: None,
        skip_if: list(0, false, false),
        precondition: list(1, false, false),
        expect: Expect::default(),
        verify: list(2, has(6), has(7)),
        capture: IndexMap::new(),
        keep: None,
        finish_if: list(3, false, false),
        stop_if: list(4, false, false),
        timeout: Some(Amount::Fixed(Duration::from_secs(60))),
        retry: Retry {
            times: if sketch.idempotent { sketch.retries } else { 0 },
            wait: Amount::Fixed(Duration::from_secs(1)),
            backoff: 2,
        },
        idempotent: sketch.idempotent && !destroys,
        on_failure: match sketch.on_failure {
            0 => Some(OnFailure::Stop),
            1 => Some(OnFailure::Continue),
            2 => Some(OnFailure::Ask),
            6 => Some(OnFailure::Undo),
            7 => Some(OnFailure::UndoTo(id(n / 2))),
            _ => None,
        },
        diagnose: if sketch.diagnose { vec![script("ps"), script("df")] } else { Vec::new() },
        undo: match (sketch.undo, n.checked_sub(1).map(id)) {
            (true, Some(before)) if has(5) && has(0) => Undo::By(before),
            (true, before) => undo(destroys, before.filter(|_| has(5))),
            (false, _) => Undo::Never("no".to_owned()),
        },
        items: (sketch.items
            && !matches!(kind, Kind::Check(_) | Kind::Manual(_) | Kind::Choose { .. }))
        .then(|| Items::Read(script("list"))),
        max_items: None,
        card: Card { affects: destroys.then(|| Template::literal("all")), ..Card::default() },
        takes: None,
        ask: ask.into_iter().collect(),
        span: Span::default(),
        kind,
    }
}

/// A value that is asked for, and what is offered for it.
fn asked(n: usize, place: Place) -> (ValueName, Param) {
    let param = Param {
        kind: ValueType::String,
        help: None,
        default: None,
        optional: true,
        prompt: None,
        example: None,
        choices: Vec::new(),
        pattern: None,
        min: None,
        max: None,
        role: None,
        suggest: Some(Suggest { read: script("suggest"), place, setting: Setting::default() }),
        when: None,
    };
    (format!("v{n}").parse().expect("a name"), param)
}

fn choice(label: &str, stop: bool) -> runbook_core::runbook::Choice {
    runbook_core::runbook::Choice { label: Template::literal(label), stop }
}

fn undo(destroys: bool, after: Option<StepId>) -> Undo {
    let action = if destroys {
        UndoAction::Destroy(script("undo"))
    } else {
        UndoAction::Change(script("undo"))
    };
    Undo::Step(Box::new(UndoStep {
        action,
        place: Place::StepHost,
        filter: None,
        setting: Setting::default(),
        precondition: Vec::new(),
        verify: vec![check(Place::StepHost, 5000, false, false)],
        affects: None,
        confirm: None,
        timeout: Amount::Fixed(Duration::from_secs(60)),
        after,
    }))
}
