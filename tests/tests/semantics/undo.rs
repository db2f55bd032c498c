//! Rule 34: going back over more than one step.

use runbook_core::base::Digest;
use runbook_core::run::{
    Answer, Back, BackEnd, Event, Input, Left, Loss, Obstacle, ObstacleCard, Question, StepStatus,
    Way,
};

use crate::world::{Exits, Prints, Reply, Story, World};

/// Three changes with an undo each; what follows them stands in `rest`.
fn three(rest: &str) -> World {
    let change = |id: &str| {
        format!(
            "[[step]]\nid = \"{id}\"\non = \"web\"\ncwd = \"/{id}\"\nchange = \"make {id}\"\nundo = \"back {id}\"\n"
        )
    };
    let text = ["first", "second", "third"].map(change).concat();
    World::of(&format!("[role.web]\n{text}{rest}")).only("web=app1,app2")
}

const LAST: &str = "[[step]]\nid = \"last\"\non = \"local\"\ncheck = { read = \"look\" }\n";

fn undos(story: &Story) -> Vec<String> {
    story.changes().into_iter().filter(|id| id.contains(".undo.")).collect()
}

fn chain(story: &Story) -> Vec<(String, Vec<String>)> {
    let card = story.questions.iter().find_map(|question| match question {
        Question::GoBack(card) => Some(card),
        Question::Failure(card) => card.back.as_ref(),
        _ => None,
    });
    let step = |step: &runbook_core::run::BackStep| {
        let hosts = step.hosts.iter().map(ToString::to_string).collect();
        (step.step.to_string(), hosts)
    };
    card.expect("a chain was shown").steps.iter().map(step).collect()
}

fn obstacles(story: &Story) -> Vec<&ObstacleCard> {
    let cards = story.questions.iter().filter_map(|question| match question {
        Question::Obstacle(card) => Some(card),
        _ => None,
    });
    cards.collect()
}

fn ended(story: &Story) -> (&BackEnd, &[Left]) {
    let ended = story.events.iter().find_map(|event| match event {
        Event::UndoEnded { how, left } => Some((how, left.as_slice())),
        _ => None,
    });
    ended.expect("going back ended")
}

/// What a person answers on the failure card to go back, before anything was shown to agree to.
fn back() -> Answer {
    Answer::GoBack { typed: String::new(), chain: Digest::of("") }
}

#[test]
fn rule_34_the_last_step_first_in_it_the_last_host_first_each_as_it_was_done() {
    let story = three(LAST).when("look", Exits(1)).says(back()).says(Answer::Yes).run();
    assert_eq!(
        undos(&story),
        [
            "third.undo.app2.1",
            "third.undo.app1.1",
            "second.undo.app2.1",
            "second.undo.app1.1",
            "first.undo.app2.1",
            "first.undo.app1.1"
        ]
    );
    assert_eq!(story.command("back second").cwd.as_deref(), Some("/second"));
    for step in ["first", "second", "third"] {
        assert_eq!(story.status(step), Some(StepStatus::Undone), "{step}");
    }
    assert_eq!(story.status("last"), Some(StepStatus::Failed));
    assert_eq!(ended(&story), (&BackEnd::Complete, &[][..]));
    assert_eq!(story.code, 1);
    assert_eq!(
        story.sentence,
        "stopped at `last`, which failed; everything this run changed was undone"
    );
}

#[test]
fn rule_34_the_order_is_that_in_which_they_started() {
    let text = "[role.web]\n[[step]]\nid = \"slow\"\non = \"web\"\nneeds = []\nprecondition = { read = \"wait\" }\nchange = \"make slow\"\nundo = \"back slow\"\n[[step]]\nid = \"quick\"\non = \"web\"\nneeds = []\nchange = \"make quick\"\nundo = \"back quick\"\n[[step]]\nid = \"last\"\nneeds = [\"slow\", \"quick\"]\non = \"local\"\ncheck = { read = \"look\" }\n";
    let story = World::of(text)
        .only("web=app1")
        .when("wait", Reply::After(9, Box::new(Prints(""))))
        .when("look", Exits(1))
        .says(back())
        .says(Answer::Yes)
        .run();
    assert_eq!(
        story.changes(),
        ["quick.app1.1", "slow.app1.1", "slow.undo.app1.1", "quick.undo.app1.1"]
    );
}

