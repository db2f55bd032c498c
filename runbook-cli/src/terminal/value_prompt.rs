//! Asking a person for one value of a parameter until it is one. Must not know what it is for.

use runbook_core::base::{SafeText, Value, ValueName};
use runbook_core::plan::parameter::accept;
use runbook_core::runbook::Param;
use runbook_core::template::Template;

use super::layout::{WIDTH, wrap};
use super::offer::Offer;
use super::prompt::Tty;
use super::shell::Shell;
use super::theme::{BAD, FAINT, STRONG, paint};
use crate::suggestion::did_you_mean;

/// What a person gave: a value, or none where none is needed.
pub(crate) type Given = Option<Value>;

/// Asks until the answer is one; `None` when the person will not answer.
pub(crate) async fn ask(
    shell: &Shell,
    tty: &Tty,
    name: &ValueName,
    param: &Param,
    offer: &Offer,
) -> Option<Given> {
    shell.err(&(question(name, param) + &offer.draw()));
    loop {
        let typed = tty.line(shell).await?;
        let picked = offer.picked(&typed);
        match answer(param, picked.unwrap_or(&typed)) {
            Ok(given) if picked.is_some() => {
                let value = given.as_ref().map(|value| value.text()).unwrap_or_default();
                shell.err(&format!(" {name} = {}\n", SafeText::line(value)));
                return Some(given);
            }
            Ok(given) => return Some(given),
            Err(why) => {
                for line in wrap(&format!("{}: {}", paint(BAD, "no"), why), WIDTH - 2) {
                    shell.err(&format!(" {line}\n"));
                }
            }
        }
    }
}

/// What the text comes to; Enter alone takes the default, or nothing where nothing is needed.
fn answer(param: &Param, typed: &str) -> Result<Given, String> {
    let typed = match (typed, written_default(param)) {
        ("", Some(default)) => default,
        ("", None) if param.optional => return Ok(None),
        ("", None) => return Err("a value is needed; Ctrl-D stops here".to_owned()),
        (typed, _) => typed,
    };
    accept(param, typed).map(Some).map_err(|bad| {
        let choices = param.choices.iter().map(String::as_str);
        let hint =
            did_you_mean(typed, choices).map_or_else(String::new, |hint| format!("; {hint}"));
        SafeText::line(format!("{bad}{hint}")).to_string()
    })
}

/// The default, where it can be shown before it is computed.
fn written_default(param: &Param) -> Option<&str> {
    let default = param.default.as_ref()?;
    default.references().is_empty().then(|| Template::source(default))
}

fn question(name: &ValueName, param: &Param) -> String {
    let asked = param.prompt.as_ref().or(param.help.as_ref());
    let asked = asked.map_or_else(|| format!("{name}?"), |asked| SafeText::line(asked).to_string());
    let mut screen = format!("\n {}  {}\n", paint(STRONG, name), asked);
    let mut hints = vec![param.kind.name().to_owned()];
    hints.extend(
        (!param.choices.is_empty()).then(|| format!("one of {}", param.choices.join(", "))),
    );
    hints.extend(param.example.as_ref().map(|example| format!("such as {example}")));
    match written_default(param) {
        Some(default) => hints.push(format!("Enter takes {default}")),
        None if param.optional => hints.push("Enter leaves it out".to_owned()),
        None => {}
    }
    for line in wrap(SafeText::line(hints.join(" · ")).as_str(), WIDTH - 4) {
        screen += &format!("   {}\n", paint(FAINT, line));
    }
    screen
}

#[cfg(test)]
mod tests {
    use runbook_core::base::ValueType;

    use super::*;

    fn tag() -> Param {
        Param {
            kind: ValueType::Version,
            help: None,
            default: None,
            optional: false,
            prompt: Some("Which tag was good?".to_owned()),
            example: Some("v1.3.9".to_owned()),
            choices: vec!["v1.3.9".to_owned(), "v1.3.8".to_owned()],
            pattern: None,
            min: None,
            max: None,
            role: None,
            suggest: None,
            when: None,
        }
    }

    #[test]
    fn enter_alone_is_a_default_or_nothing_or_no_answer() {
        assert!(answer(&tag(), "").is_err());
        assert_eq!(answer(&Param { optional: true, ..tag() }, ""), Ok(None));
        let default = Template::parse("v1.3.8").ok();
        let given = answer(&Param { default, ..tag() }, "").unwrap();
        assert_eq!(given, Some(Value::Text("v1.3.8".to_owned())));
        let computed = Template::parse("{{ other }}").ok();
        assert!(answer(&Param { default: computed, ..tag() }, "").is_err());
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_might() {
        let why = answer(&tag(), "v1.39").unwrap_err();
        assert_eq!(why, "`v1.39` is none of v1.3.9, v1.3.8; did you mean `v1.3.9`?");
    }

    #[test]
    fn the_question_says_what_fits() {
        let drawn = question(&"tag".parse().unwrap(), &tag());
        insta::assert_snapshot!(anstream::adapter::strip_str(&drawn).to_string());
    }
}
