//! The table of recovery in the journal's page, as rows written down beforehand: what an attempt was,
//! what its host says, who is there, and what must follow. The machine is driven through each row.

use runbook_core::run::{Answer, Found};

use crate::world::{Story, World};

const CHANGE: &str = "[role.db]\n[[step]]\nid = \"act\"\nchange = \"act\"\nno_undo = \"no\"\n";
const DESTROY: &str =
    "[role.db]\n[[step]]\nid = \"act\"\ndestroy = \"act\"\naffects = \"all\"\nno_undo = \"no\"\n";
const READ: &str = "[role.db]\n[[step]]\nid = \"zero\"\nchange = \"zero\"\nno_undo = \"no\"\n\
                    [[step]]\nid = \"act\"\nread = \"act\"\n";
const REQUEST: &str = "[role.db]\n[[step]]\nid = \"act\"\nchange = { http = { url = \"http://x/\" } }\nno_undo = \"no\"\n";

/// What the host says of it.
#[derive(Clone, Copy, Debug)]
enum Says {
    Runs,
    Ended,
    Never,
    Cannot,
    Down,
}

/// Who is there, and what they say of what nobody knows.
#[derive(Clone, Copy, Debug)]
enum Who {
    Nobody,
    Accepts,
    RunsAgain,
    Leaves,
}

use Says::{Cannot, Down, Ended, Never, Runs};
use Who::{Accepts, Leaves, Nobody, RunsAgain};

/// Kind, evidence, person -> exit code, attempts that are sent, cards that are shown.
type Row = (&'static str, Says, Who, u8, usize, usize);

const ROWS: &[Row] = &[
    // A read is not asked after: it is made again.
    (READ, Never, Nobody, 0, 1, 0),
    (READ, Cannot, Nobody, 0, 1, 0),
    (READ, Runs, Accepts, 0, 1, 0),
    // A request cannot be asked after.
    (REQUEST, Ended, Nobody, 5, 0, 0),
    (REQUEST, Never, Nobody, 5, 0, 0),
    (REQUEST, Ended, Accepts, 10, 0, 0),
    (REQUEST, Ended, RunsAgain, 0, 1, 0),
    (REQUEST, Ended, Leaves, 5, 0, 0),
    // A change that is known of is followed, by whoever is there.
    (CHANGE, Runs, Nobody, 0, 0, 0),
    (CHANGE, Runs, Accepts, 0, 0, 0),
    (CHANGE, Ended, Nobody, 0, 0, 0),
    (CHANGE, Ended, Leaves, 0, 0, 0),
    // One that never started is sent under the next number.
    (CHANGE, Never, Nobody, 0, 1, 0),
    (CHANGE, Never, Leaves, 0, 1, 0),
    // Of one that nobody knows a person decides.
    (CHANGE, Cannot, Nobody, 5, 0, 0),
    (CHANGE, Cannot, Accepts, 10, 0, 0),
    (CHANGE, Cannot, RunsAgain, 0, 1, 0),
    (CHANGE, Cannot, Leaves, 5, 0, 0),
    (CHANGE, Down, Nobody, 5, 0, 0),
    (CHANGE, Down, Leaves, 5, 0, 0),
    // The same of a destroy, but that it is never sent again without a new card.
    (DESTROY, Runs, Nobody, 0, 0, 0),
    (DESTROY, Ended, Nobody, 0, 0, 0),
    (DESTROY, Ended, Accepts, 0, 0, 0),
    (DESTROY, Never, Nobody, 4, 0, 1),
    (DESTROY, Never, Accepts, 0, 1, 1),
    (DESTROY, Cannot, Nobody, 5, 0, 0),
    (DESTROY, Cannot, Accepts, 10, 0, 0),
    (DESTROY, Cannot, RunsAgain, 0, 1, 1),
    (DESTROY, Cannot, Leaves, 5, 0, 0),
    (DESTROY, Down, Nobody, 5, 0, 0),
    (DESTROY, Down, Leaves, 5, 0, 0),
];

fn drive((text, says, who, ..): Row) -> Story {
    let destroys = text == DESTROY;
    let whole = match destroys {
        true => World::of(text).types(&["db1"]).run(),
        false => World::of(text).run(),
    };
    let cut = whole.until_intent("act.");
    let world = match says {
        Runs => World::of(text).found("act.", Found::Running),
        Ended => World::of(text).found("act.", Found::Ended),
        Never => World::of(text).found("act.", Found::NotStarted),
        Cannot => World::of(text).found("act.", Found::Unknown("it rebooted".to_owned())),
        Down => World::of(text).down("db1"),
    };
    let world = match who {
        Nobody => world.alone(),
        Accepts if matches!(says, Never) => world,
        Accepts => world.says(Answer::Accept),
        RunsAgain => world.says(Answer::Again),
        Leaves => world.says(Answer::Quit),
    };
    // Where nobody is, a question is answered by what changes nothing.
    let world = match (destroys, who) {
        (true, Nobody) => world.says(Answer::No),
        (true, _) => world.types(&["db1"]),
        (false, _) => world,
    };
    world.resume(&cut)
}

#[test]
fn every_row_of_the_table_of_recovery_comes_out_as_it_is_written() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let (text, says, who, code, sent, cards) = *row;
        let story = drive(*row);
        let acts = story.sent().iter().filter(|id| id.starts_with("act.")).count();
        let came = (story.code, acts, story.cards().len());
        if came != (code, sent, cards) {
            wrong.push(format!("{text}{says:?} {who:?}: {came:?}, not {:?}", (code, sent, cards)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("proof: {} rows of recovery", ROWS.len());
}