#[test]
fn rule_34_one_yes_for_the_whole_chain_that_is_shown() {
    let world = || three(LAST).when("look", Exits(1)).says(back());
    let no = world().says(Answer::No).run();
    assert_eq!(undos(&no), Vec::<String>::new());
    assert_eq!((no.code, no.status("third")), (1, Some(StepStatus::Done)));
    assert!(no.sentence.contains("going back stopped: it was not agreed to"), "{}", no.sentence);
    let hosts = || vec!["app2".to_owned(), "app1".to_owned()];
    assert_eq!(
        chain(&no),
        ["third", "second", "first"].map(|step| (step.to_owned(), hosts())).to_vec()
    );
    let yes = world().yes().run();
    assert_eq!(undos(&yes).len(), 6, "--yes agrees to undos that change something");
}

#[test]
fn rule_34_in_a_protected_environment_its_name_is_typed() {
    let world = || {
        three(LAST)
            .inventory("[env.prod]\nprotect = true\nroles = { web = [\"app1\", \"app2\"] }\n")
            .when("look", Exits(1))
            .says(back())
    };
    assert_eq!(undos(&world().types(&["prod"]).run()).len(), 6);
    assert_eq!(undos(&world().says(Answer::Yes).run()).len(), 0);
    assert_eq!(undos(&world().types(&["yes"]).run()).len(), 0);
}

#[test]
fn rule_34_what_was_agreed_to_on_the_failure_card_is_not_asked_again() {
    let shown = three(LAST).when("look", Exits(1)).says(back()).says(Answer::No).run();
    let card = shown.failure_cards()[0].back.clone().expect("a chain");
    let agree = |typed: &str, chain| {
        let answer = Answer::GoBack { typed: typed.to_owned(), chain };
        three(LAST).when("look", Exits(1)).says(answer)
    };
    let story = agree("yes", card.digest).run();
    assert_eq!(undos(&story).len(), 6);
    assert!(!story.questions.iter().any(|asked| matches!(asked, Question::GoBack(_))));
    let other = agree("yes", Digest::of("another chain")).says(Answer::No).run();
    assert_eq!(undos(&other).len(), 0, "another chain is shown and agreed to anew");
}

#[test]
fn rule_34_a_step_that_did_not_start_is_not_undone_and_a_read_never() {
    let rest = "[[step]]\nid = \"never\"\non = \"web\"\nprecondition = { read = \"may\" }\nchange = \"make never\"\nundo = \"back never\"\n";
    let story = three(rest).when("may", Exits(1)).says(back()).says(Answer::Yes).run();
    assert_eq!(chain(&story).len(), 3);
    assert_eq!(undos(&story).len(), 6);
    let lost = Reply::Lost(Loss::NotStarted("refused".to_owned()));
    let story = three("on_failure = \"undo\"\n").when_on("app2", "make third", lost);
    assert_eq!(undos(&story.alone().yes().run()), ["third.undo.app1.1"]);
}

#[test]
fn rule_34_the_card_offers_it_only_where_something_before_can_be_undone() {
    let text = |undo: &str| {
        format!(
            "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"a\"\n{undo}\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\nundo = \"back b\"\n"
        )
    };
    let world = |undo: &str| {
        World::of(&text(undo)).only("web=app1").when("make b", Exits(1)).says(Answer::Quit)
    };
    let offered = |undo: &str| world(undo).run().failure_cards()[0].back.is_some();
    assert!(offered("undo = \"back a\""));
    assert!(!offered("no_undo = \"it is said\""));
    assert!(!offered(""));
}

#[test]
fn rule_34_past_a_step_without_an_undo_it_shows_its_sentence_and_asks() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\nno_undo = \"a restart cannot be taken back\"\n[[step]]\nid = \"c\"\non = \"local\"\nmanual = \"tell them\"\n[[step]]\nid = \"d\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let world = || {
        let done = Answer::Done(Vec::new());
        World::of(text)
            .only("web=app1")
            .when("look", Exits(1))
            .says(done)
            .says(back())
            .says(Answer::Yes)
    };
    let past = world().says(Answer::PassOver).says(Answer::PassOver).run();
    let why = |story: &Story| -> Vec<Obstacle> {
        obstacles(story).iter().map(|card| card.obstacle.clone()).collect()
    };
    let said = Some("a restart cannot be taken back".to_owned());
    assert_eq!(why(&past), [Obstacle::NoUndo(None), Obstacle::NoUndo(said)]);
    assert_eq!(undos(&past), ["a.undo.app1.1"]);
    assert_eq!(
        (past.status("a"), past.status("b")),
        (Some(StepStatus::Undone), Some(StepStatus::Done))
    );
    let left: Vec<&str> = ended(&past).1.iter().map(|left| left.step.as_str()).collect();
    assert_eq!(left, ["c", "b"]);
    assert!(past.sentence.ends_with("was undone, all but `c`, `b`"), "{}", past.sentence);
    let stop = world().says(Answer::PassOver).says(Answer::Quit).run();
    assert_eq!(undos(&stop), Vec::<String>::new());
    assert!(stop.sentence.contains("a person stopped at `b`"), "{}", stop.sentence);
}

