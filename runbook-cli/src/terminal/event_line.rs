//! A fact of a run as one line, for where nothing can be drawn in place. Must not know what came
//! before it.

use jiff::tz::TimeZone;
use runbook_core::base::units::show_duration;
use runbook_core::base::{HostName, SafeText, StepId};
use runbook_core::plan::{Exit, Verdict};
use runbook_core::run::{
    About, Answer, AttemptId, BackEnd, Event, Found, Left, Loss, Outcome, Part, Record, Slot,
    StepStatus, Topic,
};

/// The line of a record, with the time it was written; none for facts that only the engine needs.
pub(crate) fn draw(record: &Record, zone: &TimeZone, verbose: bool) -> Option<String> {
    let told = told(&record.fact, verbose)?;
    let at = record.at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    Some(format!("{at}  {told}\n"))
}

fn told(fact: &Event, verbose: bool) -> Option<String> {
    Some(match fact {
        Event::Planned { run, runbook, operator, .. } => {
            format!("run {run} of {runbook}, started by {}", line(operator))
        }
        Event::LockTaken { name, host: None } => format!("lock {} taken", line(name)),
        Event::LockTaken { name, host: Some(host) } => format!("{host}: lock {} taken", line(name)),
        Event::LockLost { name, host } => {
            format!("{host}: lock {} lost with the connection; it is taken again", line(name))
        }
        Event::LockRefused { holder, .. } => format!("lock refused: {}", line(holder)),
        Event::Connected { host, identity } => {
            format!("{host}: connected as {}@{}", line(&identity.user), line(&identity.hostname))
        }
        Event::Unreachable { host, why } => format!("{host}: UNREACHABLE: {}", line(why)),
        Event::Intended { attempt, .. } => format!("{}: starts{}", whose(attempt), part(attempt)),
        Event::Exited { attempt, outcome } => format!("{}: {}", whose(attempt), ended(outcome)),
        Event::Lost { attempt, loss } => format!("{}: {}", whose(attempt), lost(loss)),
        Event::ProbeAnswered { probe, verdict } if verbose => {
            format!("{} on {}: {}", about(&probe.about), probe.host, verdict_line(verdict))
        }
        Event::InquiryEnded { about: asked, verdict } => {
            format!("{}: {}", about(asked), verdict_line(verdict))
        }
        Event::Valued { step, host, name, value } if verbose => {
            let value =
                value.as_ref().map_or_else(|| "none".to_owned(), runbook_core::base::Value::text);
            format!("{}: {name} = {}", place(step, host.as_ref()), line(value))
        }
        Event::Asked { about, .. } => format!("waits for a person: {}", topic(about)),
        Event::Answered { answer: Answer::Signed(signature), .. } => {
            format!("signed by {}", line(signature.by()))
        }
        Event::Answered { answer: Answer::Refused(why), .. } => {
            format!("what was handed over does not count: {}", line(why))
        }
        Event::Answered { by, .. } => format!("answered by {}", line(by)),
        Event::Approved { approval } => {
            let step =
                approval.terms().map_or_else(String::new, |terms| format!("{}: ", terms.step));
            format!("{step}approved by {}", line(approval.by()))
        }
        Event::Expired { step, .. } => {
            format!("{step}: what was asked for stands no longer, and is asked for again")
        }
        Event::ShellOpened { host, by, .. } => format!("{host}: {} opens a shell", line(by)),
        Event::StoodStill { lasted } => {
            format!("stood still for {}; what runs on hosts went on", show_duration(*lasted))
        }
        Event::HostEnded { status: StepStatus::Done, .. } if !verbose => return None,
        Event::HostEnded { step, host, status, why } => {
            format!("{}: {}", place(step, Some(host)), status_line(*status, why.as_deref()))
        }
        Event::Undone { step, host, failure: None } => format!("{step} {host}: undone"),
        Event::Undone { step, host, failure: Some(why) } => {
            format!("{step} {host}: UNDO FAILED: {}", line(why))
        }
        Event::UndoBegan { why, .. } => format!("goes back: {}", line(why)),
        Event::UndoAgreed => "what is undone was agreed to".to_owned(),
        Event::UndoTurnBegan { step, host } if verbose => format!("{step} {host}: is undone"),
        Event::UndoEnded { how, left } => went_back(how, left),
        Event::StepEnded { step, status, why } => {
            format!("{step}: {}", status_line(*status, why.as_deref()))
        }
        Event::Previewed => "everything before the first change has ended".to_owned(),
        Event::Agreed => "the changes were agreed to".to_owned(),
        Event::PlanTaken { .. } => "the plan file is used up".to_owned(),
        Event::PlanRefused { why, .. } => line(why),
        Event::StopAsked { how } => {
            format!("{}: nothing new starts, what runs goes on", line(how))
        }
        Event::Interrupted { how, .. } => format!("{}: nothing new starts", line(how)),
        Event::CancelAsked { attempt } => format!("{}: is being stopped", whose(attempt)),
        Event::BaseChosen { keeper, base, passed_over } if verbose || !passed_over.is_empty() => {
            let not = passed_over.iter().map(|why| format!("; {}", line(why))).collect::<String>();
            format!("{keeper}: jobs are kept in {}{not}", line(&base.path))
        }
        Event::BaseRefused { keeper, why } => format!("{keeper}: {}", line(why)),
        Event::Resumed { by, .. } => format!("taken up again by {}", line(by)),
        Event::Found { attempt, found } => format!("{}: {}", whose(attempt), found_words(found)),
        Event::Ended { code, sentence } => format!("ended: {} (exit {code})", line(sentence)),
        _ => return None,
    })
}

