//! Rules 43 and 45: requests, and what people do.

use runbook_core::base::Value;
use runbook_core::run::{Answer, Event, Loss, Offers, Question, StepStatus};

use crate::world::{Exits, Prints, Reply, Status, World};

#[test]
fn rule_43_a_request_that_changes_something_is_sent_once_and_from_here() {
    let text = r#"
[role.web]
[[step]]
id = "call"
change = { http = { url = "http://hook/", json = { text = "{{ env }}" } } }
[[step]]
id = "then"
change = "go"
"#;
    let story = World::of(text).run();
    assert_eq!(story.sent()[0], "call.local.1");
    assert_eq!(story.code, 0);
    let lost = Reply::Lost(Loss::Unknown("no answer".to_owned()));
    let story = World::of(text).when("hook", lost).run();
    assert_eq!((story.code, story.sent()), (5, vec!["call.local.1".to_owned()]));
    assert_eq!(story.status("call"), Some(StepStatus::Unknown));
    let refused = World::of(text).when("hook", Status(500)).says(Answer::Quit).run();
    assert_eq!((refused.code, refused.sent().len()), (1, 1));
}

#[test]
fn rule_43_a_part_of_a_url_that_has_no_value_is_an_error() {
    let text = r#"
[param.id]
type = "string"
[[step]]
id = "call"
on = "local"
change = { http = { url = "http://hook/", method = "DELETE", query = { id = "{{ id }}" } } }
"#;
    let story = World::of(text).param("id", "a b&c").run();
    assert!(matches!(&story.orders[0].payload, runbook_core::run::Payload::Request(request)
        if request.url == "http://hook/?id=a%20b%26c" && request.method == "DELETE"));
    let optional = text.replace("type = \"string\"", "type = \"string\"\noptional = true");
    assert!(!World::of(&optional).complaints().is_empty(), "it is refused when it is loaded");
}

#[test]
fn rule_45_manual_is_asked_once_for_all_hosts_and_only_verify_per_host() {
    let text = r#"
[role.web]
[[step]]
id = "swap"
manual = "swap the disk of {{ host }}"
ask.serial = { type = "string", ask = "Which serial?" }
verify = { read = "ver" }
[[step]]
id = "show"
on = "local"
read = ["echo", "{{ serial }}"]
"#;
    let values = vec![("serial".parse().unwrap(), Some(Value::Text("x9".to_owned())))];
    let story = World::of(text).only("app1,app2").says(Answer::Done(values)).run();
    assert_eq!((story.code, story.questions.len(), story.asked("ver")), (0, 1, 2));
    let Question::Manual { text, .. } = &story.questions[0] else { panic!() };
    assert_eq!(text, "app1: swap the disk of app1\napp2: swap the disk of app2");
    assert!(serde_json::to_string(&story.orders[0].payload).unwrap().contains("x9"));
}

#[test]
fn rule_45_a_host_whose_verify_fails_is_asked_for_again_and_again() {
    let text =
        "[role.web]\n[[step]]\nid = \"swap\"\nmanual = \"swap\"\nverify = { read = \"ver\" }\n";
    let done = || Answer::Done(Vec::new());
    let both = World::of(text)
        .only("app1,app2")
        .times(2, "ver", Exits(1))
        .says(done())
        .says(Answer::Retry)
        .says(Answer::Retry)
        .says(done())
        .run();
    assert_eq!((both.code, both.status("swap")), (0, Some(StepStatus::Done)), "{}", both.sentence);
    let one_after_the_other = World::of(text)
        .only("app1,app2")
        .times_on("app1", 1, "ver", Exits(1))
        .times_on("app2", 1, "ver", Reply::After(9, Box::new(Exits(1))))
        .says(done())
        .says(Answer::Retry)
        .says(Answer::Retry)
        .says(done())
        .run();
    assert_eq!(one_after_the_other.code, 0, "{}", one_after_the_other.sentence);
    let again = World::of(text)
        .only("app1,app2")
        .times_on("app1", 2, "ver", Exits(1))
        .says(done())
        .says(Answer::Retry)
        .says(done())
        .says(Answer::Retry)
        .says(done())
        .run();
    assert_eq!((again.code, again.asked("ver")), (0, 4), "{}", again.sentence);
}

#[test]
fn rule_45_a_choice_is_asked_once() {
    let story = World::of(
        r#"
[role.web]
[[step]]
id = "path"
choose = "which of {{ hosts.web | length }}?"
options = { a = "A", b = "B" }
[[step]]
id = "up"
when = "path == 'a'"
change = "up"
"#,
    )
    .says(Answer::Chosen("a".to_owned()))
    .run();
    let Question::Choose { text, options, .. } = &story.questions[0] else { panic!() };
    assert_eq!((text.as_str(), options.len()), ("which of 3?", 2));
    assert_eq!(story.changes().len(), 3);
}

/// A person who replaces a disk, and is offered those there are.
const SWAP: &str = r#"
[role.db]
max = 1
[role.web]
[[step]]
id = "look"
on = "db"
read = "count"
capture = { bays = "int" }
[[step]]
id = "swap"
on = "db"
manual = "swap a disk"
ask.serial = { type = "string", suggest = "disks of $bays" }
ask.owner = { type = "string", suggest = { read = ["who", "{{ bays }}"], on = "local" } }
ask.note = { type = "string", optional = true }
verify = { read = "ver" }
[[step]]
id = "show"
on = "local"
read = ["echo", "{{ serial }}"]
"#;

fn offers(question: &Question) -> &Offers {
    let Question::Manual { offers, .. } = question else { panic!("it is a manual step") };
    offers
}

