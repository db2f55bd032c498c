//! The person at the terminal: every question of a run is put as a screen and a line to answer it
//! with. Enter alone is never a yes. Must not know what an answer leads to.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use runbook_core::base::{HostName, SafeText, StepId, ValueName};
use runbook_core::confirm::{Answering, Asked, Confirmer, Reply};
use runbook_core::drive;
use runbook_core::journal::RunDirectory;
use runbook_core::plan::Destination;
use runbook_core::run::{
    Answer, AttemptId, BackCard, Card, FailureCard, ObstacleCard, Offers, Question,
    SignaturesWanted, UnknownCard,
};

use super::card::{self, Known, Standing};
use super::evidence::Kept;
use super::layout::{WIDTH, count, field, wrap};
use super::live::Live;
use super::offer::Offer;
use super::plan_view::{self, PlanView, environment_name};
use super::prompt::Tty;
use super::shell::Shell;
use super::theme::{LIVE, STRONG, WARN, paint};
use super::{
    back_card, evidence, failure_card, full_output, host_shell, signatures, unknown_card,
    value_prompt, why,
};
use crate::suggestion::did_you_mean;

/// The person at the terminal.
#[derive(Debug)]
pub(crate) struct Person {
    /// Where screens are written.
    pub(crate) shell: Arc<Shell>,
    /// Where answers are read.
    pub(crate) tty: Tty,
    /// What is drawn meanwhile, and where the run stands.
    pub(crate) live: Live,
    /// Who they are.
    pub(crate) name: String,
    /// The day it is.
    pub(crate) today: Date,
    /// Given to `ssh` as `-F`.
    pub(crate) ssh_config: Option<PathBuf>,
    /// What they sign with.
    pub(crate) signing_key: Option<PathBuf>,
    /// Where the run is kept, and requests are laid down.
    pub(crate) directory: Option<RunDirectory>,
}

impl Confirmer for Person {
    fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a> {
        Box::pin(async move {
            let _screen = self.live.pause();
            let answer = self.answer(asked).await;
            Reply { answer, by: self.name.clone() }
        })
    }
}

impl Person {
    async fn answer(&self, asked: &Asked) -> Answer {
        match &asked.question {
            Question::Changes { type_instead, changes, destroys } => {
                self.shell.err(&self.preview(asked));
                self.changes(type_instead.as_deref(), *changes, *destroys).await
            }
            Question::Destroy(card) => self.destroy(asked, card).await,
            Question::Signatures(wanted) => self.signatures(wanted).await,
            Question::Failure(card) => self.failure(asked, card).await,
            Question::GoBack(card) => self.go_back(asked, card).await,
            Question::Obstacle(card) => self.obstacle(asked, card).await,
            Question::Choose { step, text, options } => self.choose(step, text, options).await,
            Question::Manual { step, text, ask, offers } => {
                self.manual(asked, step, text, ask, offers).await
            }
            Question::Attest { step, host, text } => self.attest(step.as_ref(), host, text).await,
            Question::Unknown(card) => self.unknown(asked, card).await,
            Question::Interrupt { running } => self.interrupt(running).await,
            // a question this version cannot show is not answered with a yes
            _ => Answer::No,
        }
    }

    fn preview(&self, asked: &Asked) -> String {
        let view = PlanView {
            plan: &asked.plan,
            preview: &asked.preview,
            today: self.today,
            offline: false,
            diff: false,
            holds_lock: true,
            next: &[],
        };
        format!("\n{}", plan_view::draw(&view))
    }

    async fn changes(&self, instead: Option<&str>, changes: usize, destroys: usize) -> Answer {
        let sum =
            if changes == 0 { String::new() } else { format!(" {}", count(changes, "change")) };
        let later = if destroys == 0 {
            String::new()
        } else {
            format!(" Each of {} has a card of its own later.", count(destroys, "destroy"))
        };
        let word = instead.unwrap_or("yes");
        self.say(&format!(
            "\n Make the{sum}?{later}\n Type  {}  to agree; anything else changes nothing.\n",
            paint(LIVE, word)
        ));
        match (self.line().await, instead) {
            (Some(typed), Some(_)) if !typed.is_empty() => Answer::Typed(vec![typed]),
            (Some(typed), None) if is_yes(&typed) => Answer::Yes,
            _ => Answer::No,
        }
    }

