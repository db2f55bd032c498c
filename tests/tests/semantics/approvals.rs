//! Rules 19, 28, 31, 33 and 38: what an approval is bound to, how long it stands, codes in advance, and
//! several people; and that an audit finds whatever was not approved so.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use runbook_core::base::Digest;
use runbook_core::report::{audit, audit_records};
use runbook_core::run::{Advance, Answer, Effect, Event, Record, STANDS, StepStatus, Terms};

use crate::world::{Prints, Story, World};

const WIPE: &str = r#"
[[step]]
id = "pull"
on = "local"
change = "pull"
[[step]]
id = "wipe"
on = "local"
needs = []
items = "list"
max_items = 9
destroy = 'wipe "$@"'
affects = "all"
no_undo = "gone"
"#;

/// Only the destroy.
fn wipe() -> String {
    format!("[[step]]{}", WIPE.split("[[step]]").nth(2).expect("two steps"))
}

fn listed(text: &str) -> World {
    World::of(text).when("list", Prints("a\nb"))
}

/// What a plan of this world prints a code for.
fn outlook(world: World, step: &str) -> Advance {
    let story = world.plan_only();
    let mut all = story.run.outlooks().into_iter();
    let (_, outlook) = all.find(|(id, _)| *id == *step).expect("it would be destroyed");
    let expires = Timestamp::UNIX_EPOCH + SignedDuration::try_from(STANDS).expect("minutes");
    Advance { nonce: Digest::of("plan"), expires, outlook: outlook.expect("all is known") }
}

fn why_not(world: World, step: &str) -> String {
    let story = world.plan_only();
    let mut all = story.run.outlooks().into_iter();
    let (_, outlook) = all.find(|(id, _)| *id == *step).expect("it would be destroyed");
    outlook.expect_err("no code")
}

#[test]
fn rule_19_a_code_answers_for_exactly_what_was_foreseen() {
    let advance = outlook(listed(&wipe()), "wipe");
    let story = listed(&wipe()).approved(advance.clone()).alone().run();
    assert_eq!((story.code, story.cards().len()), (0, 0), "{}", story.sentence);
    assert_eq!(story.changes(), ["wipe.local.1"]);
    let other = || World::of(&wipe()).when("list", Prints("a\nb\nc"));
    for story in
        [other().approved(advance.clone()).alone().run(), other().approved(advance.clone()).run()]
    {
        assert_eq!((story.code, story.changes().len()), (7, 0), "{}", story.sentence);
        assert!(story.sentence.contains("2 were planned, 3 are there now"), "{}", story.sentence);
    }
    let nobody = listed(&wipe()).alone().run();
    assert_eq!((nobody.code, nobody.changes().len()), (4, 0));
}

#[test]
fn rule_19_there_is_no_code_where_something_is_not_known_or_two_are_needed() {
    let after =
        WIPE.replace("affects = \"all\"", "affects = \"{{ n }}\"").replace("needs = []\n", "");
    let after =
        after.replace("change = \"pull\"", "change = \"pull\"\ncapture = { n = \"string\" }");
    assert_eq!(why_not(listed(&after), "wipe"), "its `affects` is not known yet");
    let run = wipe().replace("wipe \"$@\"", "wipe \"$@\" $runbook_run");
    assert!(why_not(listed(&run), "wipe").contains("the id or the time of its run"));
    let two = wipe().replace("affects", "approvals = 2\naffects");
    assert!(why_not(listed(&two), "wipe").contains("2 people"));
}

#[test]
fn rule_33_a_code_that_no_longer_fits_after_the_first_change_is_4() {
    let text = WIPE.replace("needs = []\n", "");
    let world = || World::of(&text).times(2, "list", Prints("a\nb")).when("list", Prints("c"));
    let advance = outlook(listed(&text), "wipe");
    // The preview reads the list, and after the change its turn reads another.
    let world = || world().approved(advance.clone()).yes();
    let once = World::of(&text).once("list", Prints("a\nb")).when("list", Prints("c"));
    let story = once.approved(advance.clone()).yes().alone().run();
    assert_eq!((story.code, story.changes()), (4, vec!["pull.local.1".to_owned()]));
    assert!(story.sentence.contains("the list of items differs"), "{}", story.sentence);
    // Read once more after the approval, it differs as well.
    let late = world().alone().run();
    assert_eq!((late.code, late.changes().len()), (1, 1), "{}", late.sentence);
}

