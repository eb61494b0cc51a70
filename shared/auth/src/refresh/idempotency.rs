//! The key by which a client's repetitions of one refresh are recognised.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::id::{AttemptId, SessionId};

/// A key that a client chooses at random for one refresh, and sends with each repetition.
///
/// It lets the repetitions have the response of the first for as long as nobody has used
/// it. A thief who has only the token does not have the key.
pub struct IdempotencyKey<'a>(&'a str);

/// A key that could be guessed, or that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 22 to 255 visible ASCII characters, chosen at random for each refresh")]
pub struct IdempotencyKeyError;

/// 128 bits in base64url. With a shorter one a thief of the token can guess the key.
const MIN_CHARACTERS: usize = 22;
/// A longer one only costs a hash.
const MAX_CHARACTERS: usize = 255;
/// Domain separation: what is hashed here is never hashed for anything else.
const TAG: &[u8] = b"gatehouse refresh attempt\0";

impl<'a> IdempotencyKey<'a> {
    /// Checks a key.
    ///
    /// # Errors
    /// [`IdempotencyKeyError`] if it is too short, too long, or has other characters.
    pub fn parse(text: &'a str) -> Result<Self, IdempotencyKeyError> {
        let has_length = (MIN_CHARACTERS..=MAX_CHARACTERS).contains(&text.len());
        if has_length && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// Returns the id of every attempt with this key to refresh this generation.
    #[must_use]
    pub fn attempt_id(&self, sid: &SessionId, generation: u32) -> AttemptId {
        let mut context = Context::new(&SHA256);
        context.update(TAG);
        context.update(sid.as_str().as_bytes());
        context.update(&[0]);
        context.update(&generation.to_be_bytes());
        context.update(self.0.as_bytes());
        let digest = context.finish();
        let mut id = [0; 16];
        for (byte, of_digest) in id.iter_mut().zip(digest.as_ref()) {
            *byte = *of_digest;
        }
        AttemptId::from_bytes(id)
    }
}

impl fmt::Debug for IdempotencyKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdempotencyKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a-key-of-22-characters";

    #[test]
    fn a_short_long_or_spaced_key_is_refused() {
        for invalid in [&KEY[1..], "a key of 22 characters", &"x".repeat(256), ""] {
            assert!(IdempotencyKey::parse(invalid).is_err(), "{invalid}");
        }
        for valid in [KEY, &"x".repeat(255)] {
            assert!(IdempotencyKey::parse(valid).is_ok(), "{valid}");
        }
    }

    #[test]
    fn attempts_are_the_same_only_for_the_same_key_session_and_generation() {
        let one = SessionId::from_bytes([1; 16]);
        let other = SessionId::from_bytes([2; 16]);
        let id = |key, sid, generation| {
            let key = IdempotencyKey::parse(key).unwrap();
            key.attempt_id(sid, generation)
        };
        assert_eq!(id(KEY, &one, 5), id(KEY, &one, 5));
        assert_ne!(id(KEY, &one, 5), id(KEY, &one, 6));
        assert_ne!(id(KEY, &one, 5), id(KEY, &other, 5));
        assert_ne!(id(KEY, &one, 5), id("b-key-of-22-characters", &one, 5));
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = IdempotencyKey::parse(KEY).unwrap();
        assert!(!format!("{key:?}").contains("22"));
    }
}
