//! Passwords: parsed, judged, hashed and verified. Nothing here prints one.

mod breach;
mod common;
mod cost;
mod error;
mod foreign;
mod hasher;
mod import;
mod memory;
mod pace;
mod params;
mod policy;
mod stored;
mod typed;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::mixed_script::AugmentedScriptSet;

use crate::newtype::redacted_debug;

pub use breach::BreachQuery;
pub use cost::Excess;
pub use error::HashError;
pub use hasher::{Hasher, describe};
pub use import::{RefusedForm, UnusableHash, import};
pub use params::{Argon2Params, ParamsError};
pub use policy::{PasswordPolicy, WeakPassword, WeakReason};
pub use typed::{TypedPassword, Verified};

/// A password, normalised so that it is the same on every keyboard. [`PasswordPolicy`]
/// decides whether it is good enough.
pub struct Password(SecretString);

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is empty.
    #[error("the password must not be empty")]
    Empty,
    /// More than 1,024 bytes.
    #[error("the password must have at most {MAX_BYTES} bytes")]
    TooLong,
    /// A control or invisible character, or one that Unicode has not assigned.
    #[error("the password must not contain control or invisible characters")]
    Character,
}

impl Password {
    /// Parses and normalises a new password. To compare one, use [`TypedPassword`].
    ///
    /// # Errors
    /// [`PasswordError`] if the text cannot be a password.
    pub fn parse(typed: &str) -> Result<Self, PasswordError> {
        if typed.is_empty() {
            return Err(PasswordError::Empty);
        }
        if typed.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        if !typed.chars().all(is_allowed) {
            return Err(PasswordError::Character);
        }
        Ok(Self(normalise(typed)))
    }

    fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PasswordError {
    /// Returns the stable code that a response carries.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Character => "invalid_character",
        }
    }
}

redacted_debug!(Password);

/// Normalises like RFC 8265's `OpaqueString` (section 4.2): any space separator (Zs)
/// becomes an ASCII space, then NFC. Nothing is trimmed, folded or truncated.
fn normalise(typed: &str) -> SecretString {
    let mapped = typed.chars().map(|character| {
        let is_space = character.general_category() == GeneralCategory::SpaceSeparator;
        if is_space { ' ' } else { character }
    });
    SecretString::from(mapped.nfc().collect::<String>())
}

/// True for characters that a password may contain: all that Unicode has assigned, except
/// control and invisible ones.
///
/// This is RFC 8264's `FreeformClass` in the current version of Unicode, plus the joiners
/// and selectors that keyboards put into emoji.
fn is_allowed(character: char) -> bool {
    let unassigned = AugmentedScriptSet::for_char(character).is_empty();
    let separator = matches!(character, '\u{2028}' | '\u{2029}');
    let invisible = character.identifier_type() == Some(IdentifierType::Default_Ignorable);
    let in_emoji = matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
    !(character.is_control() || unassigned || separator || invisible) || in_emoji
}

/// Limits the work of normalising and judging a password. Lowering it locks out users who
/// have a longer one.
const MAX_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
