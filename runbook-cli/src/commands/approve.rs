//! `runbook approve`: shows what another person asks for, exactly, and signs it. Sends nothing, and asks
//! no host: what it shows is what it signs.

use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use runbook_core::base::SafeText;
use runbook_core::drive;
use runbook_core::journal::{RunDirectory, Store};
use runbook_core::run::Request;

use crate::cli::{Approve, OutputForm};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::signals::Signals;
use crate::terminal::card::{self, Known, Standing};
use crate::terminal::layout::field;
use crate::terminal::prompt::Tty;

/// The most that is read of a request.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Runs the verb.
pub(crate) async fn run(approve: &Approve, session: &Session) -> Result<ExitCode, Failure> {
    let mut signals =
        Signals::listen().map_err(|error| crate::failure::cannot("listen to signals", &error))?;
    let (text, directory) = read(&approve.request, session)?;
    let request = Request::parse(&text).map_err(|error| {
        Failure::usage(format!("{}: {error}", approve.request))
            .line("Ask for it again, as a file or as text from BEGIN to END.")
    })?;
    still_stands(&request, session)?;
    let key = approve.key.as_ref().or(session.settings.signing_key.as_ref()).ok_or_else(|| {
        Failure::usage("there is no key to sign with").line("name one with --key FILE")
    })?;
    let Some(tty) = session.person() else {
        return Err(Failure::new(ExitCode::PersonNeeded, "a person approves, at a terminal")
            .line("Nothing was signed."));
    };
    if !signals.or_stop(async { Ok(is_approved(&request, session, &tty).await) }).await? {
        return Err(
            Failure::new(ExitCode::PersonNeeded, "it was not approved").line("Nothing was signed.")
        );
    }
    still_stands(&request, session)?;
    session.shell.err(&format!(
        " Signing with this key:\n   {}\n",
        SafeText::line(key.display().to_string())
    ));
    let handed = drive::sign(request.digest(), key)
        .await
        .map_err(|why| Failure::new(ExitCode::Failed, why).line("Nothing was signed."))?;
    let answer = handed.to_text();
    let left = directory.is_some_and(|directory| directory.leave_answer(&answer).is_ok());
    session.shell.err(match left {
        true => " Signed, and left for the run that waits; this is the same line:\n",
        false => " Signed. Give this line to whoever asked:\n",
    });
    match session.settings.output {
        OutputForm::Human => session.shell.out(&(answer + "\n")),
        OutputForm::Json => session.json(&handed),
        OutputForm::Jsonl => session.json_line(&handed),
    }
    Ok(ExitCode::Success)
}

/// The text of the request, and the directory of its run where it was found there.
fn read(named: &str, session: &Session) -> Result<(String, Option<RunDirectory>), Failure> {
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot read {named}: {error}"));
    let mut text = String::new();
    if named == "-" {
        std::io::stdin().take(LONGEST).read_to_string(&mut text).map_err(cannot)?;
        return Ok((text, None));
    }
    if Path::new(named).is_file() {
        let file = std::fs::File::open(named).map_err(cannot)?;
        file.take(LONGEST).read_to_string(&mut text).map_err(cannot)?;
        return Ok((text, None));
    }
    let store = Store::at(&session.settings.places);
    let directory = store.find(Some(named)).map_err(|_| {
        Failure::usage(format!("`{named}` is neither a file with a request nor a run"))
            .line("`runbook approve -` reads what is pasted, up to Ctrl-D")
    })?;
    let waiting = directory.request().map_err(|error| Failure::usage(error.to_string()))?;
    let text = waiting.ok_or_else(|| {
        Failure::usage(format!("run {} waits for nobody's signature", directory.id()))
    })?;
    Ok((text, Some(directory)))
}

fn still_stands(request: &Request, session: &Session) -> Result<(), Failure> {
    if request.terms.stands(Timestamp::now()) {
        return Ok(());
    }
    let zone = session.now.time_zone().clone();
    let until = request.terms.expires.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    Err(Failure::new(ExitCode::Stale, format!("this request stood for 15 minutes, until {until}"))
        .line("Nothing was signed. The card is shown again to whoever asked: get the new request."))
}

/// Shows exactly what is signed, and takes the words that approve it.
async fn is_approved(request: &Request, session: &Session, tty: &Tty) -> bool {
    let card = &request.card;
    let say = |text: &str| session.shell.err(text);
    let environment =
        card.environment.as_ref().map_or_else(String::new, |name| name.as_str().to_uppercase());
    let standing = Standing { number: 0, of: 0, environment };
    let hosts: Vec<Known<'_>> =
        card.hosts.iter().map(|host| (&host.host, None, host.identity.as_ref())).collect();
    say(&card::draw(card, &standing, &hosts));
    let asks = format!("{}, in run {} of {}", request.terms.by, card.run, card.runbook);
    say(&field("Asks", 9, SafeText::line(asks).as_str()));
    say(&field("Runbook", 9, &format!("{} {}", SafeText::line(&card.runbook), card.text.short())));
    say(&field("People", 9, &format!("{} sign this", request.terms.needed)));
    let zone = session.now.time_zone().clone();
    let until = request.terms.expires.to_zoned(zone).strftime("%H:%M:%S").to_string();
    say(&field("Until", 9, &until));
    say(&card::whole(card));
    say(&card::keys_of_another(card));
    let mut typed = vec![];
    while typed.len() < card.hosts.len() {
        let wanted = &card.hosts[typed.len()].confirm;
        match tty.line(&session.shell).await.as_deref() {
            None | Some("q") => return false,
            Some("v") => say(&card::whole(card)),
            Some("") => say(" Nothing was typed: not approved.\n"),
            Some(words) if words == wanted => typed.push(words.to_owned()),
            Some(_) => say(&format!(" That is not  {}\n", SafeText::line(wanted))),
        }
    }
    card.is_typed(&typed)
}
