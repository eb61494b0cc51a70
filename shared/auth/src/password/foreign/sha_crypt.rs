//! SHA-crypt: `$5$` and `$6$`, from glibc's `crypt` and with passlib's presets.

use sha_crypt::{PasswordVerifier, ShaCrypt};

use super::super::cost::{Cost, digest_blocks, nanos};
use super::HashError;
use super::encoding::{crypt64, number};

/// A SHA-crypt hash.
#[derive(Clone)]
pub(in crate::password) struct ShaCryptHash {
    digest: Digest,
    rounds: u32,
    text: String,
}

#[derive(Clone, Copy)]
enum Digest {
    Sha256,
    Sha512,
}

impl ShaCryptHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("$5$") {
            Some(Self::read(text, rest, Digest::Sha256))
        } else {
            let rest = text.strip_prefix("$6$")?;
            Some(Self::read(text, rest, Digest::Sha512))
        }
    }

    /// `rounds=656000$SALT$HASH`, or `SALT$HASH` for 5,000 rounds.
    fn read(text: &str, rest: &str, digest: Digest) -> Result<Self, HashError> {
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            None => (DEFAULT_ROUNDS, rest),
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or(HashError::Malformed)?;
                (number(rounds)?, rest)
            }
        };
        let (salt, hash) = rest.split_once('$').ok_or(HashError::Malformed)?;
        // The last character has the four or two bits that are left.
        let (length, last) = match digest {
            Digest::Sha256 => (43, 1 << 4),
            Digest::Sha512 => (86, 1 << 2),
        };
        let end = hash.bytes().last().and_then(crypt64);
        let hash_is_whole = hash.len() == length
            && hash.bytes().all(|byte| crypt64(byte).is_some())
            && end.is_some_and(|end| end < last);
        let salt_is_whole = (1..=MAX_SALT).contains(&salt.len()) && salt.is_ascii();
        if rounds < MIN_ROUNDS || !hash_is_whole || !salt_is_whole {
            return Err(HashError::Malformed);
        }
        Ok(Self {
            digest,
            rounds,
            text: text.to_owned(),
        })
    }

    /// A round hashes the last output, the salt in most rounds, and the password twice in
    /// most rounds.
    pub(super) fn cost(&self, password_bytes: u64) -> Cost {
        let (output, block, unit) = match self.digest {
            Digest::Sha256 => (32, 64, SHA256_BLOCK),
            Digest::Sha512 => (64, 128, SHA512_BLOCK),
        };
        let password_bytes = password_bytes.min(MAX_BYTES as u64);
        let hashed = output + MAX_SALT as u64 + 2 * password_bytes;
        let round = nanos(digest_blocks(hashed, block), unit);
        Cost::new(0, nanos(self.rounds.into(), round))
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        // A longer one costs the same work: an early response would show the kind of hash.
        let hashed = password.get(..MAX_BYTES).unwrap_or(password);
        let matches = ShaCrypt::default()
            .verify_password(hashed, self.text.as_str())
            .is_ok();
        matches && password.len() <= MAX_BYTES
    }

    pub(super) fn describe(&self) -> String {
        let name = match self.digest {
            Digest::Sha256 => "SHA-256-crypt",
            Digest::Sha512 => "SHA-512-crypt",
        };
        format!("{name}, {} rounds", self.rounds)
    }
}

/// The rounds of a hash that does not state them.
const DEFAULT_ROUNDS: u32 = 5_000;
/// The fewest rounds that `crypt` performs, whatever was requested.
const MIN_ROUNDS: u32 = 1_000;
/// The longest salt in characters.
const MAX_SALT: usize = 16;
/// The longest passphrase that `crypt` hashes; it cannot have hashed a longer one.
const MAX_BYTES: usize = 512;
/// How long a block of each digest takes, in nanoseconds.
const SHA256_BLOCK: u64 = 300;
const SHA512_BLOCK: u64 = 600;
