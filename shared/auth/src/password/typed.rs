//! A password as typed, to be compared with a stored hash.

use secrecy::{ExposeSecret, SecretString};

use super::{Password, normalise};
use crate::newtype::redacted_debug;

/// A password as typed. Unlike a new one it may be anything: other systems accepted
/// passwords that we would not, and hashed them exactly as typed. An empty one is compared
/// like any other, and never right.
#[derive(Clone)]
pub struct TypedPassword {
    normalised: SecretString,
    /// Present if it differs from the normalised spelling.
    as_typed: Option<SecretString>,
}

/// The result of comparing a typed password with a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It is a different password.
    Wrong,
    /// Nothing was compared: the stored hash is malformed or too costly. The owner needs a
    /// recovery code.
    Unusable,
    /// It is the password.
    Right,
    /// It is the password, and its hash should be replaced with one of the normalised
    /// spelling.
    Outdated,
}

impl Verified {
    /// True if it is the password.
    #[must_use]
    pub const fn is_right(self) -> bool {
        match self {
            Self::Wrong | Self::Unusable => false,
            Self::Right | Self::Outdated => true,
        }
    }
}

impl TypedPassword {
    /// Takes a password as sent by the client, whatever it is.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let normalised = normalise(typed);
        let as_typed = (normalised.expose_secret() != typed).then(|| SecretString::from(typed));
        Self {
            normalised,
            as_typed,
        }
    }

    /// True if it is empty, which no account's password is.
    pub(super) fn is_empty(&self) -> bool {
        self.normalised.expose_secret().is_empty()
    }

    /// Returns the normalised spelling, which our own hashes use.
    #[must_use]
    pub fn normalised(&self) -> Password {
        Password(self.normalised.clone())
    }

    /// Returns the spellings to compare, the normalised one first.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        let spellings = [Some(&self.normalised), self.as_typed.as_ref()];
        spellings
            .into_iter()
            .flatten()
            .map(ExposeSecret::expose_secret)
    }

    /// Returns the length of the longest spelling in bytes.
    pub(super) fn longest(&self) -> usize {
        self.spellings().map(str::len).max().unwrap_or_default()
    }

    /// Returns how many hashes a comparison takes at most: one or two.
    pub(super) fn hashes(&self) -> u32 {
        1 + u32::from(self.as_typed.is_some())
    }
}

impl From<&Password> for TypedPassword {
    fn from(password: &Password) -> Self {
        Self {
            normalised: password.0.clone(),
            as_typed: None,
        }
    }
}

redacted_debug!(TypedPassword);

#[cfg(test)]
mod tests {
    use super::*;

    fn spellings(typed: &str) -> Vec<String> {
        let typed = TypedPassword::new(typed);
        assert_eq!(typed.hashes() as usize, typed.spellings().count());
        typed.spellings().map(str::to_owned).collect()
    }

    #[test]
    fn a_second_spelling_is_compared_only_if_it_differs() {
        assert_eq!(spellings("plain"), ["plain"]);
        assert_eq!(spellings("tab\tand line\n"), ["tab\tand line\n"]);
        assert_eq!(spellings("a\u{a0}b"), ["a b", "a\u{a0}b"]);
        assert_eq!(spellings("u\u{308}"), ["\u{fc}", "u\u{308}"]);
        assert_eq!(spellings("x"), ["x"]);
        assert_eq!(spellings(&"x".repeat(5000)), ["x".repeat(5000)]);
        assert_eq!(spellings(""), [""]);
    }

    #[test]
    fn it_does_not_print() {
        let typed = TypedPassword::new("canary");
        assert_eq!(format!("{typed:?}"), "TypedPassword([redacted])");
    }
}
