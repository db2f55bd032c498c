//! A request that is handed to another person as a text, and the text they hand back. Neither is
//! believed: whoever reads one computes its digests anew.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};

use super::approval::Terms;
use super::question::Card;
use crate::base::Digest;

/// The first and last lines of a request.
const BEGIN: &str = "-----BEGIN RUNBOOK REQUEST-----";
const END: &str = "-----END RUNBOOK REQUEST-----";
/// How many characters a line of it has.
const LINE: usize = 76;
/// What an answer begins with. It is one line, so that it can be pasted at a prompt.
const ANSWER: &str = "rba1.";
/// The most that is read of either.
const LONGEST: usize = 4 * 1024 * 1024;

/// A card that is to be approved, on these terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The card.
    pub card: Card,
    /// The terms.
    pub terms: Terms,
}

/// A request as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    v: u32,
    request: Digest,
    card: Card,
    terms: Terms,
}

/// Why a text is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARequest {
    /// It has not the form of one.
    #[error("this is no whole request: it begins with {BEGIN} and ends with {END}")]
    Form,
    /// It was written by another version.
    #[error("this request is of a version that is not known here")]
    Version,
    /// It does not say what it says it does.
    #[error("this request was changed on its way: its digest is not that of what it says")]
    Changed,
}

impl Request {
    /// The digest of all of it: what is approved.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.terms.request(self.card.digest)
    }

    /// The text that is handed over.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (card, terms) = (Card { note: None, ..self.card.clone() }, self.terms.clone());
        let written = Written { v: 1, request: self.digest(), card, terms };
        let json = serde_json::to_vec(&written).expect("a request is text in lists");
        let body = BASE64.encode(&json);
        let mut text = format!("{BEGIN}\n");
        for line in body.as_bytes().chunks(LINE) {
            text += &String::from_utf8_lossy(line);
            text.push('\n');
        }
        text + END + "\n"
    }

    /// Reads a text that was handed over. All of its digests are computed anew.
    ///
    /// # Errors
    /// It is no request, or not whole.
    pub fn parse(text: &str) -> Result<Self, NotARequest> {
        let inner = text
            .split_once(BEGIN)
            .and_then(|(_, rest)| rest.split_once(END))
            .map(|(inner, _)| inner)
            .filter(|inner| inner.len() <= LONGEST)
            .ok_or(NotARequest::Form)?;
        let body: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
        let json = BASE64.decode(body.as_bytes()).map_err(|_| NotARequest::Form)?;
        let written: Written = serde_json::from_slice(&json).map_err(|_| NotARequest::Form)?;
        if written.v != 1 {
            return Err(NotARequest::Version);
        }
        let request = Self { card: written.card, terms: written.terms };
        let is_whole = request.card.note.is_none()
            && request.card.digest == request.card.bound()
            && request.card.is_of(&request.terms)
            && request.digest() == written.request;
        if is_whole { Ok(request) } else { Err(NotARequest::Changed) }
    }
}

/// What a person hands back who approved a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// The request.
    pub request: Digest,
    /// The signature of it, as `ssh-keygen -Y sign` prints it.
    pub signature: String,
}

impl HandedOver {
    /// The line that is handed back.
    #[must_use]
    pub fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).expect("an answer is text");
        format!("{ANSWER}{}", BASE64URL_NOPAD.encode(&json))
    }

    /// Whether a text looks like one.
    #[must_use]
    pub fn is_like(text: &str) -> bool {
        text.trim().starts_with(ANSWER)
    }

    /// Reads a line that was handed back; none where it is no whole one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.trim().strip_prefix(ANSWER).filter(|body| body.len() <= LONGEST)?;
        serde_json::from_slice(&BASE64URL_NOPAD.decode(body.as_bytes()).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Effect;
    use crate::run::samples::{card, order, terms};

    fn request() -> Request {
        let card = card(&order(Effect::Destroy, "drop"));
        Request { terms: terms(&card), card }
    }

    #[test]
    fn a_request_comes_back_as_it_was_also_from_within_a_mail() {
        let request = request();
        let text = request.to_text();
        assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
        let mail = format!("> please:\r\n\r\n{}\r\n-- \r\nana", text.replace('\n', "\r\n"));
        assert_eq!(Request::parse(&mail), Ok(request));
    }

    #[test]
    fn whatever_is_changed_in_it_is_found() {
        let request = request();
        let forged = |change: fn(&mut Written)| {
            let mut written = Written {
                v: 1,
                request: request.digest(),
                card: request.card.clone(),
                terms: request.terms.clone(),
            };
            change(&mut written);
            let body = BASE64.encode(&serde_json::to_vec(&written).unwrap());
            Request::parse(&format!("{BEGIN}\n{body}\n{END}\n"))
        };
        assert_eq!(forged(|_| ()), Ok(request.clone()));
        assert_eq!(forged(|w| w.v = 2), Err(NotARequest::Version));
        let changes: [fn(&mut Written); 7] = [
            |w| w.card.title.push('!'),
            |w| w.card.hosts[0].loses = None,
            |w| w.card.hosts[0].confirm = "x".into(),
            |w| w.card.note = Some("believe me".into()),
            |w| w.terms.needed += 1,
            |w| w.terms.nonce = Digest::of("other"),
            |w| w.request = Digest::of("other"),
        ];
        for change in changes {
            assert_eq!(forged(change), Err(NotARequest::Changed));
        }
        assert_eq!(Request::parse("rba1.x"), Err(NotARequest::Form));
    }

    #[test]
    fn an_answer_is_one_line() {
        let answer = HandedOver {
            request: Digest::of("request"),
            signature: "-----BEGIN SSH SIGNATURE-----\nU1NI\n".to_owned(),
        };
        let text = answer.to_text();
        assert!(!text.contains(char::is_whitespace) && HandedOver::is_like(&text));
        assert_eq!(HandedOver::parse(&format!(" {text}\n")), Some(answer));
        assert_eq!(HandedOver::parse(&text[..text.len() - 2]), None);
    }
}