#[test]
fn rule_45_what_is_offered_with_a_question_is_read_right_before_it_on_the_steps_host() {
    let done =
        || Answer::Done(vec![("serial".parse().unwrap(), Some(Value::Text("d2".to_owned())))]);
    let story = World::of(SWAP)
        .when("count", Prints("7"))
        .when("disks", Prints("d1 old\n\nd2 new\n"))
        .when("who", Exits(3))
        .once("ver", Exits(1))
        .says(done())
        .says(Answer::Retry)
        .says(done())
        .run();
    let [first, _, second] = &story.questions[..] else { panic!("{:?}", story.questions) };
    assert_eq!(offers(first)["serial"], Ok(vec!["d1 old".to_owned(), "d2 new".to_owned()]));
    assert!(offers(first)["owner"].as_ref().unwrap_err().starts_with("exit 3"));
    assert_eq!((offers(first).len(), offers(first)), (2, offers(second)));
    let sent = story.sent();
    let read = ["swap.suggest0.db1.1", "swap.suggest1.local.1"];
    assert_eq!(sent[1..5], [read[0], read[1], "swap.suggest0.db1.2", "swap.suggest1.local.2"]);
    assert_eq!(story.command("disks").env["bays"], "7");
    let place = |wanted: &dyn Fn(&Event) -> bool| story.events.iter().position(wanted).unwrap();
    let sent = place(&|event| {
        matches!(event, Event::Exited { attempt, .. }
        if attempt.to_string() == read[1])
    });
    assert!(sent < place(&|event| matches!(event, Event::Asked { .. })));
}

#[test]
fn rule_45_a_choice_offers_too_and_a_host_that_is_gone_offers_nothing() {
    let text = r#"
[role.db]
max = 1
[[step]]
id = "path"
on = "local"
choose = "which?"
options.go = "go on"
options.stop = { label = "stop here", stop = true }
ask.who = { type = "string", suggest = { read = "people", on = "db" } }
[[step]]
id = "show"
on = "local"
read = ["echo", "{{ who }}"]
"#;
    let go = || Answer::Chosen("go".to_owned());
    let done = || Answer::Done(vec![("who".parse().unwrap(), Some(Value::Text("ana".to_owned())))]);
    let story = World::of(text).when("people", Prints("ana\nben\n")).says(go()).says(done()).run();
    assert_eq!(offers(&story.questions[1])["who"], Ok(vec!["ana".to_owned(), "ben".to_owned()]));
    let stopped = World::of(text).says(Answer::Chosen("stop".to_owned())).run();
    assert!(stopped.sent().is_empty(), "nothing is read for what is not asked");
    let gone = World::of(text).down("db1").says(go()).says(done()).run();
    assert!(offers(&gone.questions[1])["who"].as_ref().unwrap_err().contains("cannot be reached"));
}

#[test]
fn rule_45_a_suggestion_needs_one_host_and_what_is_known_before_the_question() {
    let several = SWAP.replacen("max = 1\n", "", 1);
    let complaints = World::of(&several).complaints();
    assert!(complaints.iter().any(|said| said.contains("suggest-on-several")), "{complaints:?}");
    let picked = several
        .replace("manual =", "pick = 1\nmanual =")
        .replace("capture =", "pick = 1\ncapture =");
    assert_eq!(World::of(&picked).complaints(), Vec::<String>::new());
    let of_another = SWAP.replace("\"{{ bays }}\"", "\"{{ serial }}\"");
    let complaints = World::of(&of_another).complaints();
    assert!(complaints.iter().any(|said| said.contains("not-known-there")), "{complaints:?}");
}

#[test]
fn rule_45_what_loses_something_is_shown_after_its_proof_was_approved() {
    let text = r#"
[[step]]
id = "swap"
on = "local"
manual = "pull the disk"
affects = "all"
loses = "what was on it"
confirm = "disk7"
"#;
    let story = World::of(text).types(&["disk7"]).says(Answer::Done(Vec::new())).run();
    assert_eq!(story.code, 0);
    assert!(matches!(story.questions[..], [Question::Destroy(_), Question::Manual { .. }]));
    let wrong = World::of(text).types(&["disk8"]).run();
    assert_eq!((wrong.code, wrong.questions.len()), (4, 1));
}

#[test]
fn a_choice_asks_its_values_once_it_is_made_and_one_that_stops_asks_none() {
    let text = r#"
[role.web]
[[step]]
id = "path"
choose = "which?"
options.go = "go on"
options.stop = { label = "stop here", stop = true }
ask.who = { type = "string", ask = "Who decided?" }
[[step]]
id = "show"
on = "local"
read = ["echo", "{{ who }}"]
"#;
    let values = vec![("who".parse().unwrap(), Some(Value::Text("ana".to_owned())))];
    let story =
        World::of(text).says(Answer::Chosen("go".to_owned())).says(Answer::Done(values)).run();
    assert_eq!((story.code, story.questions.len()), (0, 2));
    assert!(serde_json::to_string(&story.orders[0].payload).unwrap().contains("ana"));
    let stopped = World::of(text).says(Answer::Chosen("stop".to_owned())).run();
    assert_eq!((stopped.code, stopped.questions.len()), (3, 1));
    let declined = World::of(text).says(Answer::Chosen("go".to_owned())).says(Answer::Quit).run();
    assert_eq!((declined.code, declined.sent().len()), (4, 0));
    let alone = World::of(text).chooses("path", "go").alone().run();
    assert_eq!((alone.code, alone.sent().len()), (4, 0));
}
