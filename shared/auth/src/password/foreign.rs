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

/// A hash other than Argon2 whose work is within our limits.
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

    /// Compares a password. Takes from a moment to a few seconds.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        match self {
            Self::Bcrypt(hash) => Ok(hash.matches(password)),
            Self::Firebase(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
            Self::Phpass(hash) => Ok(hash.matches(password)),
            Self::Scrypt(hash) => hash.matches(password),
            Self::ShaCrypt(hash) => Ok(hash.matches(password)),
        }
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
