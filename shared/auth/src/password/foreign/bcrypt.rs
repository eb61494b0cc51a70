//! bcrypt: `$2a$`, `$2b$`, `$2y$`, and Django's two ways to write it.

use super::HashError;
use super::encoding::to_hex;
use aws_lc_rs::digest::{SHA256, digest};

/// A bcrypt hash within our limit of work.
#[derive(Clone)]
pub(in crate::password) struct BcryptHash {
    text: String,
    cost: u32,
    /// Django's: of the hexadecimal SHA-256, so that nothing is cut off at 72 bytes.
    digested: bool,
}

impl BcryptHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        let (text, digested) = if let Some(rest) = text.strip_prefix("bcrypt_sha256$") {
            (rest, true)
        } else {
            (text.strip_prefix("bcrypt$").unwrap_or(text), false)
        };
        let cost = VERSIONS
            .iter()
            .find_map(|version| text.strip_prefix(version))?;
        Some(Self::read(text, cost, digested))
    }

    fn read(text: &str, rest: &str, digested: bool) -> Result<Self, HashError> {
        let (cost, salt_and_hash) = rest.split_once('$').ok_or(HashError::Malformed)?;
        let of_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
        let digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let sound = digits && salt_and_hash.len() == 53;
        if !(sound && salt_and_hash.bytes().all(of_alphabet)) {
            return Err(HashError::Malformed);
        }
        let cost = cost.parse().map_err(|_| HashError::Malformed)?;
        if cost > MAX_COST {
            return Err(HashError::Hostile);
        }
        if cost < 4 {
            return Err(HashError::Malformed);
        }
        Ok(Self {
            text: text.to_owned(),
            cost,
            digested,
        })
    }

    /// As the library that made it, this looks at 72 bytes and no more.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        if self.digested {
            self.verify(to_hex(digest(&SHA256, password).as_ref()).as_bytes())
        } else {
            self.verify(password)
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("bcrypt, cost {}", self.cost)
    }

    fn verify(&self, password: &[u8]) -> Result<bool, HashError> {
        bcrypt::verify(password, &self.text).map_err(|_| HashError::Malformed)
    }
}

const VERSIONS: [&str; 3] = ["$2a$", "$2b$", "$2y$"];
/// The most work that is done, 2^16 rounds: some seconds. Without it a poisoned item
/// keeps the hashing thread for years.
const MAX_COST: u32 = 16;
