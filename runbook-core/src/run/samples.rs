//! Facts of every sort, for the tests of what writes, reads and folds them.

use std::time::Duration;

use indexmap::IndexMap;

use super::{
    About, Advance, Answer, Approval, AttemptId, Back, BackEnd, Card, CardHost, Difference, Effect,
    Ending, Event, Foreseen, Found, HostOutlook, JobBase, Keeper, Left, Listing, Loss, Options,
    Order, Outcome, Outlook, OutputDigest, Part, Payload, Place, Premise, ProbeId, QuestionId,
    Signature, Slot, StepStatus, Terms, Timer, Topic,
};
use crate::base::{AttemptNumber, Digest, HostName, StepId, Value};
use crate::plan::{Command, Exit, HttpRequest, Identity, Verdict};

pub(crate) fn step() -> StepId {
    "swap".parse().unwrap()
}

pub(crate) fn host() -> HostName {
    "ssh://deploy@db1:22".parse().unwrap()
}

pub(crate) fn attempt(part: Part, number: u32) -> AttemptId {
    AttemptId { step: step(), host: host(), part, number: AttemptNumber(number) }
}

fn request() -> HttpRequest {
    HttpRequest {
        method: "POST".into(),
        url: "http://db1/x?y=1".into(),
        headers: vec![("accept".into(), "*/*".into())],
        body: Some("{}".into()),
        ca: None,
    }
}

pub(crate) fn order(effect: Effect, script: &str) -> Order {
    Order {
        id: attempt(Part::Main, 1),
        effect,
        payload: Payload::Command(Command::script(script)),
        timeout: Duration::from_secs(1800),
        expect: crate::plan::expectation::Expectation::default(),
        captures: Vec::new(),
        place: None,
    }
}

/// The card of that order.
pub(crate) fn card(order: &Order) -> Card {
    let mut card = Card {
        run: "r8f3kq".parse().unwrap(),
        runbook: "db-restore".into(),
        text: Digest::of("text"),
        environment: Some("prod".parse().unwrap()),
        step: step(),
        title: "swap".into(),
        undo: false,
        hosts: vec![CardHost {
            host: host(),
            identity: Some(identity()),
            attempt: Some(order.id.clone()),
            affects: None,
            loses: Some("47 min".into()),
            items: Some(vec!["app".into()]),
            confirm: "db1/app".into(),
            payload: Some(order.payload.clone()),
        }],
        of_hosts: 1,
        proof: vec!["the dump is whole".into()],
        undo_line: "one command".into(),
        note: None,
        digest: Digest::of("card"),
    };
    card.digest = card.bound();
    card
}

/// The terms of that card.
pub(crate) fn terms(card: &Card) -> Terms {
    let nonce = Digest::of("nonce");
    Terms::of(card, Some(QuestionId(1)), nonce, jiff::Timestamp::UNIX_EPOCH, 1, "ana")
}

/// The approval of that order by the words its card asks for.
pub(crate) fn approval(order: &Order) -> Approval {
    let card = card(order);
    Approval::typed(&card, &["db1/app".to_owned()], &terms(&card), "ana").unwrap()
}

fn identity() -> Identity {
    Identity {
        hostname: "db1".into(),
        machine_id: "7c1e0b".into(),
        boot_id: String::new(),
        user: "deploy".into(),
        fingerprint: Some("SHA256:x".into()),
    }
}

/// The approval of that order by a signature.
pub(crate) fn signed(order: &Order) -> Event {
    let card = card(order);
    let terms = Terms { needed: 2, ..terms(&card) };
    let approval = Approval::signed(&card, &terms, &signature("ben@example.org")).unwrap();
    Event::Approved { approval }
}

/// A signature that was found good.
pub(crate) fn signature(by: &str) -> Signature {
    let key = format!("SHA256:{by}");
    Signature::found_good(by.to_owned(), key, "-----BEGIN SSH SIGNATURE-----\n".to_owned())
}

/// What a plan foresaw of the card of such an order.
pub(crate) fn advance() -> Advance {
    let card = card(&order(Effect::Destroy, "drop"));
    let outlook = Outlook {
        runbook: card.runbook.clone(),
        text: card.text,
        environment: card.environment.clone(),
        step: step(),
        hosts: HostOutlook::of(&card).into_iter().collect(),
    };
    let expires = terms(&card).expires;
    Advance { nonce: Digest::of("plan"), expires, outlook }
}

/// That the card of that order is to be approved.
pub(crate) fn requested(order: &Order) -> Event {
    let card = card(order);
    Event::Requested { card: card.digest, terms: terms(&card) }
}

