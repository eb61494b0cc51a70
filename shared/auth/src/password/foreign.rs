//! Hashes from other libraries, in their own formats. They are verified but never created.
//! `docs/password-hashes.md` lists the formats.

mod bcrypt;
pub(super) mod encoding;
mod firebase;
mod pbkdf2;
mod phpass;
mod scrypt;
mod sha_crypt;

use bcrypt::BcryptHash;
use firebase::FirebaseHash;
use pbkdf2::Pbkdf2Hash;
use phpass::PhpassHash;
use scrypt::ScryptHash;
use sha_crypt::ShaCryptHash;

use super::HashError;
use super::cost::Cost;

/// A hash other than Argon2.
#[derive(Clone)]
pub(super) enum ForeignHash {
    Bcrypt(BcryptHash),
    Firebase(FirebaseHash),
    Pbkdf2(Pbkdf2Hash),
    Phpass(PhpassHash),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
}

impl ForeignHash {
    /// Parses a hash without doing any of the work that it requires. Returns `None` if the
    /// format is unknown.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(hash) = BcryptHash::parse(text) {
            return Some(hash.map(Self::Bcrypt));
        }
        if let Some(hash) = ScryptHash::parse(text) {
            return Some(hash.map(Self::Scrypt));
        }
        if let Some(hash) = Pbkdf2Hash::parse(text) {
            return Some(hash.map(Self::Pbkdf2));
        }
        if let Some(hash) = ShaCryptHash::parse(text) {
            return Some(hash.map(Self::ShaCrypt));
        }
        if let Some(hash) = PhpassHash::parse(text) {
            return Some(hash.map(Self::Phpass));
        }
        FirebaseHash::parse(text).map(|hash| hash.map(Self::Firebase))
    }

    /// Returns what comparing a password of this many bytes costs.
    pub(super) fn cost(&self, password_bytes: u64) -> Cost {
        match self {
            Self::Bcrypt(hash) => hash.cost(),
            Self::Firebase(hash) => hash.cost(),
            Self::Pbkdf2(hash) => hash.cost(),
            Self::Phpass(hash) => hash.cost(password_bytes),
            Self::Scrypt(hash) => hash.cost(),
            Self::ShaCrypt(hash) => hash.cost(password_bytes),
        }
    }

    /// Compares a password. Takes from a moment to a few seconds.
    ///
    /// One with a NUL never matches, because most forms do not prove it: crypt(3) ends
    /// there, bcrypt repeats a password and a NUL, and HMAC, which PBKDF2 and scrypt are
    /// made of, ignores NULs at the end. A new hash of such a text would lock its owner out.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        let matches = match self {
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Firebase(hash) => hash.matches(password)?,
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Phpass(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password)?,
            Self::ShaCrypt(hash) => hash.matches(password),
        };
        Ok(matches && !password.contains(&0))
    }

    /// True if a match proves every byte of the password.
    pub(super) fn proves_all_of(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.proves_all_of(password),
            Self::Firebase(_)
            | Self::Pbkdf2(_)
            | Self::Phpass(_)
            | Self::Scrypt(_)
            | Self::ShaCrypt(_) => true,
        }
    }

    /// Describes the algorithm and its parameters, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Bcrypt(hash) => hash.describe(),
            Self::Firebase(hash) => hash.describe(),
            Self::Pbkdf2(hash) => hash.describe(),
            Self::Phpass(hash) => hash.describe(),
            Self::Scrypt(hash) => hash.describe(),
            Self::ShaCrypt(hash) => hash.describe(),
        }
    }
}

#[cfg(test)]
mod tests;
