//! What somebody types to log in: a username or an e-mail address.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::email::EmailAddress;
use crate::username::Username;

/// An identifier at login. Any text is one, so that a text that names nobody takes
/// the same way, costs the same calls and counts as a guess like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginIdentifier {
    /// A username.
    Username(Username),
    /// An e-mail address: any usable identifier with an `@`.
    Email(EmailAddress),
    /// Neither: names nobody, and is kept for its digest alone.
    Unusable(String),
}

impl LoginIdentifier {
    /// Reads an identifier; one with an `@` is never a username.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let usable = if typed.contains('@') {
            EmailAddress::parse(typed).map(Self::Email).ok()
        } else {
            Username::parse(typed).map(Self::Username).ok()
        };
        usable.unwrap_or_else(|| Self::Unusable(typed.to_owned()))
    }

    /// Returns the SHA-256 of the canonical identifier in base64url: what logs and
    /// the counters of guesses carry instead of it.
    #[must_use]
    pub fn digest(&self) -> String {
        let identifier = match self {
            Self::Username(username) => username.canonical(),
            Self::Email(email) => email.canonical(),
            Self::Unusable(typed) => typed,
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, identifier.as_bytes()))
    }

    /// Returns the key of the item that leads from the name to its user, if there
    /// can be one.
    #[must_use]
    pub fn name_key(&self) -> Option<String> {
        match self {
            Self::Username(username) => Some(format!("username#{}", username.canonical())),
            Self::Email(email) => Some(format!("email#{}", email.canonical())),
            Self::Unusable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name_has_one_key_and_one_digest() {
        for (one, other, key) in [
            ("Alice", "\u{ff21}LICE", "username#alice"),
            ("Zo\u{eb}", "ZOE\u{308}", "username#zo\u{eb}"),
            (
                "A@B\u{fc}cher.example",
                "a@xn--bcher-kva.example",
                "email#a@xn--bcher-kva.example",
            ),
        ] {
            let (one, other) = (LoginIdentifier::parse(one), LoginIdentifier::parse(other));
            assert_eq!(one.name_key().as_deref(), Some(key));
            assert_eq!(
                (other.name_key(), other.digest()),
                (one.name_key(), one.digest())
            );
        }
    }

    #[test]
    fn a_text_that_names_nobody_still_has_a_digest() {
        for nobody in [
            "",
            "a",
            "@",
            "a@b@c",
            "two words",
            "user#1",
            "\0",
            &"x".repeat(20_000),
        ] {
            let identifier = LoginIdentifier::parse(nobody);
            assert_eq!(identifier, LoginIdentifier::Unusable(nobody.into()));
            assert_eq!(identifier.name_key(), None);
            assert_eq!(identifier.digest().len(), 43);
        }
    }

    #[test]
    fn a_wide_at_sign_makes_no_e_mail_address_and_no_username() {
        let identifier = LoginIdentifier::parse("a\u{ff20}example.com");
        assert_eq!(identifier.name_key(), None);
    }

    #[test]
    fn the_digest_is_sha_256_of_the_canonical_spelling() {
        let digest = LoginIdentifier::parse("ABC").digest();
        assert_eq!(digest, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
