//! Why a person is asked on the card of a destroy: what their words are bound to, and what follows
//! from each answer. Must not know what they answer.

use runbook_core::run::Card;

use super::layout::{count, field};
use super::theme::{LIVE, STRONG, paint};

/// Draws it.
pub(crate) fn draw(card: &Card) -> String {
    let mut screen = format!("\n {}\n", paint(STRONG, "Your words are bound to"));
    for host in &card.hosts {
        let bound = match (&host.payload, &host.items) {
            (Some(payload), Some(items)) => format!(
                "exactly these bytes (sha256 {}…) and {}",
                payload.digest().short(),
                these(items.len())
            ),
            (Some(payload), None) => {
                format!("exactly these bytes (sha256 {}…)", payload.digest().short())
            }
            (None, _) => "your own work: nothing is sent".to_owned(),
        };
        screen += &field(&format!("  {}", host.host), 12, &bound);
    }
    screen +=
        &field("", 12, &format!("card {}…; used once, for this run only", card.digest.short()));
    screen += &format!("\n {}\n", paint(STRONG, "What follows"));
    let key = |key: &str, text: &str| field(&format!("  {}", paint(LIVE, key)), 12, text);
    let (words, without, stop) = follows(card);
    screen += &key("the words", words);
    screen += &key("s", without);
    screen + &key("q", stop)
}

/// What follows from the words, from `s` and from `q`.
fn follows(card: &Card) -> (&'static str, &'static str, &'static str) {
    if card.undo {
        return (UNDO, NOT_UNDONE, NOT_UNDONE);
    }
    let by_hand = card.hosts.iter().all(|host| host.payload.is_none());
    (if by_hand { BY_HAND } else { APPROVED }, WITHOUT, STOP)
}

const APPROVED: &str = "the approval is written to the disk; the checks before it and its proof are \
    asked again, its list is read again, and any difference stops it; the host says once more who \
    it is; then it is sent, once";
const UNDO: &str = "the approval is written to the disk; the host says once more who it is; then it is \
    sent, once";
const WITHOUT: &str =
    "goes on without it, recorded as passed over; the run is at best resolved with exceptions";
const STOP: &str = "ends the run here, recorded as declined: nothing new starts, and what was done \
    before stays as it is";
const NOT_UNDONE: &str = "it is not undone, and that is recorded; the run ends";
const BY_HAND: &str = "the approval is written to the disk; then you are shown what to do";

fn these(items: usize) -> String {
    if items == 1 { "this 1 item".to_owned() } else { format!("these {}", count(items, "item")) }
}

#[cfg(test)]
mod tests {
    use super::super::layout::WIDTH;
    use super::super::samples::{card, plain};
    use super::*;

    #[test]
    fn what_is_bound_and_what_follows() {
        let screen = plain(&draw(&card(&["app1", "app2"])));
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn an_undo_that_is_not_approved_is_not_made() {
        let card = Card { undo: true, ..card(&["app1"]) };
        let screen = plain(&draw(&card));
        assert_eq!(screen.matches("it is not undone").count(), 2, "{screen}");
        assert!(!screen.contains("asked again"), "{screen}");
    }

    #[test]
    fn work_by_hand_sends_nothing() {
        let mut card = card(&["app1"]);
        card.hosts[0].payload = None;
        let screen = plain(&draw(&card));
        assert!(screen.contains("nothing is sent") && !screen.contains("sha256"), "{screen}");
    }
}