#[test]
fn rule_28_what_was_shown_stands_for_fifteen_minutes() {
    let late = listed(&wipe()).thinks(15 * 60).types(&["local"]).says(Answer::Quit).run();
    assert_eq!((late.code, late.changes().len(), late.cards().len()), (4, 0, 2));
    assert!(late.cards()[1].note.as_deref().is_some_and(|note| note.contains("15 minutes")));
    let again = listed(&wipe()).thinks(16 * 60).types(&["local"]).types(&["local"]).run();
    assert_eq!((again.code, again.changes()), (0, vec!["wipe.local.1".to_owned()]));
    let soon = listed(&wipe()).thinks(14 * 60).types(&["local"]).run();
    assert_eq!((soon.code, soon.cards().len()), (0, 1));
    let advance = outlook(listed(&wipe()), "wipe");
    let old = Advance { expires: Timestamp::UNIX_EPOCH, ..advance };
    let old = listed(&wipe()).approved(old).alone().run();
    assert_eq!((old.code, old.changes().len()), (7, 0));
}

const TWO: &str = "[env.prod]\napprovals = 2\nallowed_signers = \"signers\"\n";

fn two() -> World {
    listed(&wipe()).inventory(TWO)
}

#[test]
fn rule_38_several_people_sign_and_each_of_them_once() {
    let both = two().types(&["local"]).signs("ana", "k1").signs("ben", "k2").run();
    assert_eq!((both.code, both.changes()), (0, vec!["wipe.local.1".to_owned()]));
    let twice =
        two().types(&["local"]).signs("ana", "k1").signs("ana", "k2").says(Answer::Quit).run();
    assert_eq!((twice.code, twice.changes().len()), (4, 0), "a name counts once");
    let key =
        two().types(&["local"]).signs("ana", "k1").signs("ben", "k1").says(Answer::Quit).run();
    assert_eq!((key.code, key.changes().len()), (4, 0), "a key counts once");
    let refused = Answer::Refused("revoked".to_owned());
    let one = two().types(&["local"]).signs("ana", "k1").says(refused).says(Answer::PassOver).run();
    assert_eq!((one.code, one.changes().len()), (10, 0));
    assert_eq!(one.status("wipe"), Some(StepStatus::PassedOver));
    let typed = two().types(&["wrong"]).run();
    assert_eq!((typed.code, typed.changes().len()), (4, 0));
    let late = two()
        .thinks(0)
        .thinks(60)
        .thinks(15 * 60)
        .types(&["local"])
        .signs("ana", "k1")
        .signs("ben", "k2")
        .says(Answer::Quit)
        .run();
    assert_eq!((late.code, late.changes().len(), late.cards().len()), (4, 0, 2), "too late");
    let unnamed = listed(&wipe()).inventory("[env.prod]\napprovals = 2\n").run();
    assert_eq!((unnamed.code, unnamed.cards().len()), (4, 0));
    assert!(unnamed.sentence.contains("allowed_signers"), "{}", unnamed.sentence);
    let alone = two().alone().run();
    assert_eq!((alone.code, alone.changes().len()), (4, 0));
}

#[test]
fn rule_38_what_was_approved_before_is_asked_for_again_by_a_resume() {
    let cut = two().types(&["local"]).signs("ana", "k1").says(Answer::Quit).run();
    let recorded = cut.until(|event| matches!(event, Event::Approved { .. }));
    let again = two().types(&["local"]).signs("ben", "k2").signs("ben", "k2").says(Answer::Quit);
    let again = again.resume(&recorded);
    assert_eq!((again.code, again.changes().len(), again.cards().len()), (4, 0, 1));
}

