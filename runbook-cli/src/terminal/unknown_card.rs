//! The card of an attempt that may or may not have run, and the question that Ctrl-C puts. Must not
//! know what an answer leads to.

use runbook_core::base::SafeText;
use runbook_core::run::{AttemptId, UnknownCard};

use super::card::Standing;
use super::layout::{WIDTH, field, rule, wrap};
use super::plan_view::now;
use super::theme::{BAD, LIVE, WARN, paint};

/// Draws the card, up to the options.
pub(crate) fn draw(card: &UnknownCard, standing: &Standing) -> String {
    let (step, host) = (card.attempt.step.as_str(), card.attempt.host.as_str());
    let right = standing.words(false, &[step, host]);
    let mut screen = format!("\n{}\n", rule(BAD, "OUTCOME UNKNOWN", &right));
    for line in wrap(SafeText::of(&card.why).as_str(), WIDTH - 1) {
        screen += &format!(" {line}\n");
    }
    let evidence = match &card.evidence {
        Some(verdict) => format!("{} {}", now(verdict), SafeText::line(verdict.line())),
        None => "the step has no verify that could be asked: look for yourself".to_owned(),
    };
    screen + "\n" + &field("verify says", 13, &evidence)
}

/// What may be answered.
pub(crate) fn keys(card: &UnknownCard) -> String {
    let (step, host) = (&card.attempt.step, &card.attempt.host);
    let options = [
        (true, "a", "take it as done; the evidence is recorded with your name".to_owned()),
        (true, "r", format!("run {step} again on {host}")),
        (card.may_seek, "w", format!("ask {host} once more")),
        (true, "q", "leave it unknown and stop here".to_owned()),
    ];
    let shown = options.iter().filter(|(allowed, ..)| *allowed);
    shown.fold("\n Your options\n".to_owned(), |keys, (_, key, what)| {
        keys + &format!("   {}  {what}\n", paint(LIVE, key))
    })
}

/// What Ctrl-C asks while something runs that cannot be sent twice.
pub(crate) fn halt(running: &[AttemptId]) -> String {
    let who: Vec<String> = running.iter().map(|id| format!("{} on {}", id.step, id.host)).collect();
    let mut screen = format!("\n {}\n", paint(WARN, "Stopping: nothing new starts."));
    screen += &field("Runs now", 10, SafeText::line(who.join(", ")).as_str());
    let options = [
        ("w", "wait for it, then stop"),
        ("k", "stop it on the host: TERM, then KILL"),
        ("d", "leave it running and stop here; also Ctrl-C again"),
        ("g", "go on as if nothing had been asked"),
    ];
    options
        .iter()
        .fold(screen, |screen, (key, what)| screen + &format!("   {}  {what}\n", paint(LIVE, key)))
}

#[cfg(test)]
mod tests {
    use runbook_core::plan::Verdict;
    use runbook_core::run::{Effect, Part};

    use super::super::samples::{attempt, plain};
    use super::*;

    fn card(evidence: Option<Verdict>) -> UnknownCard {
        UnknownCard {
            attempt: attempt("app2", Part::Main),
            effect: Effect::Change,
            why: "the host rebooted while it ran".to_owned(),
            evidence,
            may_seek: true,
        }
    }

    #[test]
    fn the_evidence_is_shown_and_nothing_is_assumed() {
        let standing = Standing { number: 7, of: 9, environment: "PROD".to_owned() };
        let held = card(Some(Verdict::Held { saw: "GET /api/health: 200".to_owned() }));
        insta::assert_snapshot!(plain(&(draw(&held, &standing) + &keys(&held))));
        let mut none = card(None);
        none.may_seek = false;
        insta::assert_snapshot!(plain(&(draw(&none, &standing) + &keys(&none))));
    }

    #[test]
    fn a_halt_says_what_runs() {
        insta::assert_snapshot!(plain(&halt(&[attempt("app2", Part::Main)])));
    }
}
