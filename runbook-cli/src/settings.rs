//! What the flags and the environment come to, decided once. Must not know what a verb does.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use indexmap::IndexMap;
use runbook_core::journal::Places;

use crate::cli::{Everywhere, OutputForm, When};
use crate::failure::Failure;

/// The prefix of variables that carry parameters: `RUNBOOK_PARAM_TAG` is `tag`.
const PARAMETER: &str = "RUNBOOK_PARAM_";

/// What holds for the whole command.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// What stdout carries.
    pub(crate) output: OutputForm,
    /// When to use colour.
    pub(crate) color: When,
    /// Nobody is to be asked.
    pub(crate) no_input: bool,
    /// A line an event instead of a picture, even on a terminal.
    pub(crate) lines_only: bool,
    /// Results and failures only.
    pub(crate) quiet: bool,
    /// How much more to show.
    pub(crate) verbose: u8,
    /// Given to ssh as `-F`.
    pub(crate) ssh_config: Option<PathBuf>,
    /// The key that the user signs requests with; none where no usual one is there either.
    pub(crate) signing_key: Option<PathBuf>,
    /// The user's home.
    pub(crate) home: PathBuf,
    /// Values of parameters, by the rest of the variable's name.
    pub(crate) parameters: IndexMap<String, String>,
    /// Who starts runs.
    pub(crate) operator: String,
    /// Where the user's `hosts.toml` is.
    pub(crate) configuration: PathBuf,
    /// Where the user's `runbooks/` is.
    pub(crate) data: PathBuf,
    /// Where runs are recorded.
    pub(crate) places: Places,
}

impl Settings {
    /// What `flags` and `environment` come to.
    pub(crate) fn of(flags: &Everywhere, environment: &Environment) -> Result<Self, Failure> {
        let ci = environment.is_set("CI");
        let ssh_config = flags.ssh_config.clone();
        let base = etcetera::base_strategy::Xdg::new().map_err(|_| {
            Failure::usage("no home directory: neither HOME nor the user database names one")
        })?;
        Ok(Self {
            output: flags.output,
            color: environment.colour(flags.color),
            no_input: flags.no_input || ci,
            lines_only: ci || environment.text("TERM").as_deref() == Some("dumb"),
            quiet: flags.quiet,
            verbose: flags.verbose,
            ssh_config: ssh_config.or_else(|| environment.path("RUNBOOK_SSH_CONFIG")),
            signing_key: environment
                .path("RUNBOOK_SIGNING_KEY")
                .or_else(|| usual_key(&base.home_dir().join(".ssh"))),
            home: base.home_dir().to_owned(),
            parameters: environment.parameters(),
            operator: environment.operator(),
            configuration: base.config_dir().join("runbook"),
            data: base.data_dir().join("runbook"),
            places: Places {
                chosen: flags.state_dir.clone(),
                xdg_state_home: environment.path("XDG_STATE_HOME"),
                home: Some(base.home_dir().to_owned()),
                ..Places::default()
            },
        })
    }
}

/// The first of the keys that `ssh` takes unless told otherwise.
fn usual_key(directory: &Path) -> Option<PathBuf> {
    let names = ["id_ed25519", "id_ecdsa", "id_ed25519_sk", "id_ecdsa_sk", "id_rsa"];
    names.into_iter().map(|name| directory.join(name)).find(|path| path.is_file())
}

/// The variables the command was started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Those of this process. A name that is no UTF-8 is none of ours.
    pub(crate) fn of_process() -> Self {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self(std::env::vars_os().filter_map(named).collect())
    }

    fn is_set(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty())?.clone().into_string().ok()
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// The flag wins; then `NO_COLOR`, whatever its value, as <https://no-color.org> has it.
    fn colour(&self, flag: When) -> When {
        let no_colour = self.0.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        match flag {
            When::Auto if no_colour => When::Never,
            flag => flag,
        }
    }

    fn operator(&self) -> String {
        let name = ["USER", "LOGNAME"].iter().find_map(|name| self.text(name));
        name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
    }

    fn parameters(&self) -> IndexMap<String, String> {
        let parameter = |(name, value): (&String, &OsString)| {
            let name = name.strip_prefix(PARAMETER)?.to_owned();
            Some((name, value.clone().into_string().ok()?))
        };
        self.0.iter().filter_map(parameter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment(variables.iter().map(|(n, v)| ((*n).to_owned(), OsString::from(v))).collect())
    }

    fn settings(flags: &Everywhere, variables: &[(&str, &str)]) -> Settings {
        Settings::of(flags, &environment(variables)).unwrap()
    }

    #[test]
    fn ci_asks_nobody_and_draws_no_picture() {
        let there = settings(&Everywhere::default(), &[("CI", "true")]);
        assert!(there.no_input && there.lines_only);
        let here = settings(&Everywhere::default(), &[("CI", "")]);
        assert!(!here.no_input && !here.lines_only);
    }

    #[test]
    fn the_flag_for_colour_wins_over_no_color() {
        let auto = Everywhere::default();
        let always = Everywhere { color: When::Always, ..Everywhere::default() };
        assert_eq!(settings(&auto, &[("NO_COLOR", "1")]).color, When::Never);
        assert_eq!(settings(&auto, &[("NO_COLOR", "")]).color, When::Auto);
        assert_eq!(settings(&always, &[("NO_COLOR", "1")]).color, When::Always);
    }

    #[test]
    fn the_ssh_config_and_parameters_come_from_variables_too() {
        let variables = [("RUNBOOK_SSH_CONFIG", "/a"), ("RUNBOOK_PARAM_BAD_TAG", "v1")];
        let there = settings(&Everywhere::default(), &variables);
        assert_eq!(there.ssh_config.as_deref(), Some(Path::new("/a")));
        assert_eq!(there.parameters.get("BAD_TAG").map(String::as_str), Some("v1"));
        let flag = Everywhere { ssh_config: Some("/b".into()), ..Everywhere::default() };
        assert_eq!(settings(&flag, &variables).ssh_config.as_deref(), Some(Path::new("/b")));
    }

    #[test]
    fn the_state_directory_can_be_said() {
        let flag = Everywhere { state_dir: Some("/s".into()), ..Everywhere::default() };
        assert_eq!(settings(&flag, &[]).places.chosen.as_deref(), Some(Path::new("/s")));
    }
}