fn went_back(how: &BackEnd, left: &[Left]) -> String {
    let left: String = left.iter().fold(String::new(), |lines, left| {
        lines + &format!("; NOT UNDONE: {} on {}: {}", left.step, left.host, line(&left.why))
    });
    match how {
        BackEnd::Complete => format!("went back{left}"),
        BackEnd::PersonNeeded(why) | BackEnd::Failed(why) => {
            format!("stopped going back: {}{left}", line(why))
        }
    }
}

fn line(text: impl AsRef<str>) -> String {
    SafeText::line(text.as_ref()).to_string()
}

fn place(step: &StepId, host: Option<&HostName>) -> String {
    host.map_or_else(|| step.to_string(), |host| format!("{step} {host}"))
}

fn whose(attempt: &AttemptId) -> String {
    let what = match attempt.part {
        Part::Main => String::new(),
        Part::Items => " items".to_owned(),
        Part::Diagnose(index) => format!(" diagnose {}", index + 1),
        Part::Undo => " undo".to_owned(),
        Part::Suggest(index) => format!(" suggest {}", index + 1),
    };
    format!("{} {}{what}", attempt.step, attempt.host)
}

fn part(attempt: &AttemptId) -> String {
    if attempt.number.0 > 1 { format!(", attempt {}", attempt.number) } else { String::new() }
}

fn ended(outcome: &Outcome) -> String {
    let took = show_duration(outcome.took);
    let how = match outcome.exit {
        Some(Exit::Code(code)) => format!("exit {code}"),
        Some(Exit::Signal(signal)) => format!("ended by signal {signal}"),
        Some(Exit::TimedOut) => "timed out".to_owned(),
        Some(Exit::Cancelled) => "was ended".to_owned(),
        None => "answered".to_owned(),
    };
    match &outcome.failure {
        Some(why) => format!("FAILED after {took}: {}", line(why)),
        None => format!("{how} after {took}"),
    }
}

/// What a host says of an attempt that nobody followed.
pub(crate) fn found_words(found: &Found) -> String {
    match found {
        Found::Running => "still runs; it is followed again".to_owned(),
        Found::Ended => "ended while nobody listened".to_owned(),
        Found::NotStarted => "never started, and can no longer start".to_owned(),
        Found::Unknown(why) => format!("OUTCOME UNKNOWN: {}", line(why)),
    }
}

fn lost(loss: &Loss) -> String {
    match loss {
        Loss::NotStarted(why) => format!("never started: {}", line(why)),
        Loss::Unknown(why) => format!("UNKNOWN whether it ran: {}", line(why)),
    }
}

fn about(about: &About) -> String {
    match about {
        About::GoalAtStart | About::GoalAtEnd => "goal".to_owned(),
        About::Preconditions { again: false } => "preconditions".to_owned(),
        About::Preconditions { again: true } => "preconditions, asked again".to_owned(),
        About::Step { step, host, slot, .. } => {
            format!("{} {}", place(step, host.as_ref()), slot_word(*slot))
        }
    }
}