/// What an audit says of facts that were forged.
fn found(world: &World, facts: &[Event]) -> String {
    let audit = audit(&Arc::new(world.plan()), facts);
    audit.findings.iter().map(|finding| format!("{finding}\n")).collect()
}

fn is_destroy(event: &Event) -> bool {
    matches!(event, Event::Intended { effect: Effect::Destroy, .. })
}

fn without(story: &Story, drop: impl Fn(&Event) -> bool) -> Vec<Event> {
    story.events.iter().filter(|event| !drop(event)).cloned().collect()
}

#[test]
fn an_audit_finds_what_was_not_approved_so() {
    let story = listed(&wipe()).types(&["local"]).run();
    assert_eq!(found(&listed(&wipe()), &story.events), "");
    let says = |facts: &[Event], what: &str| {
        let found = found(&listed(&wipe()), facts);
        assert!(found.contains(what), "{what}: {found}");
    };
    let none = without(&story, |event| matches!(event, Event::Approved { .. }));
    says(&none, "no unused approval admits");
    let unasked = without(&story, |event| matches!(event, Event::Requested { .. }));
    says(&unasked, "approved what nobody had asked for");
    let other = World::of(&wipe()).when("list", Prints("c")).types(&["local"]).run();
    let of_other = other.events.iter().find(|event| matches!(event, Event::Approved { .. }));
    let of_other = of_other.expect("it was approved").clone();
    let mixed: Vec<Event> = story
        .events
        .iter()
        .map(|event| match event {
            Event::Approved { .. } => of_other.clone(),
            event => event.clone(),
        })
        .collect();
    says(&mixed, "no unused approval admits");
    let mut twice = story.events.clone();
    let at = twice.iter().position(is_destroy).expect("it was sent");
    let sent = twice[at].clone();
    twice.insert(at + 1, sent);
    says(&twice, "was used a second time");
    let mut again = story.events.clone();
    let at = again.iter().position(|event| matches!(event, Event::Approved { .. })).expect("it");
    let approved = again[at].clone();
    again.insert(at + 1, approved);
    says(&again, "a second time");
}

#[test]
fn an_audit_finds_too_few_people_and_one_of_them_twice() {
    let story = two().types(&["local"]).signs("ana", "k1").signs("ben", "k2").run();
    assert_eq!(found(&two(), &story.events), "");
    let mut first = None;
    let same: Vec<Event> = story
        .events
        .iter()
        .map(|event| match event {
            Event::Approved { .. } => first.get_or_insert(event.clone()).clone(),
            event => event.clone(),
        })
        .collect();
    let said = found(&two(), &same);
    assert!(said.contains("ana approved wipe a second time"), "{said}");
    assert!(said.contains("1 of 2 people had approved"), "{said}");
    let fewer: Vec<Event> = story
        .events
        .iter()
        .map(|event| match event {
            Event::Requested { card, terms } => {
                Event::Requested { card: *card, terms: Terms { needed: 1, ..terms.clone() } }
            }
            event => event.clone(),
        })
        .collect();
    assert!(found(&two(), &fewer).contains("takes 2 people, and 1 were asked for"));
}

#[test]
fn an_audit_finds_an_approval_that_was_too_old() {
    let world = || listed(&wipe()).types(&["local"]);
    let story = world().run();
    let records = |late: bool| -> Vec<Record> {
        let mut seconds = 0;
        let record = |(seq, fact): (u64, &Event)| {
            if late && is_destroy(fact) {
                seconds += 20 * 60;
            }
            Record {
                seq,
                at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds),
                elapsed_ms: u64::try_from(seconds).expect("later") * 1000,
                fact: fact.clone(),
                prev: Digest::of(""),
                sum: Digest::of(""),
            }
        };
        (0..).zip(&story.events).map(record).collect()
    };
    let plan = Arc::new(world().plan());
    assert_eq!(audit_records(&plan, &records(false)).findings, []);
    let findings = audit_records(&plan, &records(true)).findings;
    assert!(
        findings.iter().any(|finding| finding.what.contains("stood no longer")),
        "{findings:?}"
    );
}
