//! Hashes that people bring along from elsewhere: bcrypt, scrypt and PBKDF2, in the
//! forms of Werkzeug, Django, passlib and PHC. They are checked, never made.

mod bcrypt;
mod encoding;
mod pbkdf2;
mod scrypt;

use bcrypt::BcryptHash;
use pbkdf2::Pbkdf2Hash;
use scrypt::ScryptHash;

use super::HashError;

/// A hash of another kind than Argon2, whose work we are ready to do.
#[derive(Clone)]
pub(super) enum ForeignHash {
    Bcrypt(BcryptHash),
    Scrypt(ScryptHash),
    Pbkdf2(Pbkdf2Hash),
}

impl ForeignHash {
    /// Reads a hash without doing any of the work that it asks for; nothing if it
    /// is of no kind that is known here.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(hash) = BcryptHash::parse(text) {
            return Some(hash.map(Self::Bcrypt));
        }
        if let Some(hash) = ScryptHash::parse(text) {
            return Some(hash.map(Self::Scrypt));
        }
        Pbkdf2Hash::parse(text).map(|hash| hash.map(Self::Pbkdf2))
    }

    /// Checks a password: the work of a moment, or of some seconds.
    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        match self {
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
        }
    }

    /// Names the algorithm with its parameters, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Bcrypt(hash) => hash.describe(),
            Self::Scrypt(hash) => hash.describe(),
            Self::Pbkdf2(hash) => hash.describe(),
        }
    }
}

#[cfg(test)]
mod tests;
