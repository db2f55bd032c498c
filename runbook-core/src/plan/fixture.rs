//! A runbook to bind, with nothing in it that a test does not put there.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use crate::base::{Digest, Source, Span, StepId};
use crate::runbook::{
    Amount, Card, CountRange, Expect, How, Kind, Place, Retry, Role, Runbook, Rung, Setting, Step,
    Undo,
};

/// A runbook with these roles, and a step on each.
pub(super) fn runbook(roles: &[(&str, Role)]) -> Runbook {
    let role = |(name, role): &(&str, Role)| (name.parse().unwrap(), role.clone());
    Runbook {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        use_when: None,
        not_when: None,
        description: None,
        owner: None,
        tags: Vec::new(),
        reviewed: None,
        review_every: None,
        tested_on: None,
        lock: None,
        params: IndexMap::new(),
        roles: roles.iter().map(role).collect(),
        goal: Vec::new(),
        preconditions: Vec::new(),
        local_env: Vec::new(),
        steps: roles.iter().map(|(name, _)| step(name)).collect(),
        source: Arc::new(Source::new("test.toml", "")),
        digest: Digest::of(b""),
    }
}

/// A read on every host of a role.
fn step(role: &str) -> Step {
    Step {
        id: format!("on_{role}").parse::<StepId>().unwrap(),
        title: None,
        help: None,
        kind: Kind::Read(How::Argv(Vec::new())),
        needs: Vec::new(),
        place: Place::Role(role.parse().unwrap()),
        filter: None,
        pick: None,
        exactly: CountRange { min: 1, max: None },
        at_once: vec![Rung::All],
        max_failed: 0,
        setting: Setting::default(),
        stdin: None,
        when: None,
        skip_if: Vec::new(),
        precondition: Vec::new(),
        expect: Expect::default(),
        verify: Vec::new(),
        capture: IndexMap::new(),
        keep: None,
        finish_if: Vec::new(),
        stop_if: Vec::new(),
        timeout: None,
        retry: Retry { times: 0, wait: Amount::Fixed(Duration::ZERO), backoff: 1 },
        idempotent: true,
        on_failure: None,
        diagnose: Vec::new(),
        undo: Undo::Unsaid,
        items: None,
        max_items: None,
        card: Card::default(),
        takes: None,
        ask: IndexMap::new(),
        span: Span::default(),
    }
}
