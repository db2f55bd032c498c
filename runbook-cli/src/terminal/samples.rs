//! A plan, its preview, cards and records as the tests of the screens draw them.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_core::base::{AttemptNumber, Digest, HostName, Source, Value};
use runbook_core::plan::{
    Bound, Command, Destination, Environment, Exit, ExpectedIdentity, Host, Identity, Plan,
    RunFacts, Verdict,
};
use runbook_core::run::{
    AttemptId, Back, BackCard, BackStep, Card, CardHost, CheckLine, Effect, Event, FailureCard,
    FailureOptions, Ledger, Outcome, OutputDigest, Part, Payload, Preview, PreviewStep, Record,
    StepStatus, Way, What,
};
use runbook_core::runbook::{Lock, Runbook};
use runbook_core::template::Template;

pub(super) fn host(name: &str) -> HostName {
    name.parse().unwrap()
}

pub(super) fn plain(screen: &str) -> String {
    anstream::adapter::strip_str(screen).to_string()
}

fn runbook() -> Runbook {
    let text = "format = 1\n";
    Runbook {
        name: "rollback-compose".to_owned(),
        title: "Roll a Compose app back to a known-good tag".to_owned(),
        use_when: Some("The new release is bad (crash, regression) and the data is intact.".into()),
        not_when: Some(
            "Data is damaged: use db-restore. The host is out of disk: use disk-full.".into(),
        ),
        description: None,
        owner: None,
        tags: vec![],
        reviewed: Some(jiff::civil::date(2026, 1, 3)),
        review_every: Some(Duration::from_secs(90 * 86_400)),
        tested_on: None,
        lock: Some(Lock { name: Template::literal("deploy"), on: None }),
        params: IndexMap::new(),
        roles: IndexMap::new(),
        goal: vec![],
        preconditions: vec![],
        local_env: vec![],
        steps: vec![],
        source: Arc::new(Source::new("runbooks/rollback-compose.toml", text)),
        digest: Digest::of(text),
    }
}

pub(super) fn plan() -> Plan {
    let one = |text: &str| Bound::One(Value::Text(text.to_owned()));
    let known = |name: &str| Host {
        name: host(name),
        destination: Destination::Ssh(name.to_owned()),
        vars: IndexMap::new(),
        expect: ExpectedIdentity { hostname: Some(name.to_owned()), ..ExpectedIdentity::default() },
    };
    let peers = [("app1", "10.0.0.1"), ("app2", "10.0.0.2")];
    let peers = peers.map(|(name, peer)| (host(name), Value::Text(peer.to_owned())));
    let environment =
        Environment { name: "prod".parse().ok(), protect: true, ..Environment::default() };
    Plan {
        run: RunFacts {
            id: "kx3w9p".parse().unwrap(),
            started: Timestamp::UNIX_EPOCH,
            operator: "ana".to_owned(),
        },
        runbook: Arc::new(runbook()),
        environment,
        hosts: ["app1", "app2", "app3"].map(|name| (host(name), known(name))).into(),
        roles: IndexMap::new(),
        values: IndexMap::from([
            ("tag".parse().unwrap(), one("v1.3.9\u{1b}[31m")),
            ("peer".parse().unwrap(), Bound::PerHost(IndexMap::from(peers))),
            ("note".parse().unwrap(), Bound::None),
        ]),
    }
}

fn identity(name: &str) -> Identity {
    Identity {
        hostname: name.to_owned(),
        machine_id: "7c1e0b2f7c1e0b2f7c1e0b2f7c1e0b2f".to_owned(),
        boot_id: "b".to_owned(),
        user: "deploy".to_owned(),
        fingerprint: None,
    }
}

fn step(number: usize, id: &str, verb: &'static str, hosts: &[&str], what: What) -> PreviewStep {
    PreviewStep {
        number,
        id: id.parse().unwrap(),
        title: id.to_owned(),
        verb,
        hosts: hosts.iter().map(|name| host(name)).collect(),
        at_once: hosts.len(),
        what,
        undo: None,
        verify: false,
        affects: None,
        payloads: vec![],
        items: vec![],
    }
}

