//! An approval in advance: what a plan foresees of a destroy, the code that it prints for it, and what
//! became of a code that was typed. Knows no clock and no file.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::question::Card;
use crate::base::{Digest, EnvName, HostName, StepId};

/// How many characters a code has: 60 bits.
const LENGTH: usize = 12;

/// What a plan foresees of a destroy on all of its hosts. It holds neither the run nor an attempt:
/// there is none yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// The runbook.
    pub runbook: String,
    /// The digest of its text.
    pub text: Digest,
    /// The environment.
    pub environment: Option<EnvName>,
    /// The step.
    pub step: StepId,
    /// Its hosts, in order.
    pub hosts: Vec<HostOutlook>,
}

/// What a plan foresees of a destroy on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostOutlook {
    /// The host.
    pub host: HostName,
    /// Digests of what is bound, by what a person calls it.
    pub parts: IndexMap<String, Digest>,
    /// What it would act on; none where it has no list.
    pub items: Option<Vec<String>>,
}

impl Outlook {
    /// The digest of all of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        json(self)
    }

    /// How what is true now differs; none when it does not.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        if (&self.runbook, self.text) != (&now.runbook, now.text) {
            return Some("the runbook is not the one that was planned".to_owned());
        }
        if self.environment != now.environment || self.step != now.step {
            return Some("it is for another step or environment".to_owned());
        }
        let names = |outlook: &Self| -> Vec<String> {
            outlook.hosts.iter().map(|host| host.host.to_string()).collect()
        };
        if names(self) != names(now) {
            let (then, now) = (names(self).join(" "), names(now).join(" "));
            return Some(format!("it was planned on {then}, and is on {now} now"));
        }
        self.hosts.iter().zip(&now.hosts).find_map(|(then, now)| then.difference(now))
    }

    /// What was foreseen of a host.
    #[must_use]
    pub fn host(&self, host: &HostName) -> Option<&HostOutlook> {
        self.hosts.iter().find(|outlook| outlook.host == *host)
    }
}

fn json(value: &impl Serialize) -> Digest {
    Digest::of(serde_json::to_vec(value).expect("it is text in lists"))
}

impl HostOutlook {
    /// What a card of this one host binds, without the run and the attempt.
    #[must_use]
    pub fn of(card: &Card) -> Option<Self> {
        let [host] = &card.hosts[..] else { return None };
        let texts = (&card.title, &card.undo_line, &card.proof, &host.affects, &host.loses);
        let parts = [
            ("identity", json(&host.identity)),
            ("program or values", json(&host.payload)),
            ("items", json(&host.items)),
            ("words to type", Digest::of(&host.confirm)),
            ("text of the card", json(&texts)),
        ];
        Some(Self {
            host: host.host.clone(),
            parts: parts.into_iter().map(|(name, digest)| (name.to_owned(), digest)).collect(),
            items: host.items.clone(),
        })
    }

    /// How what is true now differs; none when it does not.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        let host = &self.host;
        if let (Some(then), Some(now)) = (&self.items, &now.items)
            && then != now
        {
            let (then, count) = (then.len(), now.len());
            return Some(format!(
                "{host}: the list of items differs: {then} were planned, {count} are there now"
            ));
        }
        let differs = |name: &&String| self.parts.get(*name) != now.parts.get(*name);
        let name = self.parts.keys().chain(now.parts.keys()).find(differs)?;
        Some(format!("{host}: its {name} differs from what was planned"))
    }
}

/// A code that a plan prints for one step, and that answers its card in the next run.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// The code of what was foreseen under this nonce, until then.
    #[must_use]
    pub fn of(nonce: Digest, expires: Timestamp, outlook: &Outlook) -> Self {
        let (nonce, what) = (nonce.to_string(), outlook.digest().to_string());
        let (step, until) = (outlook.step.as_str(), expires.to_string());
        let parts = [nonce.as_bytes(), step.as_bytes(), what.as_bytes(), until.as_bytes()];
        let digest = Digest::of_parts(parts);
        let text = BASE32_NOPAD.encode(digest.as_bytes()).to_ascii_lowercase();
        Self(text[..LENGTH].to_owned())
    }

    /// Whether both are the same; how long that takes tells nothing.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Display for Code {
    /// In three groups of four, for a person to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", &self.0[..4], &self.0[4..8], &self.0[8..])
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is 12 of the letters a to z and the digits 2 to 7, as `runbook plan` prints it")]
pub struct NotACode;

impl FromStr for Code {
    type Err = NotACode;

    /// Upper and lower case are one, and so are groups and none.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let text: String = text.chars().filter(|c| *c != '-').collect();
        let text = text.to_ascii_lowercase();
        let is_of = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        match text.len() == LENGTH && text.bytes().all(is_of) {
            true => Ok(Self(text)),
            false => Err(NotACode),
        }
    }
}

/// What a plan keeps of the codes that it printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Drawn for this plan.
    pub nonce: Digest,
    /// When its codes stand no longer.
    pub expires: Timestamp,
    /// What it foresaw, a step each.
    pub outlook: Vec<Outlook>,
}

/// A code that was typed for a step, and what it stands for. It is used up when this exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advance {
    /// Of the plan.
    pub nonce: Digest,
    /// When it stands no longer.
    pub expires: Timestamp,
    /// What was foreseen.
    pub outlook: Outlook,
}

/// Why a code answers for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAdvance {
    /// It is none that was printed here lately.
    #[error("the code for `{0}` is none that a plan printed here: look at its letters again")]
    Mistyped(StepId),
    /// It is one, for something else.
    #[error("the code for `{asked}` was printed for {of}")]
    Foreign {
        /// The step it was typed for.
        asked: StepId,
        /// What it was printed for.
        of: String,
    },
    /// It is too old.
    #[error("the code for `{step}` stood until {until}")]
    Expired {
        /// The step.
        step: StepId,
        /// Until when.
        until: Timestamp,
    },
    /// A run has used it.
    #[error("the code for `{0}` was used by another run: a code is used once")]
    Used(StepId),
}

impl Advance {
    /// What a code stands for that was typed for a step of this runbook and environment. It is not
    /// used up yet: that is for whoever keeps the plans.
    ///
    /// # Errors
    /// It answers for nothing: why.
    pub fn find(
        kept: &[Kept],
        (text, environment): (Digest, Option<&EnvName>),
        step: &StepId,
        code: &Code,
        at: Timestamp,
    ) -> Result<Self, NoAdvance> {
        let all = kept.iter().flat_map(|kept| {
            kept.outlook.iter().map(move |outlook| (kept.nonce, kept.expires, outlook))
        });
        // Every one is looked at, whether or not another was it already.
        let mut found = None;
        for (nonce, expires, outlook) in all {
            if Code::of(nonce, expires, outlook).is(code) {
                found = Some((nonce, expires, outlook));
            }
        }
        let Some((nonce, expires, outlook)) = found else {
            return Err(NoAdvance::Mistyped(step.clone()));
        };
        if outlook.step != *step {
            let of = format!("the step `{}`", outlook.step);
            return Err(NoAdvance::Foreign { asked: step.clone(), of });
        }
        if outlook.text != text || outlook.environment.as_ref() != environment {
            let place =
                outlook.environment.as_ref().map_or_else(String::new, |e| format!(" in {e}"));
            let of = format!("`{}`{place}, as it was then", outlook.runbook);
            return Err(NoAdvance::Foreign { asked: step.clone(), of });
        }
        if at >= expires {
            return Err(NoAdvance::Expired { step: step.clone(), until: expires });
        }
        Ok(Self { nonce, expires, outlook: outlook.clone() })
    }
}
