//! Numbers drawn by chance. Knows nothing of what they are for.

use rustix::rand::{GetRandomFlags, getrandom};

use crate::base::Digest;

/// A number that nobody has had before and nobody can guess.
///
/// # Panics
/// When the kernel has no randomness, which it always has once it has booted.
#[must_use]
pub fn drawn() -> Digest {
    let mut bytes = [0_u8; 32];
    let drawn = getrandom(&mut bytes, GetRandomFlags::empty());
    assert_eq!(drawn, Ok(bytes.len()), "the kernel gives random bytes");
    Digest::of(bytes)
}