fn ran(captured: &[(&str, Option<&str>, &str)]) -> What {
    let captured = captured.iter().map(|(name, on, value)| {
        (name.parse().unwrap(), on.map(host), Some(Value::Text((*value).to_owned())))
    });
    What::Ran { status: StepStatus::Done, why: None, captured: captured.collect() }
}

pub(super) fn script(text: &str) -> Payload {
    let mut command = Command::script(text);
    command.cwd = Some("/opt/app".to_owned());
    command.env.insert("IMAGE_TAG".to_owned(), "v1.3.9".to_owned());
    Payload::Command(command)
}

const ALL: [&str; 3] = ["app1", "app2", "app3"];

fn steps() -> Vec<PreviewStep> {
    let current = [
        ("bad_tag", Some("app1"), "v1.4.0"),
        ("bad_tag", Some("app2"), "v1.4.0"),
        ("bad_tag", Some("app3"), "v1.4.0\u{202e}"),
    ];
    let skipped = What::Ran {
        status: StepStatus::Skipped,
        why: Some("when is false".into()),
        captured: vec![],
    };
    let payloads =
        |text: &str| ALL.map(|name| (host(name), script(text))).into_iter().collect::<Vec<_>>();
    let after = |id: &str| id.parse().ok();
    vec![
        PreviewStep {
            title: "Save what is running and why it is bad, before touching anything at all".into(),
            ..step(1, "evidence", "read", &ALL, ran(&[]))
        },
        PreviewStep {
            title: "Which tag?".into(),
            ..step(2, "current", "read", &ALL, ran(&current))
        },
        step(3, "path", "choose", &[], skipped),
        PreviewStep {
            payloads: payloads("docker compose pull --policy always"),
            undo: Some(false),
            ..step(4, "pull", "change", &ALL, What::Would)
        },
        PreviewStep {
            at_once: 1,
            undo: Some(true),
            verify: true,
            affects: Some("everyone, for a second".into()),
            payloads: payloads("docker compose up -d\ndocker compose ps"),
            ..step(5, "up", "change", &ALL, What::Would)
        },
        step(6, "look", "read", &ALL, What::NotRun { after: after("up") }),
        PreviewStep {
            items: vec![(host("app1"), (1..=14).map(|n| format!("vol{n}")).collect())],
            undo: Some(false),
            ..step(7, "volumes", "destroy", &["app1"], What::Would)
        },
        step(8, "maybe", "change", &["app1", "db9"], What::NotKnown { after: after("look") }),
        step(9, "tell", "manual", &[], What::WouldAsk),
    ]
}

pub(super) fn preview() -> Preview {
    let seen = |title: &str, verdict: Verdict, hint: Option<&str>| CheckLine {
        title: title.to_owned(),
        verdict: Some(verdict),
        hint: hint.map(str::to_owned),
    };
    Preview {
        hosts: ALL.map(|name| (host(name), Some(identity(name)))).into(),
        goal: vec![seen(
            "the app answers 200",
            Verdict::NotMet { saw: "503 Service Unavailable".into() },
            None,
        )],
        preconditions: vec![
            seen("the stack lives here", Verdict::Held { saw: "exit 0".into() }, None),
            seen(
                "2 GiB free",
                Verdict::Error { why: "df: not found".into() },
                Some("run `disk-full` first; it keeps the images a rollback needs"),
            ),
            CheckLine { title: "asked later".into(), verdict: None, hint: None },
        ],
        steps: steps(),
        ledger: Ledger { reads: 11, changes: 2, destroys: 1, unknown: 1 },
        ended: None,
    }
}

