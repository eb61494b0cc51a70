//! What users type to log in: a username or an e-mail address.

use crate::digest::sha256;
use crate::email::EmailAddress;
use crate::item_key::ItemKey;
use crate::username::Username;

/// An identifier at login. Any text is one, so that a text that cannot be a name takes
/// the same path, costs the same calls and counts as a guess like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginIdentifier {
    /// A username.
    Username(Username),
    /// An e-mail address: any usable identifier with an `@`.
    Email(EmailAddress),
    /// Neither: cannot be a name, and is kept only for its digest.
    Unusable(String),
}

impl LoginIdentifier {
    /// Parses an identifier; one with an `@` is never a username.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let typed = trimmed(typed);
        let usable = if typed.contains('@') {
            EmailAddress::parse(typed).map(Self::Email).ok()
        } else {
            Username::parse(typed).map(Self::Username).ok()
        };
        usable.unwrap_or_else(|| Self::Unusable(typed.to_owned()))
    }

    /// Returns the SHA-256 of the canonical identifier in base64url, which logs and the
    /// counters of guesses use in its place.
    #[must_use]
    pub fn digest(&self) -> String {
        let identifier = match self {
            Self::Username(username) => username.canonical(),
            Self::Email(email) => email.canonical(),
            Self::Unusable(typed) => typed,
        };
        sha256(identifier.as_bytes())
    }

    /// Returns the key of the item that maps the name to its user, if there can be one.
    #[must_use]
    pub fn name_key(&self) -> Option<ItemKey> {
        match self {
            Self::Username(username) => Some(username.name_key()),
            Self::Email(email) => Some(email.name_key()),
            Self::Unusable(_) => None,
        }
    }
}

/// Returns a name without white space (Unicode's `White_Space`) and byte order marks at
/// its ends: keyboards add a space, and files begin with a mark. Only for names and
/// addresses; a password is used exactly as typed.
#[must_use]
pub fn trimmed(typed: &str) -> &str {
    typed.trim_matches(|character: char| character.is_whitespace() || character == BYTE_ORDER_MARK)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

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
            assert_eq!(one.name_key().as_ref().map(ItemKey::as_str), Some(key));
            assert_eq!(
                (other.name_key(), other.digest()),
                (one.name_key(), one.digest())
            );
        }
    }

    /// Every code point of Unicode's `White_Space`, and the byte order mark.
    const AROUND: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\
        \u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\
        \u{202f}\u{205f}\u{3000}\u{feff}";

    #[test]
    fn white_space_around_a_name_is_not_part_of_it() {
        for name in ["alice", "a@example.org", "not a name"] {
            let plain = LoginIdentifier::parse(name);
            for character in AROUND.chars() {
                for typed in [
                    format!("{name}{character}"),
                    format!("{character}{name}"),
                    format!("{AROUND}{name}{character}{AROUND}"),
                ] {
                    assert_eq!(LoginIdentifier::parse(&typed), plain, "{typed:?}");
                }
            }
        }
    }

    #[test]
    fn only_white_space_is_trimmed() {
        for typed in ["\u{200b}alice", "alice\u{2060}", "alice\0", "\u{180e}alice"] {
            assert_eq!(trimmed(typed), typed);
        }
        assert_eq!(trimmed("two  words"), "two  words");
        assert_eq!(trimmed(" \u{feff} "), "");
    }

    #[test]
    fn a_name_is_stored_and_shown_without_the_white_space_around_it() {
        let username = Username::parse(" Alice\u{a0}").unwrap();
        assert_eq!(
            (username.display(), username.canonical()),
            ("Alice", "alice")
        );
        let email = EmailAddress::parse("\u{feff}A@example.org\r\n").unwrap();
        assert_eq!(email.display(), "A@example.org");
        for inside in [
            "a lice",
            "al\u{feff}ice",
            "a@ex ample.org",
            "a @example.org",
            "a@ example.org",
        ] {
            assert_eq!(
                LoginIdentifier::parse(inside).name_key(),
                None,
                "{inside:?}"
            );
        }
    }

    #[test]
    fn a_text_that_cannot_be_a_name_still_has_a_digest() {
        for text in [
            "",
            "a",
            "@",
            "a@b@c",
            "two words",
            "user#1",
            "\0",
            &"x".repeat(20_000),
        ] {
            let identifier = LoginIdentifier::parse(text);
            assert_eq!(identifier, LoginIdentifier::Unusable(text.into()));
            assert_eq!(identifier.name_key(), None);
            assert_eq!(identifier.digest().len(), 43);
        }
    }

    #[test]
    fn a_wide_at_sign_is_neither_in_an_address_nor_in_a_username() {
        let identifier = LoginIdentifier::parse("a\u{ff20}example.com");
        assert_eq!(identifier.name_key(), None);
    }

    #[test]
    fn the_digest_is_sha_256_of_the_canonical_spelling() {
        let digest = LoginIdentifier::parse("ABC").digest();
        assert_eq!(digest, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
