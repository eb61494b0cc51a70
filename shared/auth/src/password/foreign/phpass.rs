//! phpass: `WordPress` until 6.7 (`$P$`), phpBB (`$H$`) and Drupal 7 (`$S$`).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA512};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::super::cost::{Cost, digest_blocks, nanos};
use super::HashError;
use super::encoding::{crypt64, to_crypt64};

/// A phpass hash.
#[derive(Clone)]
pub(in crate::password) struct PhpassHash {
    digest: Digest,
    log2_rounds: u32,
    salt: String,
    output: String,
}

#[derive(Clone, Copy)]
enum Digest {
    Md5,
    Sha512,
}

impl PhpassHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        for (prefix, digest, length) in [
            ("$P$", Digest::Md5, 22),
            ("$H$", Digest::Md5, 22),
            // 86 characters, of which Drupal stores as many as fit into its column.
            ("$S$", Digest::Sha512, 43),
        ] {
            if let Some(rest) = text.strip_prefix(prefix) {
                return Some(Self::read(rest, digest, length));
            }
        }
        None
    }

    /// One character for the rounds, eight for the salt, then the output.
    fn read(rest: &str, digest: Digest, length: usize) -> Result<Self, HashError> {
        let log2_rounds = rest.bytes().next().and_then(crypt64);
        let log2_rounds = log2_rounds.ok_or(HashError::Malformed)?;
        let (salt, output) = rest
            .get(1..)
            .and_then(|rest| rest.split_at_checked(8))
            .ok_or(HashError::Malformed)?;
        let whole = output.len() == length && output.bytes().all(|byte| crypt64(byte).is_some());
        if !whole || !salt.is_ascii() || log2_rounds < MIN_LOG2_ROUNDS {
            return Err(HashError::Malformed);
        }
        Ok(Self {
            digest,
            log2_rounds,
            salt: salt.to_owned(),
            output: output.to_owned(),
        })
    }

    /// Every round hashes the whole password.
    pub(super) fn cost(&self, password_bytes: u64) -> Cost {
        let (output, block, unit) = match self.digest {
            Digest::Md5 => (16, 64, MD5_BLOCK),
            Digest::Sha512 => (64, 128, SHA512_BLOCK),
        };
        let round = nanos(digest_blocks(output + password_bytes, block), unit) + ROUND;
        Cost::new(0, nanos(1 << self.log2_rounds, round))
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut output = self.digest.of(self.salt.as_bytes(), password);
        for _ in 0..1_u64 << self.log2_rounds {
            output = self.digest.of(&output, password);
        }
        let text = to_crypt64(&output);
        let kept = text.as_bytes().get(..self.output.len());
        verify_slices_are_equal(kept.unwrap_or_default(), self.output.as_bytes()).is_ok()
    }

    pub(super) fn describe(&self) -> String {
        let name = match self.digest {
            Digest::Md5 => "MD5",
            Digest::Sha512 => "SHA-512",
        };
        format!("phpass of {name}, 2^{} rounds", self.log2_rounds)
    }
}

impl Digest {
    fn of(self, before: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Md5 => Md5::new()
                .chain_update(before)
                .chain_update(password)
                .finalize()
                .to_vec(),
            Self::Sha512 => {
                let mut context = Context::new(&SHA512);
                context.update(before);
                context.update(password);
                context.finish().as_ref().to_vec()
            }
        })
    }
}

/// The fewest rounds that phpass does.
const MIN_LOG2_ROUNDS: u32 = 7;
/// How long a block of each digest takes, and the rest of a round, in nanoseconds.
const MD5_BLOCK: u64 = 300;
const SHA512_BLOCK: u64 = 600;
const ROUND: u64 = 1_000;