fn foreseen() -> Foreseen {
    let premise = Premise {
        step: Some(step()),
        host: Some(host()),
        what: "items".into(),
        is: "app\nweb".into(),
    };
    let (written, expires) = (jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX);
    Foreseen { plan: Digest::of("plan"), written, expires, premises: vec![premise] }
}

fn difference() -> Difference {
    let foreseen = foreseen();
    foreseen.differences(&[], true).remove(0)
}

pub(crate) fn outcome(failure: Option<&str>) -> Outcome {
    let text = |text: &str| Some(Value::Text(text.into()));
    Outcome {
        exit: Some(Exit::Code(i32::from(failure.is_some()))),
        failure: failure.map(str::to_owned),
        captured: vec![
            ("tag".parse().unwrap(), text("v1.3.9 \u{1b}[31m \"quoted\" ✓\n")),
            ("free".parse().unwrap(), Some(Value::Number(0.1 + 0.2))),
            (
                "rows".parse().unwrap(),
                Some(Value::Json(serde_json::json!({"b": [1.5, null], "a": 2}))),
            ),
            ("lag".parse().unwrap(), Some(Value::Duration(Duration::from_millis(1500)))),
            ("none".parse().unwrap(), None),
        ],
        items: Some(vec!["one".into(), "two".into()]),
        stdout: OutputDigest { bytes: 7, sha256: Digest::of("out") },
        stderr: OutputDigest { bytes: 0, sha256: Digest::of("") },
        took: Duration::from_micros(12_345_678),
    }
}

fn place() -> Place {
    Place {
        keeper: Keeper { host: host(), user: Some("postgres".into()) },
        base: JobBase { path: "/var/tmp/runbook-0".into(), in_memory: true },
        machine_id: "7c1e0b".into(),
        boot_id: String::new(),
    }
}

fn probe() -> ProbeId {
    let about = About::Step { step: step(), host: Some(host()), slot: Slot::Verify, round: 2 };
    ProbeId { about, check: 1, part: Some(0), sample: 12, host: host() }
}

fn endings() -> Vec<Ending> {
    let sentence = || "because".to_owned();
    vec![
        Ending::Finished { step: step(), sentence: sentence() },
        Ending::Stopped { step: step(), sentence: sentence() },
        Ending::Failed { step: step(), sentence: sentence() },
        Ending::Precondition { sentence: sentence() },
        Ending::Unreachable { sentence: sentence() },
        Ending::Locked { sentence: sentence() },
        Ending::PersonNeeded { sentence: sentence() },
        Ending::QuitAtFailure { step: step() },
        Ending::Unknown { sentence: sentence() },
        Ending::WentBack { sentence: sentence() },
        Ending::Detached { how: "SIGTERM".into() },
        Ending::PreviewOnly,
        Ending::Stale { sentence: sentence(), differences: vec![difference()] },
    ]
}

fn answers() -> Vec<Answer> {
    vec![
        Answer::Yes,
        Answer::No,
        Answer::Typed(vec!["db1/app".into()]),
        Answer::PassOver,
        Answer::Retry,
        Answer::Undo,
        Answer::Shell,
        Answer::GoBack { typed: "yes".into(), chain: Digest::of("chain") },
        Answer::Chosen("restore".into()),
        Answer::Done(vec![
            ("who".parse().unwrap(), Some(Value::Int(-3))),
            ("x".parse().unwrap(), None),
        ]),
        Answer::Handed("rba1.x".into()),
        Answer::Signed(signature("ben@example.org")),
        Answer::Refused("it is of another request".into()),
        Answer::Accept,
        Answer::Again,
        Answer::Seek,
        Answer::GoOn,
        Answer::Wait,
        Answer::Cancel,
        Answer::Quit,
    ]
}

fn back_ends() -> [BackEnd; 3] {
    let sentence = || "because".to_owned();
    [BackEnd::Complete, BackEnd::PersonNeeded(sentence()), BackEnd::Failed(sentence())]
}

fn topics() -> Vec<Topic> {
    vec![
        Topic::Changes,
        Topic::Destroy { step: step(), hosts: vec![host()], digest: Digest::of("card") },
        Topic::Signatures { step: step(), request: Digest::of("request") },
        Topic::Failure { step: step(), host: host() },
        Topic::Choose { step: step() },
        Topic::Manual { step: step() },
        Topic::Undo { step: step(), host: host() },
        Topic::GoBack { chain: Digest::of("chain") },
        Topic::Obstacle { step: step(), hosts: vec![host()] },
        Topic::Attest { probe: probe() },
        Topic::Unknown { attempt: attempt(Part::Main, 1) },
        Topic::Interrupt,
    ]
}

