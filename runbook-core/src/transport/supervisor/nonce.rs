//! Words that nobody can guess: what marks the end of an output, and what marks an attempt.

#![expect(clippy::disallowed_types, reason = "randomness is read from a file")]

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::Digest;

/// A source of 128-bit words, from one key of the system's.
#[derive(Debug)]
pub(crate) struct Nonces {
    key: [u8; 32],
    next: AtomicU64,
}

impl Nonces {
    /// A source with a key of its own.
    pub(crate) fn new() -> io::Result<Self> {
        let mut key = [0; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(Self { key, next: AtomicU64::new(0) })
    }

    /// The next word: 32 hex digits.
    pub(crate) fn word(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut word = Digest::of_parts([self.key.as_slice(), &number]).to_string();
        word.truncate(32);
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_comes_twice() {
        let (one, other) = (Nonces::new().unwrap(), Nonces::new().unwrap());
        let words: std::collections::BTreeSet<String> =
            (0..100).flat_map(|_| [one.word(), other.word()]).collect();
        assert_eq!(words.len(), 200);
        assert!(words.iter().all(|word| word.len() == 32));
    }
}