#[test]
fn rule_34_by_is_passed_in_silence_and_undone_with_the_other() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\nundo.by = \"a\"\n[[step]]\nid = \"c\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let world = || World::of(text).only("web=app1").when("look", Exits(1)).says(back());
    let story = world().says(Answer::Yes).run();
    assert_eq!((undos(&story), obstacles(&story).len()), (vec!["a.undo.app1.1".to_owned()], 0));
    assert_eq!(story.status("b"), Some(StepStatus::Undone));
    let failed = world()
        .when("back a", Exits(1))
        .says(Answer::Yes)
        .says(Answer::PassOver)
        .says(Answer::PassOver)
        .run();
    assert_eq!(failed.status("b"), Some(StepStatus::Done), "what covers it was not done");
    let card = &obstacles(&failed)[1];
    assert_eq!((card.step.as_str(), card.may_undo), ("b", false));
}

#[test]
fn rule_34_after_puts_an_undo_behind_that_steps() {
    let text = "[role.web]\n[[step]]\nid = \"conf\"\non = \"web\"\nchange = \"make conf\"\nundo = \"back conf\"\n[[step]]\nid = \"other\"\non = \"web\"\nchange = \"make other\"\nundo = \"back other\"\n[[step]]\nid = \"reload\"\non = \"web\"\nchange = \"make reload\"\nundo = { change = \"back reload\", after = \"conf\" }\n[[step]]\nid = \"c\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let story = World::of(text)
        .only("web=app1,app2")
        .when("look", Exits(1))
        .says(back())
        .says(Answer::Yes)
        .run();
    assert_eq!(
        undos(&story),
        [
            "other.undo.app2.1",
            "other.undo.app1.1",
            "conf.undo.app2.1",
            "conf.undo.app1.1",
            "reload.undo.app2.1",
            "reload.undo.app1.1"
        ]
    );
}

#[test]
fn rule_34_a_destroying_undo_has_its_own_card_and_typed_words() {
    let text = "[role.web]\n[[step]]\nid = \"copy\"\non = \"web\"\nchange = \"make copy\"\nundo = { destroy = \"drop it\", affects = \"nobody\", confirm = \"{{ host }}/copy\" }\n[[step]]\nid = \"c\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let world = || {
        let world = World::of(text).only("web=app1,app2").when("look", Exits(1)).says(back());
        world.says(Answer::Yes)
    };
    let story = world().types(&["app2/copy"]).types(&["app1/copy"]).run();
    assert_eq!(undos(&story), ["copy.undo.app2.1", "copy.undo.app1.1"]);
    assert!(story.cards().iter().all(|card| card.undo));
    let passed = world().says(Answer::PassOver).types(&["app1/copy"]).run();
    assert_eq!(undos(&passed), ["copy.undo.app1.1"]);
    let quit = world().says(Answer::Quit).run();
    assert_eq!(undos(&quit), Vec::<String>::new());
    assert!(quit.sentence.contains("a person stopped at `copy`"), "{}", quit.sentence);
    let wrong = world().types(&["yes"]).says(Answer::Undo).types(&["app2/copy"]);
    let wrong = wrong.types(&["app1/copy"]).run();
    assert_eq!(undos(&wrong), ["copy.undo.app2.1", "copy.undo.app1.1"], "asked again, then done");
    let yes = World::of(text).only("web=app1").yes().when("look", Exits(1)).says(back());
    let yes = yes.says(Answer::Quit).run();
    assert_eq!(undos(&yes), Vec::<String>::new(), "--yes agrees to no destroy");
}

