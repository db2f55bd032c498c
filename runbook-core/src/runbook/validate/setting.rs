//! How a program runs: `[defaults]`, what is inherited, and what is said, merged into one.

use super::Validation;
use super::names::entries;
use super::scope::{Scope, Sight};
use super::text::borrowed;
use crate::base::{RoleName, Spanned};
use crate::document::{self, Entries, Field};
use crate::runbook::rules::expression::Reading;
use crate::runbook::rules::nearest;
use crate::runbook::step::{Place, Setting, Shell, Sudo};
use crate::template::Template;

/// What `[defaults]` says, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults<'a> {
    /// The place of what says nothing; the only role, where there is one.
    pub(super) place: Option<Place>,
    written: Option<&'a document::Defaults>,
    /// The settings it gives to what is at its place.
    effective: Effective,
}

/// The settings of something that runs, and who reads its scripts.
#[derive(Clone, Debug, Default)]
pub(super) struct Effective {
    pub(super) setting: Setting,
    pub(super) shell: Shell,
}

/// The keys of a setting, wherever they stand.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) cwd: &'a Field<String>,
    pub(super) env: &'a Field<Entries<String>>,
    pub(super) sudo: &'a Field<document::Sudo>,
    pub(super) shell: &'a Field<document::Shell>,
}

/// What is not written.
pub(super) const NO_SHELL: Field<document::Shell> = Field::Absent;

impl<'a> Validation<'a> {
    pub(super) fn all_defaults(&self) -> Defaults<'a> {
        let written = self.document.defaults.value();
        let said = written.and_then(|defaults| self.place(&defaults.on, None));
        let only = match self.roles.keys().collect::<Vec<_>>().as_slice() {
            [only] => Some(Place::Role((*only).clone())),
            _ => None,
        };
        let mut effective = Effective::default();
        if let Some(defaults) = written {
            let nowhere = Scope::new(self, Sight::AllParams, None);
            self.apply(&mut effective, defaults_keys(defaults), &nowhere, false);
        }
        Defaults { place: said.or(only), written, effective }
    }

    /// The place that is written.
    pub(super) fn place(&self, on: &Field<String>, step: Option<usize>) -> Option<Place> {
        let on = on.written()?;
        if on.value == "local" {
            return Some(Place::Local);
        }
        match self.role(borrowed(on), step) {
            Some(role) => Some(Place::Role(role)),
            None => Some(Place::Local),
        }
    }

    /// The role of that name.
    pub(super) fn role(&self, name: Spanned<&str>, step: Option<usize>) -> Option<RoleName> {
        if let Some((role, _)) = self.roles.get_key_value(name.value) {
            return Some(role.clone());
        }
        let known = self.roles.keys().map(AsRef::as_ref).chain(["local"]);
        let mut help = nearest(name.value, known);
        help.push(format!("define it: `[role.{}]`", name.value));
        let message = format!("there is no role `{}`", name.value);
        let complaint = self.complaint("unknown-role", message).at(name.span, "");
        self.report(step, help.into_iter().fold(complaint, crate::base::Diagnostic::help));
        None
    }

    /// What `[defaults]` gives to something at `place`.
    pub(super) fn default_setting(&self, place: &Place) -> Effective {
        let applies = self.defaults.place.as_ref() == Some(place);
        if applies { self.defaults.effective.clone() } else { Effective::default() }
    }

    /// What `[defaults]` says of hosts and time, where it applies.
    pub(super) fn default_filter(&self, place: &Place) -> Option<&'a Field<String>> {
        let applies = self.defaults.place.as_ref() == Some(place);
        self.defaults.written.filter(|_| applies).map(|defaults| &defaults.filter)
    }

    pub(super) fn default_timeout(&self) -> Option<&'a Field<String>> {
        self.defaults.written.map(|defaults| &defaults.timeout)
    }

    /// Whether `[defaults]` itself is sound, said once.
    pub(super) fn check_defaults(&self) {
        let Some(defaults) = self.defaults.written else { return };
        let scope = Scope::new(self, Sight::AllParams, self.defaults.place.clone());
        self.apply(&mut Effective::default(), defaults_keys(defaults), &scope, true);
        self.condition(&defaults.filter, &scope);
        self.duration(&defaults.timeout, &scope);
    }

    /// Puts what is written over what is inherited. Complaints are made only where `aloud`.
    pub(super) fn apply(
        &self,
        effective: &mut Effective,
        keys: Keys<'_>,
        scope: &Scope<'_, '_>,
        aloud: bool,
    ) {
        let template = |text: Spanned<&str>, reading| {
            if aloud { self.template(text, scope, reading) } else { self.parsed(text.value) }
        };
        if let Some(cwd) = keys.cwd.written() {
            effective.setting.cwd = template(borrowed(cwd), Reading::Program);
        }
        for (name, field) in entries(keys.env.value()) {
            if aloud {
                self.check_variable(name, field, scope.step());
            }
            let value = field.written().and_then(|text| template(borrowed(text), Reading::Entry));
            if let Some(value) = value {
                effective.setting.env.insert(name.clone(), value);
            }
        }
        match keys.sudo.written().map(|sudo| (&sudo.value, sudo.span)) {
            Some((document::Sudo::Root(true), _)) => {
                effective.setting.sudo = Some(Sudo { user: Template::literal("root") });
            }
            Some((document::Sudo::Root(false), _)) => effective.setting.sudo = None,
            Some((document::Sudo::User(user), span)) => {
                let user = template(Spanned::new(user.as_str(), span), Reading::Program);
                effective.setting.sudo = user.map(|user| Sudo { user });
            }
            None => {}
        }
        match keys.shell.value() {
            Some(document::Shell::Sh) => effective.shell = Shell::Sh,
            Some(document::Shell::Bash) => effective.shell = Shell::Bash,
            None => {}
        }
    }

    fn check_variable(&self, name: &str, field: &Field<String>, step: Option<usize>) {
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if fits && !name.starts_with("runbook_") {
            return;
        }
        let message = if fits {
            format!("`{name}` is set by the engine")
        } else {
            format!("`{name}` is not a name of a variable")
        };
        let complaint = self.complaint("bad-name", message);
        let complaint = complaint.at(field.key().unwrap_or_default(), "");
        self.report(
            step,
            complaint.help("use letters, digits and `_`, and no `runbook_` before it"),
        );
    }
}

fn defaults_keys(defaults: &document::Defaults) -> Keys<'_> {
    Keys { cwd: &defaults.cwd, env: &defaults.env, sudo: &defaults.sudo, shell: &defaults.shell }
}
