//! Usernames: what people type, and the one spelling by which a name is unique.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::char::is_combining_mark;
use unicode_security::MixedScript;

use crate::identifier::trimmed;

/// A username, as it was typed and in its canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    display: String,
    canonical: String,
}

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer than 3 characters in the canonical spelling.
    #[error("a username has at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// More than 64 characters in the canonical spelling.
    #[error("a username has at most {MAX_CHARACTERS} characters")]
    TooLong,
    /// A character, or an order of characters, that a username may not have.
    #[error("a username has no spaces, `@`, `#`, invisible or formatting characters")]
    Character,
    /// Letters of more than one script.
    #[error("a username is written in one script")]
    MixedScripts,
}

impl Username {
    /// Parses a username by the profile `UsernameCaseMapped` of RFC 8265 section
    /// 3.3, then asks for a single script (UTS 39 section 5.1).
    ///
    /// # Errors
    /// [`UsernameError`] says which rule it breaks.
    pub fn parse(typed: &str) -> Result<Self, UsernameError> {
        let typed = trimmed(typed);
        if typed.len() > MAX_TYPED_BYTES {
            return Err(UsernameError::TooLong);
        }
        let canonical = enforce(typed)?;
        // RFC 8265 section 3.1: where the rules are not stable, a name could be
        // registered once more by its own canonical spelling.
        if enforce(&canonical)? != canonical || canonical.contains(is_refused) {
            return Err(UsernameError::Character);
        }
        if canonical.starts_with(is_combining_mark) {
            return Err(UsernameError::Character);
        }
        match canonical.chars().count() {
            0..MIN_CHARACTERS => return Err(UsernameError::TooShort),
            MIN_CHARACTERS..=MAX_CHARACTERS => {}
            _ => return Err(UsernameError::TooLong),
        }
        if !canonical.is_single_script() {
            return Err(UsernameError::MixedScripts);
        }
        let display = typed.to_owned();
        Ok(Self { display, canonical })
    }

    /// Returns the name as it was typed.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Returns the spelling by which the name is unique.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the key of the item that leads from the name to its user.
    #[must_use]
    pub fn name_key(&self) -> String {
        format!("username#{}", self.canonical)
    }
}

impl UsernameError {
    /// Returns the stable code that an answer carries.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Character => "invalid_character",
            Self::MixedScripts => "mixed_scripts",
        }
    }
}

fn enforce(name: &str) -> Result<String, UsernameError> {
    match UsernameCaseMapped::enforce(name) {
        Ok(canonical) => Ok(canonical.into_owned()),
        Err(_) if name.is_empty() => Err(UsernameError::TooShort),
        Err(_) => Err(UsernameError::Character),
    }
}

/// What the profile lets through and we do not: `@` makes an identifier an e-mail
/// address, `#` parts the table's keys, the joiners are invisible.
fn is_refused(character: char) -> bool {
    matches!(character, '@' | '#' | '\u{200c}' | '\u{200d}')
}

const MIN_CHARACTERS: usize = 3;
const MAX_CHARACTERS: usize = 64;
/// More cannot become 64 characters, and the profile's rules on neighbouring
/// characters take time that grows with the square of the length.
const MAX_TYPED_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