#[test]
fn rule_34_a_manual_undo_is_done_by_a_person() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = { manual = \"put {{ host }} back\", verify = { read = \"was\" } }\n[[step]]\nid = \"c\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let done = || Answer::Done(Vec::new());
    let world = || World::of(text).only("web=app1,app2").when("look", Exits(1)).says(back());
    let story = world().says(Answer::Yes).says(done()).says(done()).run();
    assert_eq!(story.by_hand(), ["put app2 back", "put app1 back"]);
    assert_eq!((story.status("a"), story.asked("was")), (Some(StepStatus::Undone), 2));
    let again = world()
        .once("was", Exits(1))
        .says(Answer::Yes)
        .says(done())
        .says(Answer::Undo)
        .says(done())
        .says(done())
        .run();
    assert_eq!(again.status("a"), Some(StepStatus::Undone), "and is asked for again in a new go");
}

#[test]
fn rule_34_an_undo_that_fails_is_tried_again_or_passed_over_or_ends_it() {
    let world = || three(LAST).when("look", Exits(1)).says(back()).says(Answer::Yes);
    let again = world().once("back second", Exits(3)).says(Answer::Undo).run();
    assert_eq!(undos(&again)[2..4], ["second.undo.app2.1", "second.undo.app2.2"]);
    assert_eq!(again.status("second"), Some(StepStatus::Undone));
    let past = world().when_on("app2", "back second", Exits(3)).says(Answer::PassOver).run();
    assert_eq!(undos(&past).len(), 6);
    assert_eq!(past.status("second"), Some(StepStatus::Done));
    let (how, left) = ended(&past);
    assert_eq!((how, left[0].host.as_str(), left.len()), (&BackEnd::Complete, "app2", 1));
    let stop = world().when("back second", Exits(3)).says(Answer::Quit).run();
    assert_eq!(undos(&stop).len(), 3);
    assert!(matches!(ended(&stop).0, BackEnd::Failed(_)));
    let card = &obstacles(&stop)[0];
    assert_eq!((card.step.as_str(), card.may_undo), ("second", true));
}

#[test]
fn rule_34_never_by_itself_past_a_step_that_is_unknown() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\nneeds = [\"a\"]\non = \"web\"\nchange = \"make b\"\nundo = \"back b\"\n[[step]]\nid = \"c\"\nneeds = [\"a\"]\non = \"web\"\nprecondition = { read = \"wait\" }\nchange = \"make c\"\nundo = \"back c\"\n";
    let lost = Reply::After(9, Box::new(Reply::Lost(Loss::Unknown("the link".to_owned()))));
    let world = || {
        World::of(text)
            .only("web=app1")
            .when("make b", lost.clone())
            .when("make c", Exits(1))
            .says(back())
            .says(Answer::Yes)
    };
    let asked = world().says(Answer::Undo).run();
    assert_eq!(undos(&asked), ["c.undo.app1.1", "b.undo.app1.1", "a.undo.app1.1"]);
    assert!(matches!(obstacles(&asked)[0].obstacle, Obstacle::Unknown(_)));
    assert_eq!(asked.code, 5, "what became of it is still not known");
    let left = world().says(Answer::PassOver).run();
    assert_eq!(undos(&left), ["c.undo.app1.1", "a.undo.app1.1"]);
    let stop = world().says(Answer::Quit).run();
    assert_eq!(undos(&stop), ["c.undo.app1.1"]);
}

#[test]
fn rule_34_on_failure_undo_undoes_the_failed_step_where_it_started() {
    let text = |more: &str| {
        format!(
            "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\nundo = \"back b\"\non_failure = \"undo\"\n{more}"
        )
    };
    let world = |more: &str| {
        World::of(&text(more)).only("web=app1,app2").when_on("app2", "make b", Exits(1))
    };
    let story = world("").alone().yes().run();
    assert_eq!(undos(&story), ["b.undo.app2.1", "b.undo.app1.1"]);
    assert_eq!((story.code, story.status("b")), (1, Some(StepStatus::Undone)));
    assert!(story.sentence.starts_with("`b` failed: app2: "), "{}", story.sentence);
    assert!(story.sentence.ends_with("; it was undone"), "{}", story.sentence);
    let tried =
        world("idempotent = true\nretry = { times = 2, wait = \"1s\" }\ndiagnose = [\"why\"]");
    let tried = tried.alone().yes().run();
    let sent = tried.sent();
    let place = |id: &str| sent.iter().position(|sent| sent == id).expect("it was sent");
    assert!(place("b.app2.3") < place("b.diagnose0.app2.1"), "{sent:?}");
    assert!(place("b.diagnose0.app2.1") < place("b.undo.app2.1"), "{sent:?}");
    let here = world("").says(Answer::Yes).run();
    assert_eq!(undos(&here).len(), 2, "with a person the chain is shown, and nothing else asked");
    assert_eq!(here.failure_cards().len(), 0);
}

