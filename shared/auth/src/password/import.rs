//! Password hashes from other systems' files: which are imported, in which format they are
//! stored, and why others are rejected.

mod aspnet;
mod keycloak;
mod refused;

use super::HashError;
use super::cost::Excess;
use super::hasher::describe;
use crate::user::StoredHash;

pub use refused::RefusedForm;

/// Why a hash from another system cannot be imported. Never repeats any part of the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// Anyone who reads the table could guess the passwords, or we cannot verify them.
    #[error("{0}: import the account without a hash and let the person set a new password")]
    Refused(RefusedForm),
    /// It begins like a supported format but does not continue like one.
    #[error("the {form} hash is incomplete or malformed: was it cut off?")]
    Malformed {
        /// The format that it begins like.
        form: &'static str,
    },
    /// A login could not verify it.
    #[error(
        "the {form} hash takes {excess}: import the account without a hash and let the person set a new password"
    )]
    TooCostly {
        /// What the hash is.
        form: &'static str,
        /// What it takes, and the limit.
        excess: Excess,
    },
    /// Its format is unknown.
    #[error("this is not a password hash in a supported format (docs/password-hashes.md)")]
    Unknown,
}

/// Parses a hash from another system. Returns `None` if the account has no password: an
/// empty text, `*`, or one that begins with `!`, as Django and `shadow` write it.
///
/// Trims whitespace around the hash, because fixed-width columns add some.
///
/// # Errors
/// [`UnusableHash`] with a reason for people if no login could verify it.
pub fn import(text: &str) -> Result<Option<StoredHash>, UnusableHash> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('!') || text == "*" {
        return Ok(None);
    }
    let converted = keycloak::convert(text)
        .or_else(|| aspnet::convert(text))
        .or_else(|| without_scheme(text));
    let text = converted.as_deref().unwrap_or(text);
    let stored = StoredHash::new(text.to_owned());
    match describe(&stored) {
        Ok(_) => Ok(Some(stored)),
        Err(error) => Err(reason(text, error)),
    }
}

/// Removes the scheme that LDAP and Spring write before a hash in a supported format.
fn without_scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.strip_prefix('{')?.split_once('}')?;
    let scheme = scheme.to_ascii_uppercase();
    match scheme.as_str() {
        "CRYPT" | "BCRYPT" | "ARGON2" => Some(rest.to_owned()),
        // passlib's ldap_pbkdf2_*; the rest is like its other PBKDF2.
        "PBKDF2" => Some(format!("$pbkdf2${rest}")),
        "PBKDF2-SHA256" | "PBKDF2-SHA512" => {
            Some(format!("${}${rest}", scheme.to_ascii_lowercase()))
        }
        _ => None,
    }
}

fn reason(text: &str, error: HashError) -> UnusableHash {
    if let Some(form) = RefusedForm::from_text(text) {
        return UnusableHash::Refused(form);
    }
    let form = FORMS.iter().find(|(prefix, _)| text.starts_with(prefix));
    match (form, error) {
        (Some((_, form)), HashError::TooCostly(excess)) => UnusableHash::TooCostly { form, excess },
        (Some((_, form)), _) => UnusableHash::Malformed { form },
        (None, _) => UnusableHash::Unknown,
    }
}

/// The prefixes of the supported formats, for messages.
const FORMS: [(&str, &str); 26] = [
    ("$argon2", "Argon2"),
    ("argon2$", "Django Argon2"),
    ("$2", "bcrypt"),
    ("bcrypt$", "Django bcrypt"),
    ("bcrypt_sha256$", "Django bcrypt_sha256"),
    ("$bcrypt-sha256$", "passlib bcrypt_sha256"),
    ("$wp$", "WordPress bcrypt"),
    ("$scrypt$", "scrypt"),
    ("scrypt:", "Werkzeug scrypt"),
    ("scrypt$", "Django scrypt"),
    ("$pbkdf2", "PBKDF2"),
    ("pbkdf2:", "Werkzeug PBKDF2"),
    ("pbkdf2_", "Django PBKDF2"),
    ("$5$", "SHA-256-crypt"),
    ("$6$", "SHA-512-crypt"),
    ("$P$", "phpass"),
    ("$H$", "phpass"),
    ("$S$", "Drupal"),
    ("$fbscrypt$", "Firebase scrypt"),
    ("$firescrypt$", "Firebase scrypt"),
    ("{\"", "Keycloak"),
    ("{CRYPT}", "LDAP crypt"),
    ("{BCRYPT}", "LDAP bcrypt"),
    ("{ARGON2}", "LDAP Argon2"),
    ("{PBKDF2", "LDAP PBKDF2"),
    ("{bcrypt}", "Spring bcrypt"),
];

#[cfg(test)]
mod tests;
