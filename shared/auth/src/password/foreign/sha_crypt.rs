//! SHA-crypt: `$5$` and `$6$`, from glibc's `crypt` and with passlib's presets.

use sha_crypt::{PasswordVerifier, ShaCrypt};

use super::HashError;
use super::encoding::{crypt64, number};

/// A SHA-crypt hash within our limits of work.
#[derive(Clone)]
pub(in crate::password) struct ShaCryptHash {
    text: String,
    described: String,
}

impl ShaCryptHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("$5$") {
            Some(Self::read(text, rest, "SHA-256-crypt", 43))
        } else {
            let rest = text.strip_prefix("$6$")?;
            Some(Self::read(text, rest, "SHA-512-crypt", 86))
        }
    }

    /// `rounds=656000$SALT$HASH`, or `SALT$HASH` for 5,000 rounds.
    fn read(text: &str, rest: &str, name: &str, length: usize) -> Result<Self, HashError> {
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            None => (DEFAULT_ROUNDS, rest),
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or(HashError::Malformed)?;
                (number(rounds)?, rest)
            }
        };
        let (salt, hash) = rest.split_once('$').ok_or(HashError::Malformed)?;
        let hash_is_whole = hash.len() == length && hash.bytes().all(|b| crypt64(b).is_some());
        let salt_is_whole = (1..=16).contains(&salt.len()) && salt.is_ascii();
        if rounds < MIN_ROUNDS || !hash_is_whole || !salt_is_whole {
            return Err(HashError::Malformed);
        }
        if rounds > MAX_ROUNDS {
            return Err(HashError::Hostile);
        }
        Ok(Self {
            text: text.to_owned(),
            described: format!("{name}, {rounds} rounds"),
        })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        // crypt(3) cannot have hashed longer ones, or those with a NUL.
        let possible = password.len() <= MAX_BYTES && !password.contains(&0);
        possible
            && ShaCrypt::default()
                .verify_password(password, self.text.as_str())
                .is_ok()
    }

    pub(super) fn describe(&self) -> String {
        self.described.clone()
    }
}

/// The rounds of a hash that does not state them.
const DEFAULT_ROUNDS: u32 = 5_000;
/// The fewest rounds that `crypt` performs, whatever was requested.
const MIN_ROUNDS: u32 = 1_000;
/// The most work that is accepted: a few seconds. Without this limit a poisoned item could
/// occupy the hashing thread for an hour.
const MAX_ROUNDS: u32 = 2_000_000;
/// The longest passphrase that `crypt` hashes. Every round hashes all of it, so without a
/// limit one request could occupy the thread for minutes.
const MAX_BYTES: usize = 512;
