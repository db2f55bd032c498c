//! `runbook list`: the runbooks there are, with when to take each. Executes nothing.

use runbook_core::base::SafeText;
use runbook_core::document::{Field, RunbookDocument};
use serde::Serialize;

use crate::catalogue::Entry;
use crate::cli::{List, OutputForm};
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::terminal::layout::field;
use crate::terminal::theme::{FAINT, STRONG, paint};

/// A runbook as it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    /// What it is run by.
    pub(crate) name: String,
    /// What it does.
    pub(crate) title: String,
    /// When to take it.
    pub(crate) use_when: Option<String>,
    /// When not to.
    pub(crate) not_when: Option<String>,
    /// Words to find it by.
    pub(crate) tags: Vec<String>,
    /// Where it is from.
    pub(crate) from: String,
}

/// Runs the verb.
pub(crate) fn run(list: &List, session: &Session) -> ExitCode {
    let all = listed(session);
    let with_tag = |listed: &&Listed| {
        list.tag.as_ref().is_none_or(|tag| listed.tags.iter().any(|known| known == tag))
    };
    let chosen: Vec<&Listed> = all.iter().filter(with_tag).collect();
    match session.settings.output {
        OutputForm::Human if chosen.is_empty() => session.shell.err(&nothing(list, &all)),
        OutputForm::Human => session.shell.out(&draw(&chosen)),
        OutputForm::Json => session.json(&chosen),
        OutputForm::Jsonl => chosen.iter().for_each(|listed| session.json_line(listed)),
    }
    ExitCode::Success
}

/// Every runbook there is; one that cannot be read says so.
pub(crate) fn listed(session: &Session) -> Vec<Listed> {
    session.catalogue().entries().iter().map(one).collect()
}

fn one(entry: &Entry) -> Listed {
    let shown = entry.shown();
    let mut listed = Listed {
        name: entry.name.clone(),
        title: format!("(cannot be read: `runbook check {shown}`)"),
        use_when: None,
        not_when: None,
        tags: vec![],
        from: shown,
    };
    let Ok(text) = entry.read() else { return listed };
    let document = RunbookDocument::parse(text.source).document;
    let said = |field: &Field<String>| field.value().cloned();
    if let Some(title) = said(&document.title) {
        listed.title = title;
    }
    listed.use_when = said(&document.use_when);
    listed.not_when = said(&document.not_when);
    let tags = document.tags.value().map(|tags| tags.0.iter().map(|tag| tag.value.clone()));
    listed.tags = tags.into_iter().flatten().collect();
    listed
}

fn draw(listed: &[&Listed]) -> String {
    listed.iter().fold(String::new(), |screen, listed| {
        let mut screen = screen + &line(listed, listed.name.chars().count());
        for (label, sentence) in [("when: ", &listed.use_when), ("not when: ", &listed.not_when)] {
            if let Some(sentence) = sentence {
                screen += &field(&paint(FAINT, format!("     {label}")), 15, &safe(sentence));
            }
        }
        screen
    })
}

/// A line a runbook.
pub(crate) fn lines(listed: &[Listed]) -> String {
    let names = listed.iter().map(|listed| listed.name.chars().count());
    let width = names.max().unwrap_or(0).min(28);
    listed.iter().map(|listed| line(listed, width)).collect()
}

fn line(listed: &Listed, width: usize) -> String {
    let name = format!(" {}", paint(STRONG, safe(&listed.name)));
    field(&name, width.max(listed.name.chars().count()) + 3, &safe(&listed.title))
}

fn safe(text: &str) -> String {
    SafeText::line(text).to_string()
}

fn nothing(list: &List, all: &[Listed]) -> String {
    let Some(tag) = &list.tag else { return "There are no runbooks here yet.\n".to_owned() };
    let mut tags: Vec<&str> =
        all.iter().flat_map(|listed| &listed.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    let known = match tags.is_empty() {
        true => "none has any tag".to_owned(),
        false => format!("there is {}", tags.join(", ")),
    };
    format!("No runbook has the tag `{}`: {known}.\n", SafeText::line(tag))
}