#[test]
fn rule_34_undo_to_goes_back_to_that_step_and_undoes_it_too() {
    let rest = format!("{LAST}on_failure = {{ undo_to = \"second\" }}\n");
    let story = three(&rest).when("look", Exits(1)).alone().yes().run();
    assert_eq!(
        undos(&story),
        ["third.undo.app2.1", "third.undo.app1.1", "second.undo.app2.1", "second.undo.app1.1"]
    );
    assert_eq!(story.status("first"), Some(StepStatus::Done));
    assert_eq!(story.code, 1);
    assert!(
        story.sentence.ends_with("; everything back to `second` was undone"),
        "{}",
        story.sentence
    );
    let by_itself = story.events.iter().any(|event| {
        matches!(event, Event::UndoBegan { back: Back::To(to), by: None, .. } if *to == "second")
    });
    assert!(by_itself);
}

#[test]
fn rule_34_to_a_step_that_did_not_start_it_goes_back_to_what_follows_it() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\non = \"web\"\nskip_if = { read = \"has\" }\nchange = \"make b\"\nundo = \"back b\"\n[[step]]\nid = \"c\"\non = \"web\"\nchange = \"make c\"\nundo = \"back c\"\n[[step]]\nid = \"d\"\non = \"local\"\ncheck = { read = \"look\" }\non_failure = { undo_to = \"b\" }\n";
    let story = World::of(text).only("web=app1").when("look", Exits(1)).alone().yes().run();
    assert_eq!(undos(&story), ["c.undo.app1.1"]);
}

#[test]
fn rule_34_without_a_person_it_stops_at_an_undo_that_fails() {
    let rest = format!("{LAST}on_failure = {{ undo_to = \"first\" }}\n");
    let world = three(&rest).when("look", Exits(1)).when_on("app1", "back second", Exits(1));
    let story = world.alone().yes().run();
    assert_eq!(undos(&story).last().map(String::as_str), Some("second.undo.app1.1"));
    assert_eq!((story.code, story.status("first")), (1, Some(StepStatus::Done)));
    assert!(
        story.sentence.contains("going back stopped: the undo of `second` failed"),
        "{}",
        story.sentence
    );
    let left: Vec<&str> = ended(&story).1.iter().map(|left| left.step.as_str()).collect();
    assert_eq!(left, ["second", "first", "first"]);
}

#[test]
fn rule_19_a_way_back_that_needs_a_person_is_known_before_the_first_change() {
    let undo = |undo: &str| {
        let text = format!(
            "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\n{undo}\n[[step]]\nid = \"c\"\non = \"local\"\ncheck = {{ read = \"look\" }}\non_failure = {{ undo_to = \"a\" }}\n"
        );
        World::of(&text).only("web=app1").when("look", Exits(1)).alone().yes().run()
    };
    for needs in [
        "undo = { destroy = \"drop\", affects = \"all\" }",
        "undo = { manual = \"put it back\" }",
        "undo = { change = \"back b\", verify = { ask = \"Is it back?\" } }",
        "no_undo = \"it is said\"",
    ] {
        let story = undo(needs);
        assert_eq!((story.code, story.changes().len()), (4, 0), "{needs}: {}", story.sentence);
        assert!(story.sentence.contains("goes back past `b`"), "{}", story.sentence);
    }
    assert_eq!(undos(&undo("undo = \"back b\"")).len(), 2);
    assert_eq!(undos(&undo("undo.by = \"a\"")).len(), 1);
}