    async fn destroy(&self, asked: &Asked, card: &Card) -> Answer {
        let hosts = known_hosts(asked);
        self.say(&card::draw(card, &standing(asked, &card.step), &hosts));
        self.say(&card::keys(card));
        let mut typed = vec![];
        while typed.len() < card.hosts.len() {
            let wanted = &card.hosts[typed.len()].confirm;
            match self.line().await.as_deref() {
                None | Some("q") => return Answer::Quit,
                Some("s") => return Answer::PassOver,
                Some("v") => self.say(&card::whole(card)),
                Some("e") => self.say(&self.evidence(asked, card)),
                Some("?") => self.say(&why::draw(card)),
                Some("") => self.say(" Nothing was typed: not approved.\n"),
                Some(words) if words == wanted => typed.push(words.to_owned()),
                Some(_) => self.say(&format!(" That is not  {}\n", SafeText::line(wanted))),
            }
        }
        Answer::Typed(typed)
    }

    /// Signs first, where they can, and then waits for others: for a line that is pasted, or one that is
    /// left in the directory of the run.
    async fn signatures(&self, wanted: &SignaturesWanted) -> Answer {
        let request = &wanted.request;
        if wanted.given.is_empty()
            && wanted.refused.is_none()
            && let Some(key) = &self.signing_key
        {
            self.say(&format!(
                " Signing with this key:\n   {}\n",
                SafeText::line(key.display().to_string())
            ));
            match drive::sign(request.digest(), key).await {
                Ok(handed) => return Answer::Handed(handed.to_text()),
                Err(why) => self.say(&format!(" {}\n", SafeText::line(why))),
            }
        }
        let text = request.to_text();
        let laid = self.directory.as_ref().map(|directory| directory.leave_request(&text));
        let _laid = Laid(self.directory.as_ref());
        let file = match laid {
            Some(Ok(path)) => Some(path),
            Some(Err(error)) => {
                self.say(&format!(" {}\n", SafeText::line(error.to_string())));
                None
            }
            None => None,
        };
        self.say(&signatures::draw(wanted, file.as_deref(), &TimeZone::system()));
        let expired = tokio::time::sleep(signatures::left(request.terms.expires));
        tokio::pin!(expired);
        loop {
            let typed = tokio::select! {
                () = &mut expired => {
                    self.say("\n Nobody signed in time.\n");
                    return Answer::No;
                }
                left = self.left() => {
                    self.say("\n");
                    return Answer::Handed(left);
                }
                typed = self.line() => typed,
            };
            match typed.as_deref() {
                None | Some("q") => return Answer::Quit,
                Some("s") => return Answer::PassOver,
                Some("r") => self.say(&format!("\n{text}")),
                Some("") => {}
                Some(typed) => match signatures::handed(typed) {
                    Ok(answer) => return Answer::Handed(answer),
                    Err(why) => self.say(&format!(" {}\n", SafeText::line(why))),
                },
            }
        }
    }

    /// An answer that is left in the directory of the run.
    async fn left(&self) -> String {
        loop {
            tokio::time::sleep(signatures::LOOK_EVERY).await;
            if let Some(Ok(Some(answer))) = self.directory.as_ref().map(RunDirectory::take_answer) {
                return answer;
            }
        }
    }

    fn evidence(&self, asked: &Asked, card: &Card) -> String {
        let kept = Kept { outputs: asked.outputs.as_deref(), run: asked.plan.run.id.as_str() };
        self.live.look(|progress| evidence::draw(card, &asked.plan.runbook, progress, &kept))
    }

    /// A shell on the host of a card.
    async fn shell(&self, asked: &Asked, host: &HostName) {
        let known = asked.plan.hosts.get(host).map(|host| &host.destination);
        let (destination, config) =
            (known.unwrap_or(&Destination::Local), self.ssh_config.as_deref());
        host_shell::open(&self.shell, &self.tty, host, destination, config).await;
    }

