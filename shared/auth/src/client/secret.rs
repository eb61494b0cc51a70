//! The secret of a client, and its digest.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::digest::sha256;
use crate::newtype::redacted_debug;

/// The secret of a client when it is created. Never printed and stored nowhere.
pub struct ClientSecret(SecretString);

/// The SHA-256 of a client secret, in base64url. The secret is 256 random bits, which
/// cannot be guessed, so the digest needs neither a salt nor a work factor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretDigest(String);

impl ClientSecret {
    /// Creates a secret from 32 random bytes.
    #[must_use]
    pub fn mint(random: [u8; SECRET_BYTES]) -> Self {
        let random = Zeroizing::new(random);
        let mut text = String::with_capacity(PREFIX.len() + 43);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut text);
        Self(text.into())
    }

    /// Returns the text. Show it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the digest that the table stores.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::from_secret(self.expose())
    }
}

redacted_debug!(ClientSecret);

impl SecretDigest {
    /// Digests a secret as presented by a caller, whatever its form.
    pub(super) fn from_secret(presented: &str) -> Self {
        Self(sha256(presented.as_bytes()))
    }

    /// Returns a digest for which no secret is known.
    pub(super) fn dummy() -> Self {
        Self(NO_SECRET.to_owned())
    }

    /// Compares in constant time.
    pub(super) fn matches(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }

    /// Returns the text, for the table only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_debug!(SecretDigest);

/// Prefix that lets people and secret scanners recognise a client secret.
const PREFIX: &str = "gh_cs_";
/// 256 bits: fewer could be guessed, since the digest has no salt.
const SECRET_BYTES: usize = 32;
/// All zeros: a secret with this SHA-256 would be a broken hash function.
const NO_SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
