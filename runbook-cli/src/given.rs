//! The values that were given, from the command line, a file and the environment. Must not know
//! what a runbook does with them.

use std::path::Path;

use indexmap::IndexMap;
use runbook_core::base::StepId;
use runbook_core::plan::Given;
use runbook_core::runbook::{Kind, Runbook};

use crate::cli::Target;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::suggestion::did_you_mean;

/// Collects them.
pub(crate) fn collect(target: &Target, settings: &Settings) -> Result<Given, Failure> {
    let file = target.param_file.as_deref().map(read_file).transpose()?;
    Ok(Given {
        command_line: target.values.iter().map(|text| pair(text)).collect::<Result<_, _>>()?,
        file: file.unwrap_or_default(),
        environment: settings.parameters.clone(),
    })
}

/// The choices that were made in advance; each must be one there is.
pub(crate) fn choices(
    made: &[String],
    runbook: &Runbook,
) -> Result<IndexMap<StepId, String>, Failure> {
    let choices = read_choices(made)?;
    for (step, key) in &choices {
        check_choice(runbook, step, key)?;
    }
    Ok(choices)
}

/// That every choice made in advance is one there is.
fn check_choice(runbook: &Runbook, step: &StepId, key: &str) -> Result<(), Failure> {
    let Some(found) = runbook.step(step) else {
        let ids = runbook.steps.iter().map(|step| step.id.as_str());
        return Err(Failure::usage(format!("--choose: there is no step `{step}`"))
            .lines(did_you_mean(step.as_str(), ids)));
    };
    let Kind::Choose { options, .. } = &found.kind else {
        return Err(Failure::usage(format!("--choose: the step `{step}` is no choice")));
    };
    if options.contains_key(key) {
        return Ok(());
    }
    let keys = options.keys().map(String::as_str);
    Err(Failure::usage(format!("--choose: the step `{step}` has no option `{key}`"))
        .lines(did_you_mean(key, keys.clone()))
        .line(format!("there is {}", keys.collect::<Vec<_>>().join(", "))))
}

fn read_choices(made: &[String]) -> Result<IndexMap<StepId, String>, Failure> {
    let choice = |text: &String| {
        let (step, key) = text.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--choose {text}: this is `--choose STEP=KEY`"))
        })?;
        let step = step.parse().map_err(|error| Failure::usage(format!("--choose: {error}")))?;
        Ok((step, key.to_owned()))
    };
    made.iter().map(choice).collect()
}

fn pair(text: &str) -> Result<(String, String), Failure> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Failure::usage(format!("`{text}` is not a value"))
            .line("values follow the runbook's name as KEY=VALUE, such as `tag=v1.3.9`")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

fn read_file(path: &Path) -> Result<IndexMap<String, Vec<String>>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    of_file(&text).map_err(|why| {
        Failure::usage(format!("{shown} is not a file of values: {why}"))
            .line("it is TOML with a line a parameter: `tag = \"v1.3.9\"`")
    })
}

fn of_file(text: &str) -> Result<IndexMap<String, Vec<String>>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    table.into_iter().map(|(name, value)| Ok((name.clone(), texts(&name, value)?))).collect()
}

/// The text of a value, or those of the items of a list.
fn texts(name: &str, value: toml::Value) -> Result<Vec<String>, String> {
    match value {
        toml::Value::Array(items) => {
            let items = items.into_iter().map(|item| scalar(name, item));
            items.collect()
        }
        one => Ok(vec![scalar(name, one)?]),
    }
}

fn scalar(name: &str, value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(int) => Ok(int.to_string()),
        toml::Value::Float(float) => Ok(float.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        toml::Value::Datetime(time) => Ok(time.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => {
            Err(format!("`{name}` is neither a text, a number, a bool, a time nor a list of them"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert_eq!(pair("url=a=b").unwrap(), ("url".to_owned(), "a=b".to_owned()));
        assert_eq!(pair("note=").unwrap(), ("note".to_owned(), String::new()));
        assert!(pair("v1.3.9").is_err());
    }

    #[test]
    fn a_file_has_texts_and_lists() {
        let file = of_file("tag = \"v1\"\nsize = 3\nhosts = [\"a\", \"b\"]\nok = true\n").unwrap();
        assert_eq!(file["tag"], ["v1"]);
        assert_eq!(file["size"], ["3"]);
        assert_eq!(file["hosts"], ["a", "b"]);
        assert_eq!(file["ok"], ["true"]);
        assert!(of_file("a = { b = 1 }").unwrap_err().contains("`a` is neither"));
        assert!(of_file("a =").is_err());
    }

    #[test]
    fn a_choice_is_a_step_and_a_key() {
        let read = |choice: &str| read_choices(&[choice.to_owned()]);
        assert_eq!(read("path=image").unwrap()["path"], "image");
        assert!(read("path").is_err());
        assert!(read("Path=image").is_err());
    }
}
