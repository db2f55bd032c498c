//! `runbook show`: what a runbook is for, what it needs to know, what it does, and its text.
//! Executes nothing.

use runbook_core::base::SafeText;
use runbook_core::runbook::{Param, Runbook};
use serde::Serialize;

use super::show_plan;
use crate::cli::{OutputForm, Show};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::loading;
use crate::planned;
use crate::session::Session;
use crate::terminal::layout::{WIDTH, cut, field, pad};
use crate::terminal::theme::{BAD, FAINT, STRONG, paint};

/// Runs the verb.
pub(crate) fn run(show: &Show, session: &Session) -> Result<ExitCode, Failure> {
    if let Some(file) = planned::named(&show.name)? {
        return show_plan::run(&file, session);
    }
    let text = session.catalogue().find(&show.name)?.read()?;
    let loaded = loading::runbook(text, session.today());
    let source = std::sync::Arc::clone(&loaded.source);
    let runbook = loaded.or_complain(&session.shell)?;
    match session.settings.output {
        OutputForm::Human => {
            let text = SafeText::of(&source.text);
            session.shell.out(&format!(
                "{}\n{}\n{text}",
                draw(&runbook),
                paint(FAINT, &source.name)
            ));
        }
        OutputForm::Json => session.json(&Shown::of(&runbook)),
        OutputForm::Jsonl => session.json_line(&Shown::of(&runbook)),
    }
    Ok(ExitCode::Success)
}

fn draw(runbook: &Runbook) -> String {
    let mut screen = format!(" {}   {}\n", paint(STRONG, &runbook.name), line(&runbook.title));
    let owner = runbook.owner.as_deref();
    let tested = runbook.tested_on.as_deref();
    let sentences = [
        ("Use when", runbook.use_when.as_deref()),
        ("Not when", runbook.not_when.as_deref()),
        ("About", runbook.description.as_deref()),
        ("Owner", owner),
        ("Tested on", tested),
    ];
    for (label, sentence) in sentences {
        if let Some(sentence) = sentence {
            screen += &field(label, 11, SafeText::of(sentence).as_str().trim());
        }
    }
    screen += &params(runbook);
    screen += &roles(runbook);
    screen + &steps(runbook)
}

fn params(runbook: &Runbook) -> String {
    if runbook.params.is_empty() {
        return String::new();
    }
    let width = runbook.params.keys().map(|name| name.as_str().len()).max().unwrap_or(0) + 2;
    runbook.params.iter().fold("\n Parameters\n".to_owned(), |screen, (name, param)| {
        screen + &field(&format!("  {name}"), width + 2, &param_line(param))
    })
}

fn param_line(param: &Param) -> String {
    let mut words = vec![param.kind.name().to_owned()];
    let need = match (&param.default, param.optional) {
        (Some(default), _) => format!("default {}", default.source()),
        (None, true) => "optional".to_owned(),
        (None, false) => "needed".to_owned(),
    };
    words.push(need);
    words.extend(
        (!param.choices.is_empty()).then(|| format!("one of {}", param.choices.join(", "))),
    );
    words.extend(param.help.clone().or_else(|| param.prompt.clone()));
    words.extend(param.example.as_ref().map(|example| format!("such as {example}")));
    line(&words.join(" · "))
}

fn roles(runbook: &Runbook) -> String {
    if runbook.roles.is_empty() {
        return String::new();
    }
    runbook.roles.iter().fold("\n Roles\n".to_owned(), |screen, (name, role)| {
        let number = match (role.min, role.max) {
            (None, None) => String::new(),
            (min, None) => format!("at least {}  ", min.unwrap_or(0)),
            (None, Some(max)) => format!("at most {max}  "),
            (Some(min), Some(max)) if min == max => format!("exactly {min}  "),
            (Some(min), Some(max)) => format!("{min} to {max}  "),
        };
        screen
            + &field(
                &format!("  {name}"),
                12,
                &format!("{number}{}", line(role.help.as_deref().unwrap_or(""))),
            )
    })
}

fn steps(runbook: &Runbook) -> String {
    let width = runbook.steps.iter().map(|step| step.id.as_str().len()).max().unwrap_or(0).min(20);
    runbook.steps.iter().enumerate().fold("\n Steps\n".to_owned(), |screen, (at, step)| {
        let title = step.title.as_ref().map_or_else(String::new, |title| line(title.source()));
        let verb = step.kind.verb();
        let painted = if verb == "destroy" { paint(BAD, "DESTROY") } else { verb.to_owned() };
        let row =
            format!("{:>4}  {}  {}{title}", at + 1, pad(step.id.as_str(), width), pad(&painted, 9));
        screen + cut(&row, WIDTH).trim_end() + "\n"
    })
}

fn line(text: &str) -> String {
    SafeText::line(text).to_string()
}

/// A runbook, for a program.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    title: &'a str,
    use_when: Option<&'a str>,
    not_when: Option<&'a str>,
    digest: String,
    source: &'a str,
    parameters: Vec<ShownParam<'a>>,
    roles: Vec<&'a str>,
    steps: Vec<ShownStep<'a>>,
}

#[derive(Serialize)]
struct ShownParam<'a> {
    name: &'a str,
    r#type: &'static str,
    needed: bool,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct ShownStep<'a> {
    id: &'a str,
    verb: &'static str,
    title: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(runbook: &'a Runbook) -> Self {
        let param = |(name, param): (&'a runbook_core::base::ValueName, &'a Param)| ShownParam {
            name: name.as_str(),
            r#type: param.kind.name(),
            needed: param.default.is_none() && !param.optional,
            help: param.help.as_deref(),
        };
        Self {
            name: &runbook.name,
            title: &runbook.title,
            use_when: runbook.use_when.as_deref(),
            not_when: runbook.not_when.as_deref(),
            digest: runbook.digest.to_string(),
            source: &runbook.source.text,
            parameters: runbook.params.iter().map(param).collect(),
            roles: runbook.roles.keys().map(AsRef::as_ref).collect(),
            steps: runbook.steps.iter().map(ShownStep::of).collect(),
        }
    }
}

impl<'a> ShownStep<'a> {
    fn of(step: &'a runbook_core::runbook::Step) -> Self {
        let title = step.title.as_ref().map(runbook_core::template::Template::source);
        Self { id: step.id.as_str(), verb: step.kind.verb(), title }
    }
}