/// A fact of every variant, and of every variant within them.
pub(crate) fn every_event() -> Vec<Event> {
    let mut choices = IndexMap::new();
    choices.insert(step(), "restore".to_owned());
    let options = Options {
        preview_only: false,
        person: true,
        yes: false,
        choices,
        foreseen: Some(foreseen()),
        approvals: IndexMap::from([(step(), advance())]),
        nonce: Some(Digest::of("chance")),
    };
    let again = options.clone();
    let mut events = vec![
        Event::Planned {
            run: "r8f3kq".parse().unwrap(),
            runbook: "db-restore".into(),
            digest: Digest::of("text"),
            environment: Some("prod".parse().unwrap()),
            operator: "ana".into(),
            options,
        },
        Event::ClockRead { at: jiff::Timestamp::UNIX_EPOCH },
        Event::LockAsked { name: "deploy".into(), host: None },
        Event::LockTaken { name: "deploy".into(), host: Some(host()) },
        Event::LockLost { name: "deploy".into(), host: host() },
        Event::LockRefused {
            name: "deploy".into(),
            host: Some(host()),
            holder: "ben, since 03:00".into(),
        },
        Event::Connecting { host: host() },
        Event::Connected { host: host(), identity: identity() },
        Event::Unreachable { host: host(), why: "refused".into() },
        Event::Decided { step: step(), skipped: Some("`when` is false".into()) },
        Event::Selected { step: step(), hosts: vec![host()] },
        Event::TurnBegan { step: step(), host: host() },
        Event::InquiryBegan { about: About::GoalAtStart },
        Event::InquiryBegan { about: About::Preconditions { again: true } },
        Event::ProbeSent { probe: probe(), digest: Digest::of("probe") },
        Event::ProbeAnswered { probe: probe(), verdict: Verdict::NotMet { saw: "502".into() } },
        Event::ProbeAnswered { probe: probe(), verdict: Verdict::Error { why: "cut".into() } },
        Event::InquiryEnded {
            about: About::GoalAtEnd,
            verdict: Verdict::Held { saw: "200".into() },
        },
        Event::Sampled {
            about: About::GoalAtEnd,
            check: 0,
            sample: 1,
            verdict: Verdict::Held { saw: "200".into() },
        },
        Event::CheckSettled { about: About::GoalAtEnd, check: 1, verdict: None },
        Event::ItemsListed {
            step: step(),
            host: host(),
            items: vec!["a".into()],
            listing: Listing::Again,
        },
        Event::Faltered { step: step(), host: host(), why: "exit 1".into(), unreachable: false },
        Event::Withdrawn { question: QuestionId(1) },
        Event::ShellOpened { step: step(), host: host(), by: "ana".into() },
        Event::StoodStill { lasted: Duration::from_secs(240) },
        Event::Intended {
            attempt: attempt(Part::Main, 1),
            effect: Effect::Destroy,
            payload: order(Effect::Destroy, "drop").payload,
            digest: order(Effect::Destroy, "drop").digest(),
            place: Some(place()),
        },
        Event::Intended {
            attempt: attempt(Part::Diagnose(3), 1),
            effect: Effect::Change,
            payload: Payload::Request(request()),
            digest: Digest::of("order"),
            place: None,
        },
        requested(&order(Effect::Destroy, "drop")),
        signed(&order(Effect::Destroy, "drop")),
        Event::Expired { step: step(), request: Digest::of("request") },
        Event::Approved { approval: approval(&order(Effect::Destroy, "drop")) },
        Event::Exited { attempt: attempt(Part::Main, 1), outcome: outcome(None) },
        Event::Exited { attempt: attempt(Part::Undo, 1), outcome: outcome(Some("exit 1")) },
        Event::Lost { attempt: attempt(Part::Items, 2), loss: Loss::NotStarted("cut".into()) },
        Event::Lost { attempt: attempt(Part::Suggest(1), 1), loss: Loss::NotStarted("cut".into()) },
        Event::Lost { attempt: attempt(Part::Main, 2), loss: Loss::Unknown("reboot".into()) },
        Event::Valued {
            step: step(),
            host: None,
            name: "n".parse().unwrap(),
            value: Some(Value::Bytes(u64::MAX)),
        },
        Event::TimerStarted {
            timer: Timer::Sample { about: About::GoalAtEnd, check: 0, tick: 3 },
            after: Duration::from_millis(2500),
        },
        Event::TimerFired { timer: Timer::Retry { attempt: attempt(Part::Main, 2) } },
        Event::HostEnded { step: step(), host: host(), status: StepStatus::PassedOver, why: None },
        Event::Undone { step: step(), host: host(), failure: None },
        Event::StepEnded {
            step: step(),
            status: StepStatus::NotNeeded,
            why: Some("the goal was reached".into()),
        },
        Event::UndoAgreed,
        Event::UndoTurnBegan { step: step(), host: host() },
        Event::Previewed,
        Event::PlanAsked { plan: Digest::of("plan") },
        Event::PlanTaken { plan: Digest::of("plan") },
        Event::PlanRefused { plan: Digest::of("plan"), why: "it was used by run abc123".into() },
        Event::Agreed,
        Event::StopAsked { how: "SIGINT".into() },
        Event::Interrupted { how: "SIGINT".into(), decided: None },
        Event::CancelAsked { attempt: attempt(Part::Main, 1) },
        Event::BaseAsked { keeper: place().keeper },
        Event::BaseChosen {
            keeper: place().keeper,
            base: place().base,
            passed_over: vec!["/mnt/x cannot be written".into()],
        },
        Event::BaseRefused { keeper: place().keeper, why: "full".into() },
        Event::Resumed { by: "ben".into(), options: again },
        Event::Sought { attempt: attempt(Part::Main, 1) },
        Event::Reattached { attempt: attempt(Part::Main, 1) },
        Event::Ended { code: 10, sentence: "resolved with exceptions".into() },
    ];
    let left = vec![Left { step: step(), host: host(), why: "exit 1".into() }];
    events.extend(back_ends().map(|how| Event::UndoEnded { how, left: left.clone() }));
    let by = Some("ana".to_owned());
    events.extend(
        [Back::Everything, Back::To(step()), Back::Only(step())].map(|back| Event::UndoBegan {
            back,
            by: by.clone(),
            why: "exit 1".into(),
        }),
    );
    let found = [Found::Running, Found::Ended, Found::NotStarted, Found::Unknown("reboot".into())];
    events.extend(
        found.into_iter().map(|found| Event::Found { attempt: attempt(Part::Main, 1), found }),
    );
    events.extend(endings().into_iter().map(|ending| Event::Ending { ending }));
    events
        .extend(topics().into_iter().map(|about| Event::Asked { question: QuestionId(1), about }));
    events.extend(answers().into_iter().map(|answer| Event::Answered {
        question: QuestionId(1),
        answer,
        by: "ana".into(),
    }));
    events
}

