//! What a probing program printed: facts, a line each, `KEY WORDS`. Knows nothing of what they mean.

/// The facts, in order. A line that is none of the program's own is not asked for, and so ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(Vec<(String, String)>);

impl Facts {
    pub(super) fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let (key, words) = line.split_once(' ')?;
            let words = words.trim();
            (!words.is_empty()).then(|| (key.to_owned(), words.to_owned()))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// Every fact of this key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == key).map(|(_, words)| words.as_str())
    }

    /// The first of them.
    pub(super) fn first(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// The user: number and name.
    pub(super) fn user(&self) -> (&str, &str) {
        self.first("user").and_then(|user| user.split_once(' ')).unwrap_or(("-", "-"))
    }
}