    async fn failure(&self, asked: &Asked, card: &FailureCard) -> Answer {
        if card.shell {
            self.shell(asked, &card.host).await;
        }
        let standing = standing(asked, &card.step);
        self.say(&self.live.look(|progress| failure_card::draw(card, &standing, progress)));
        self.say(&failure_card::keys(card));
        loop {
            match self.line().await.as_deref() {
                None | Some("q") => return Answer::Quit,
                Some("r") if card.may.retry => return Answer::Retry,
                Some("u") if card.may.undo => return Answer::Undo,
                Some("b") if card.back.is_some() => {
                    if let Some(answer) = self.back_from_failure(asked, card).await {
                        return answer;
                    }
                    self.say(&failure_card::keys(card));
                }
                Some("s") if card.may.pass_over => return Answer::PassOver,
                Some("o") => return Answer::Shell,
                Some("f") => {
                    let attempts =
                        self.live.look(|progress| progress.attempts(&card.step, &card.host));
                    self.say(&full_output::draw(asked.outputs.as_deref(), &attempts));
                }
                _ => self.say(&failure_card::keys(card)),
            }
        }
    }

    /// What going back would undo is shown first; what is not agreed to leads back to the options.
    async fn back_from_failure(&self, asked: &Asked, card: &FailureCard) -> Option<Answer> {
        let back = card.back.as_ref()?;
        self.say(&back_card::draw(back, &environment_name(&asked.plan)));
        self.say(&back_card::keys(back));
        let typed = self.line().await?;
        let agreed = match &back.type_instead {
            Some(word) => typed == *word,
            None => is_yes(&typed),
        };
        let typed = back.type_instead.clone().unwrap_or_else(|| "yes".to_owned());
        agreed.then_some(Answer::GoBack { typed, chain: back.digest })
    }

    async fn go_back(&self, asked: &Asked, card: &BackCard) -> Answer {
        self.say(&back_card::draw(card, &environment_name(&asked.plan)));
        self.say(&back_card::keys(card));
        match (self.line().await, &card.type_instead) {
            (Some(typed), Some(_)) if !typed.is_empty() => Answer::Typed(vec![typed]),
            (Some(typed), None) if is_yes(&typed) => Answer::Yes,
            _ => Answer::No,
        }
    }

    async fn obstacle(&self, asked: &Asked, card: &ObstacleCard) -> Answer {
        self.say(&back_card::obstacle(card, &environment_name(&asked.plan)));
        loop {
            self.say(&back_card::obstacle_keys(card));
            match self.line().await.as_deref() {
                None | Some("q") => return Answer::Quit,
                Some("u") if card.may_undo => return Answer::Undo,
                Some("s") => return Answer::PassOver,
                _ => {}
            }
        }
    }

    async fn choose(
        &self,
        step: &StepId,
        text: &str,
        options: &IndexMap<String, (String, bool)>,
    ) -> Answer {
        self.heading(step.as_str(), text);
        let quit = (!options.contains_key("q")).then_some("q");
        let keys = options.keys().map(String::as_str).chain(quit);
        let width = keys.map(|key| key.chars().count()).max().unwrap_or(0);
        let line =
            |key: &str, what: &str| field(&format!("  {}", paint(LIVE, key)), width + 4, what);
        for (key, (label, stops)) in options {
            let stops = if *stops { paint(WARN, "  (ends the run)") } else { String::new() };
            self.say(&line(key, &format!("{}{stops}", SafeText::line(label))));
        }
        if let Some(quit) = quit {
            self.say(&line(quit, "stop here"));
        }
        loop {
            match self.line().await {
                None => return Answer::Quit,
                Some(key) if options.contains_key(&key) => return Answer::Chosen(key),
                Some(key) if Some(key.as_str()) == quit => return Answer::Quit,
                Some(key) => {
                    let keys = options.keys().map(String::as_str);
                    let hint =
                        did_you_mean(&key, keys).unwrap_or_else(|| "type one of the keys".into());
                    self.say(&format!(" {hint}\n"));
                }
            }
        }
    }