/// A number a variant: whoever adds one is stopped here until [`every_event`] has it.
pub(crate) fn variant(event: &Event) -> usize {
    match event {
        Event::Planned { .. } => 0,
        Event::LockTaken { .. } => 1,
        Event::LockRefused { .. } => 2,
        Event::Connecting { .. } => 3,
        Event::Connected { .. } => 4,
        Event::Unreachable { .. } => 5,
        Event::Decided { .. } => 6,
        Event::Selected { .. } => 7,
        Event::TurnBegan { .. } => 8,
        Event::InquiryBegan { .. } => 9,
        Event::ProbeSent { .. } => 10,
        Event::ProbeAnswered { .. } => 11,
        Event::InquiryEnded { .. } => 12,
        Event::ItemsListed { .. } => 13,
        Event::Intended { .. } => 14,
        Event::Approved { .. } => 15,
        Event::Exited { .. } => 16,
        Event::Lost { .. } => 17,
        Event::Valued { .. } => 18,
        Event::TimerStarted { .. } => 19,
        Event::TimerFired { .. } => 20,
        Event::Asked { .. } => 21,
        Event::Answered { .. } => 22,
        Event::HostEnded { .. } => 23,
        Event::Undone { .. } => 24,
        Event::StepEnded { .. } => 25,
        Event::Previewed => 26,
        Event::Agreed => 27,
        Event::Ending { .. } => 28,
        Event::StopAsked { .. } => 29,
        Event::Ended { .. } => 30,
        Event::ClockRead { .. } => 31,
        Event::LockAsked { .. } => 32,
        Event::Sampled { .. } => 33,
        Event::CheckSettled { .. } => 34,
        Event::Faltered { .. } => 35,
        Event::Withdrawn { .. } => 36,
        Event::UndoBegan { .. } => 53,
        Event::UndoAgreed => 54,
        Event::UndoTurnBegan { .. } => 55,
        Event::UndoEnded { .. } => 56,
        Event::Interrupted { .. } => 37,
        Event::CancelAsked { .. } => 38,
        Event::BaseAsked { .. } => 39,
        Event::BaseChosen { .. } => 40,
        Event::BaseRefused { .. } => 41,
        Event::Resumed { .. } => 42,
        Event::Sought { .. } => 43,
        Event::Reattached { .. } => 44,
        Event::Found { .. } => 45,
        Event::ShellOpened { .. } => 46,
        Event::PlanAsked { .. } => 47,
        Event::PlanTaken { .. } => 48,
        Event::PlanRefused { .. } => 49,
        Event::LockLost { .. } => 50,
        Event::Requested { .. } => 51,
        Event::Expired { .. } => 52,
        Event::StoodStill { .. } => 57,
    }
}

/// How many variants there are.
pub(crate) const VARIANTS: usize = 58;