#[test]
fn rule_34_undo_of_a_run_that_goes_on_lets_what_runs_end_and_undoes_all_of_it() {
    let world = three("").when("make second", Reply::After(9, Box::new(Prints(""))));
    let asked = || Input::UndoAsked { to: None, by: "ana".to_owned() };
    let story = world.tells_at(5, asked()).says(Answer::Yes).run();
    assert_eq!(
        story.changes(),
        [
            "first.app1.1",
            "first.app2.1",
            "second.app1.1",
            "second.undo.app1.1",
            "first.undo.app2.1",
            "first.undo.app1.1"
        ]
    );
    assert_eq!(story.code, 0, "{}", story.sentence);
    assert_eq!(story.sentence, "everything this run changed was undone");
    let world = three("").when("make second", Reply::After(9, Box::new(Prints(""))));
    let to = Input::UndoAsked { to: "second".parse().ok(), by: "ana".to_owned() };
    let story = world.tells_at(5, to).says(Answer::Yes).run();
    assert_eq!(undos(&story), ["second.undo.app1.1"]);
}

#[test]
fn rule_34_undo_ends_with_what_it_left() {
    let slow = || three("").when("make second", Reply::After(9, Box::new(Prints(""))));
    let asked = || slow().tells_at(5, Input::UndoAsked { to: None, by: "ana".to_owned() });
    let passed = asked().when("back second", Exits(1)).says(Answer::Yes).says(Answer::PassOver);
    let passed = passed.run();
    assert_eq!(passed.code, 10, "{}", passed.sentence);
    let no = asked().says(Answer::No).run();
    assert_eq!(no.code, 4, "{}", no.sentence);
    let failed = asked().when("back second", Exits(1)).says(Answer::Yes).says(Answer::Quit).run();
    assert_eq!(failed.code, 1, "{}", failed.sentence);
    let none = three("").tells_at(0, Input::UndoAsked { to: "zzz".parse().ok(), by: "ana".into() });
    assert_eq!(none.run().code, 0, "there is no such step: nothing happened");
}

#[test]
fn rule_34_its_undo_has_the_items_of_every_go_at_the_step() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nitems = \"list\"\nchange = 'make a \"$@\"'\nverify = { read = \"ver\" }\nundo = 'back \"$@\"'\n[[step]]\nid = \"d\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let story = World::of(text)
        .only("web=app1")
        .once("list", Prints("x\ny\n"))
        .when("list", Prints("y\nz\n"))
        .once("ver", Exits(1))
        .when("look", Exits(1))
        .says(Answer::Retry)
        .says(back())
        .says(Answer::Yes)
        .run();
    assert_eq!(story.command("back").args, ["x", "y", "z"]);
}

#[test]
fn rule_34_what_a_step_delivered_is_there_for_its_undo_and_for_those_behind_it() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\ncapture = { was = \"string\" }\nundo = { change = [\"back\", \"{{ was }}\"] }\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\nundo = { change = [\"reload\", \"{{ was }}\"], after = \"a\" }\n[[step]]\nid = \"d\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let story = World::of(text)
        .only("web=app1")
        .when("make a", Prints("v1.3.9"))
        .when("look", Exits(1))
        .says(back())
        .says(Answer::Yes)
        .run();
    assert_eq!(undos(&story), ["a.undo.app1.1", "b.undo.app1.1"]);
    story.command("back v1.3.9");
    story.command("reload v1.3.9");
}

#[test]
fn rule_34_the_chain_says_how_each_step_is_undone() {
    let text = "[role.web]\n[[step]]\nid = \"a\"\non = \"web\"\nchange = \"make a\"\nundo = \"back a\"\n[[step]]\nid = \"b\"\non = \"web\"\nchange = \"make b\"\nundo.by = \"a\"\n[[step]]\nid = \"c\"\non = \"web\"\nchange = \"make c\"\nundo = { destroy = \"drop c\", affects = \"all\" }\n[[step]]\nid = \"d\"\non = \"web\"\nchange = \"make d\"\nno_undo = \"gone\"\n[[step]]\nid = \"e\"\non = \"local\"\ncheck = { read = \"look\" }\n";
    let story =
        World::of(text).only("web=app1").when("look", Exits(1)).says(back()).says(Answer::No).run();
    let card = story.failure_cards()[0].back.clone().expect("a chain");
    let ways: Vec<(&str, &Way)> =
        card.steps.iter().map(|step| (step.step.as_str(), &step.way)).collect();
    let gone = Way::None(Some("gone".to_owned()));
    let by = Way::By("a".parse().expect("a step"));
    assert_eq!(ways, [("d", &gone), ("c", &Way::Destroy), ("a", &Way::Change), ("b", &by)]);
    assert_eq!(card.steps[1].payloads.len(), 1);
}
