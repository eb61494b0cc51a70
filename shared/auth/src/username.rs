//! Usernames: what people type, and the canonical spelling that makes a name unique.
//!
//! Canonical = NFC(fold(NFC(width(typed)))), with full case folding except for `ß`.

mod class;
mod direction;
mod spelling;

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};
use unicode_security::mixed_script::AugmentedScriptSet;

use crate::identifier::trimmed;
use crate::item_key::ItemKey;

pub use class::CharacterFault;
use class::{CodePoints, fault_in};
use spelling::{composed, composes_to_ascii, folded, ordinary_width};

/// A username, both as typed and in its canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    display: String,
    canonical: String,
}

/// Why a text is not a valid username. The message never repeats the text; it names a
/// character only by its code point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer than 3 characters in the canonical spelling.
    #[error("a username must have at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// More than 64 characters in the canonical spelling.
    #[error("a username must have at most {MAX_CHARACTERS} characters")]
    TooLong,
    /// A character that a username must not contain, or not at this position.
    #[error("a username cannot contain {0}")]
    Character(RefusedCharacter),
    /// Right-to-left letters in an order that is ambiguous when displayed.
    #[error(
        "a username in a right-to-left script must begin with a letter of that script, end with a letter or a digit, and use only one kind of digits"
    )]
    Direction,
    /// Letters from two scripts.
    #[error("a username must use letters of one script, not of {} and {}", .0.full_name(), .1.full_name())]
    MixedScripts(Script, Script),
}

/// A character that was typed and why it is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedCharacter {
    character: char,
    fault: CharacterFault,
}

impl Username {
    /// Parses a username according to RFC 8265 section 3.3 and the current version of
    /// Unicode, with case folding instead of lower-casing. Rejects joiners, `@` and `#`.
    /// All letters must be from a single script (UTS 39 section 5.1).
    ///
    /// # Errors
    /// [`UsernameError`] names the rule that the text breaks, and the character.
    pub fn parse(typed: &str) -> Result<Self, UsernameError> {
        let typed = trimmed(typed);
        if typed.is_empty() {
            return Err(UsernameError::TooShort);
        }
        if typed.len() > MAX_TYPED_BYTES {
            return Err(UsernameError::TooLong);
        }
        let canonical = canonical(typed)?;
        match canonical.chars().count() {
            0..MIN_CHARACTERS => return Err(UsernameError::TooShort),
            MIN_CHARACTERS..=MAX_CHARACTERS => {}
            _ => return Err(UsernameError::TooLong),
        }
        if !direction::is_unambiguous(&canonical) {
            return Err(UsernameError::Direction);
        }
        if let Some((one, other)) = two_scripts(&canonical) {
            return Err(UsernameError::MixedScripts(one, other));
        }
        let display = typed.to_owned();
        Ok(Self { display, canonical })
    }

    /// Returns the name as typed.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Returns the canonical spelling, which is unique among all users.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the key of the item that maps the name to its user.
    #[must_use]
    pub fn name_key(&self) -> ItemKey {
        ItemKey::username(&self.canonical)
    }
}

impl UsernameError {
    /// Returns the stable code that a response carries.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Character(_) => "invalid_character",
            Self::Direction => "invalid_direction",
            Self::MixedScripts(..) => "mixed_scripts",
        }
    }
}

/// Returns the canonical spelling if every character is allowed. Characters are checked
/// both before folding, which hides some of them (`ſ` becomes `s`), and after it.
fn canonical(typed: &str) -> Result<String, UsernameError> {
    let refused = |(character, fault)| refused(typed, character, fault);
    if let Some(double) = typed
        .chars()
        .find(|character| composes_to_ascii(*character))
    {
        return Err(refused((double, CharacterFault::Compatibility)));
    }
    let composed = composed(typed);
    let canonical = folded(&composed);
    // Otherwise the canonical spelling of a name could be registered as a second name.
    let again = folded(&canonical);
    let moved = again.chars().zip(canonical.chars()).find(|(a, b)| a != b);
    match (fault_in(&composed), fault_in(&canonical), moved) {
        (Some(fault), _, _) | (None, Some(fault), _) => Err(refused(fault)),
        (None, None, Some((_, character))) => Err(refused((character, CharacterFault::Unstable))),
        (None, None, None) => Ok(canonical),
    }
}

/// Names the character that was typed, if it differs from the one it is mapped to.
fn refused(typed: &str, character: char, fault: CharacterFault) -> UsernameError {
    let stands_for = |typed: &char| {
        let mut found = false;
        ordinary_width(*typed, |ordinary| found |= ordinary == character);
        found
    };
    let character = typed.chars().find(stands_for).unwrap_or(character);
    UsernameError::Character(RefusedCharacter { character, fault })
}

/// Finds the scripts of the first two letters that no single writing system contains.
fn two_scripts(name: &str) -> Option<(Script, Script)> {
    let mut shared = AugmentedScriptSet::default();
    let mut first = None;
    for character in name.chars() {
        shared.intersect_with(AugmentedScriptSet::for_char(character));
        let mut scripts = [character.script()]
            .into_iter()
            .chain(character.script_extension().iter());
        let script = scripts.find(|script| !matches!(script, Script::Common | Script::Inherited));
        if shared.is_empty() {
            let script = script.unwrap_or(Script::Unknown);
            return Some((first.unwrap_or(script), script));
        }
        first = first.or(script);
    }
    None
}

impl fmt::Display for RefusedCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { character, fault } = *self;
        write!(f, "{}", CodePoints(std::iter::once(character)))?;
        if character.is_ascii_graphic() {
            write!(f, " `{character}`")?;
        }
        write!(f, ", {fault}")?;
        if fault == CharacterFault::Compatibility {
            write!(f, " of {}", CodePoints(std::iter::once(character).nfkc()))?;
        }
        Ok(())
    }
}

const MIN_CHARACTERS: usize = 3;
const MAX_CHARACTERS: usize = 64;
/// A longer text cannot become 64 characters; this limits the work it could cause.
const MAX_TYPED_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unicode;