pub(super) fn card(hosts: &[&str]) -> Card {
    let on = |name: &&str| CardHost {
        host: host(name),
        identity: None,
        attempt: None,
        affects: Some("every client of app: no database for about 20 s".into()),
        loses: Some(format!("writes after 02:41:07 on {name}, 48 424 → 48 112 orders")),
        items: Some(vec!["app".into(), "evil\u{1b}]0;x\u{7}".into()]),
        confirm: format!("{name}/app"),
        payload: Some(script(&"echo a line of it\n".repeat(10))),
    };
    Card {
        run: "r8f3kq".parse().unwrap(),
        runbook: "db-restore".to_owned(),
        text: Digest::of("text"),
        environment: None,
        step: "swap".parse().unwrap(),
        title: "Make the restored copy the live database".to_owned(),
        undo: false,
        hosts: hosts.iter().map(on).collect(),
        of_hosts: 3,
        proof: vec!["copy inspected at 03:26".into(), "fresh dump, 1.9 GB".into()],
        undo_line: "yes, one command; old data kept as app_before_kx3w9p".to_owned(),
        note: None,
        digest: Digest::of("card"),
    }
}

pub(super) fn failure() -> FailureCard {
    FailureCard {
        step: "up".parse().unwrap(),
        host: host("app2"),
        effect: Effect::Change,
        why: "verify did not pass: GET http://app2:8080/api/health = 200 within 90s\n\
              last answer: 502 Bad Gateway (30 of 30 tries)"
            .to_owned(),
        shell: false,
        may: FailureOptions { retry: true, pass_over: true, undo: true },
        back: Some(chain()),
    }
}

/// A chain with a step of every sort.
pub(super) fn chain() -> BackCard {
    let step = |id: &str, on: &[&str], way: Way| BackStep {
        step: id.parse().unwrap(),
        hosts: on.iter().map(|name| host(name)).collect(),
        unknown: vec![],
        payloads: vec![(host("app1"), script("docker compose up -d\ntrue"))],
        way,
    };
    let up = BackStep { unknown: vec![host("app2")], ..step("up", &["app2", "app1"], Way::Change) };
    BackCard {
        back: Back::Everything,
        why: "`up` failed on app2: verify did not pass: 502 \u{1b}[31mBad Gateway".to_owned(),
        steps: vec![
            up,
            step("copy", &["app1"], Way::Destroy),
            step("tell", &["local"], Way::None(Some("a message stays said".to_owned()))),
            step("call", &["local"], Way::None(None)),
            step("dns", &["local"], Way::Manual),
            step("pin", &["app3", "app2", "app1"], Way::Change),
            step("reload", &["app1"], Way::By("pin".parse().unwrap())),
        ],
        type_instead: Some("prod".to_owned()),
        digest: Digest::of("chain"),
    }
}

pub(super) fn attempt(name: &str, part: Part) -> AttemptId {
    AttemptId { step: "up".parse().unwrap(), host: host(name), part, number: AttemptNumber(1) }
}

/// A record `seconds` after the first.
pub(super) fn record(seconds: u64, fact: Event) -> Record {
    let nothing = Digest::of("");
    let at =
        Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap());
    Record {
        seq: seconds,
        at,
        elapsed_ms: 5_000 + seconds * 1_000,
        fact,
        prev: nothing,
        sum: nothing,
    }
}

pub(super) fn intended(attempt: AttemptId, text: &str) -> Event {
    let payload = script(text);
    let digest = payload.digest();
    let effect = if matches!(attempt.part, Part::Main) { Effect::Change } else { Effect::Read };
    Event::Intended { attempt, effect, payload, digest, place: None }
}

pub(super) fn exited(attempt: AttemptId, code: i32) -> Event {
    let digest = OutputDigest { bytes: 0, sha256: Digest::of("") };
    let outcome = Outcome {
        exit: Some(Exit::Code(code)),
        failure: (code != 0).then(|| format!("exit {code}")),
        captured: vec![],
        items: None,
        stdout: digest,
        stderr: digest,
        took: Duration::from_secs(11),
    };
    Event::Exited { attempt, outcome }
}