    async fn manual(
        &self,
        asked: &Asked,
        step: &StepId,
        text: &str,
        ask: &[ValueName],
        offers: &Offers,
    ) -> Answer {
        self.heading(step.as_str(), text);
        let params = asked.plan.runbook.step(step).map(|step| &step.ask);
        let mut values = vec![];
        for name in ask {
            let Some(param) = params.and_then(|params| params.get(name)) else { continue };
            let found = offers.get(name).cloned();
            let offer = found.map(|found| Offer::or_say(found, name, &self.shell));
            let offer = offer.unwrap_or_default();
            match value_prompt::ask(&self.shell, &self.tty, name, param, &offer).await {
                Some(value) => values.push((name.clone(), value)),
                None => return Answer::Quit,
            }
        }
        self.say(&format!(
            "\n Type  {}  when it is done,  {}  to stop here.\n",
            paint(LIVE, "done"),
            paint(LIVE, "q")
        ));
        loop {
            match self.line().await.as_deref() {
                None | Some("q") => return Answer::Quit,
                Some("done") => return Answer::Done(values),
                Some(_) => self.say(" Type  done  or  q\n"),
            }
        }
    }

    async fn attest(&self, step: Option<&StepId>, host: &HostName, text: &str) -> Answer {
        let whose = step.map_or("this run", StepId::as_str);
        let place = if *host == HostName::local() { String::new() } else { format!(" · {host}") };
        self.heading(&format!("{whose}{place}"), text);
        self.say(&format!(" {}  if that is so; anything else is a no.\n", paint(LIVE, "yes")));
        match self.line().await {
            Some(typed) if is_yes(&typed) => Answer::Yes,
            _ => Answer::No,
        }
    }

    async fn unknown(&self, asked: &Asked, card: &UnknownCard) -> Answer {
        self.say(&unknown_card::draw(card, &standing(asked, &card.attempt.step)));
        loop {
            self.say(&unknown_card::keys(card));
            match self.line().await.as_deref() {
                None | Some("q") => return Answer::Quit,
                Some("a") => return Answer::Accept,
                Some("r") => return Answer::Again,
                Some("w") if card.may_seek => return Answer::Seek,
                _ => {}
            }
        }
    }

    async fn interrupt(&self, running: &[AttemptId]) -> Answer {
        self.say(&unknown_card::halt(running));
        match self.line().await.as_deref() {
            Some("w") => Answer::Wait,
            Some("k") => Answer::Cancel,
            Some("g") => Answer::GoOn,
            _ => Answer::Quit,
        }
    }

    fn heading(&self, about: &str, text: &str) {
        let mut screen = format!("\n {}\n", paint(STRONG, about));
        for line in wrap(SafeText::of(text).as_str().trim_end(), WIDTH - 2) {
            screen += format!("  {line}").trim_end();
            screen.push('\n');
        }
        self.say(&screen);
    }

    fn say(&self, text: &str) {
        self.shell.err(text);
    }

    async fn line(&self) -> Option<String> {
        self.tty.line(&self.shell).await
    }
}

/// A request that is there for as long as it is waited with.
struct Laid<'a>(Option<&'a RunDirectory>);

impl Drop for Laid<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|directory| directory.withdraw_request());
    }
}

fn is_yes(typed: &str) -> bool {
    matches!(typed, "y" | "yes")
}

fn known_hosts(asked: &Asked) -> Vec<Known<'_>> {
    let hosts = asked.preview.hosts.iter();
    hosts.map(|(name, who)| (name, asked.plan.hosts.get(name), who.as_ref())).collect()
}

fn standing(asked: &Asked, step: &StepId) -> Standing {
    let steps = &asked.plan.runbook.steps;
    Standing {
        number: steps.iter().position(|known| known.id == *step).map_or(0, |at| at + 1),
        of: steps.len(),
        environment: environment_name(&asked.plan),
    }
}