/// What a list of checks is called.
pub(crate) fn slot_word(slot: Slot) -> &'static str {
    match slot {
        Slot::SkipIf => "skip_if",
        Slot::Precondition | Slot::UndoPrecondition => "precondition",
        Slot::Proof => "proof",
        Slot::Again => "asked again after the yes",
        Slot::Checks => "check",
        Slot::Verify | Slot::UndoVerify => "verify",
        Slot::Evidence => "verify, asked as evidence",
        Slot::StopIf => "stop_if",
        Slot::FinishIf => "finish_if",
    }
}

fn verdict_line(verdict: &Verdict) -> String {
    let saw = line(verdict.line());
    match verdict {
        Verdict::Held { .. } => format!("holds: {saw}"),
        Verdict::NotMet { .. } => format!("does not hold: {saw}"),
        Verdict::Error { .. } => format!("no answer: {saw}"),
    }
}

fn status_line(status: StepStatus, why: Option<&str>) -> String {
    let word = match status {
        StepStatus::Failed | StepStatus::Unknown => status.word().to_uppercase(),
        status => status.word().to_owned(),
    };
    why.map_or_else(|| word.clone(), |why| format!("{word}: {}", line(why)))
}

fn topic(topic: &Topic) -> String {
    match topic {
        Topic::Changes => "the changes of the plan".to_owned(),
        Topic::Destroy { step, .. } => format!("{step} is destructive"),
        Topic::Signatures { step, .. } => format!("{step} takes more signatures"),
        Topic::Failure { step, host } => format!("{step} failed on {host}"),
        Topic::Choose { step } => format!("{step} is a choice"),
        Topic::Manual { step } => format!("{step} is done by hand"),
        Topic::GoBack { .. } => "what is undone".to_owned(),
        Topic::Obstacle { step, .. } => format!("{step} stands in the way of going back"),
        Topic::Undo { step, host } => format!("{step} is undone by hand on {host}"),
        Topic::Attest { probe } => format!("{} is attested", about(&probe.about)),
        Topic::Unknown { attempt } => format!("{} is unknown", whose(attempt)),
        Topic::Interrupt => "what becomes of what runs".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use runbook_core::base::Digest;
    use runbook_core::plan::Identity;
    use runbook_core::run::{Back, QuestionId};

    use super::super::samples::{attempt, exited, host, intended, record};
    use super::*;

    fn facts() -> Vec<Event> {
        let step: StepId = "up".parse().unwrap();
        let about = About::Step {
            step: step.clone(),
            host: Some(host("app2")),
            slot: Slot::Verify,
            round: 1,
        };
        let identity = Identity {
            hostname: "app1\u{202e}".to_owned(),
            machine_id: String::new(),
            boot_id: String::new(),
            user: "deploy".to_owned(),
            fingerprint: None,
        };
        let ended = |status, why: &str| Event::HostEnded {
            step: step.clone(),
            host: host("app2"),
            status,
            why: Some(why.to_owned()),
        };
        let digest = Digest::of("");
        vec![
            Event::Connected { host: host("app1"), identity },
            Event::Unreachable { host: host("app3"), why: "timed out\nafter 10s".to_owned() },
            intended(attempt("app1", Part::Main), "up"),
            exited(attempt("app1", Part::Main), 0),
            exited(attempt("app2", Part::Undo), 3),
            Event::Lost {
                attempt: attempt("app2", Part::Main),
                loss: Loss::Unknown("the link was lost".to_owned()),
            },
            Event::InquiryEnded { about, verdict: Verdict::NotMet { saw: "502".to_owned() } },
            ended(StepStatus::Done, "quietly"),
            ended(StepStatus::Unknown, "nobody knows"),
            Event::Asked {
                question: QuestionId(1),
                about: Topic::Destroy { step: step.clone(), hosts: vec![], digest },
            },
            Event::StepEnded {
                step: step.clone(),
                status: StepStatus::Failed,
                why: Some("exit 3".into()),
            },
            Event::UndoBegan { back: Back::Everything, by: None, why: "exit 3\n".into() },
            Event::Undone { step: step.clone(), host: host("app1"), failure: None },
            Event::UndoEnded {
                how: BackEnd::Complete,
                left: vec![Left { step, host: host("app2"), why: "it has no undo".into() }],
            },
            Event::StopAsked { how: "SIGINT".to_owned() },
            Event::Ended { code: 9, sentence: "stopped by SIGINT".to_owned() },
        ]
    }

    #[test]
    fn a_line_an_event() {
        let lines: String = (0..)
            .zip(facts())
            .filter_map(|(second, fact)| draw(&record(second, fact), &TimeZone::UTC, false))
            .collect();
        insta::assert_snapshot!(lines);
    }
}
