//! Which characters a username may contain: the `IdentifierClass` of RFC 8264
//! section 4.2, derived from the current Unicode tables as section 9 specifies.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;

/// Why a username must not contain a character, or not at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterFault {
    /// `@` marks an e-mail address, `#` separates the parts of a key.
    Reserved,
    /// White space.
    Space,
    /// A control character.
    Control,
    /// Invisible, such as a joiner or a direction mark.
    Invisible,
    /// Not assigned yet; a later Unicode version may give it a composition or a folding.
    Unassigned,
    /// For private use.
    PrivateUse,
    /// A compatibility form of other characters (NFKC).
    Compatibility,
    /// An emoji.
    Emoji,
    /// A symbol.
    Symbol,
    /// Punctuation beyond ASCII.
    Punctuation,
    /// A number that is not a decimal digit.
    Number,
    /// A mark around a character.
    EnclosingMark,
    /// A Hangul letter that does not occur in a modern syllable.
    LoneJamo,
    /// Stretches, repeats or marks other characters and has no meaning of its own.
    Filler,
    /// A combining mark without a character before it.
    LeadingMark,
    /// A middle dot that is not between two `l` (RFC 5892 appendix A.3).
    MiddleDot,
    /// A Greek numeral sign that is not followed by a Greek letter (A.4).
    GreekNumeral,
    /// A geresh or gershayim that does not follow a Hebrew letter (A.5, A.6).
    HebrewMark,
    /// A katakana middle dot in a name without Japanese letters (A.7).
    KatakanaDot,
    /// A mix of Arabic-Indic and extended Arabic-Indic digits (A.8, A.9).
    MixedDigits,
    /// Its canonical spelling is not stable: it has a different canonical spelling.
    Unstable,
}

/// Returns why a character is not allowed anywhere in a username, if it is not. Title
/// case is allowed because folding removes it.
fn fault_of(character: char) -> Option<CharacterFault> {
    match character {
        '@' | '#' => return Some(CharacterFault::Reserved),
        // RFC 5892 section 2.6; U+0E33 and U+0EB3, which are vowels of Thai and Lao; and
        // what `fault_in_place` checks.
        '!'..='~'
        | 'ß'
        | 'ς'
        | '\u{6fd}'
        | '\u{6fe}'
        | '\u{f0b}'
        | '〇'
        | '\u{e33}'
        | '\u{eb3}'
        | '\u{b7}'
        | '\u{375}'
        | '\u{5f3}'
        | '\u{5f4}'
        | '\u{30fb}' => return None,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            return Some(CharacterFault::Filler);
        }
        '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}' => {
            return Some(CharacterFault::LoneJamo);
        }
        _ if character.identifier_type() == Some(IdentifierType::Default_Ignorable) => {
            return Some(CharacterFault::Invisible);
        }
        _ => {}
    }
    match fault_of_category(character) {
        Some(fault @ (CharacterFault::Unassigned | CharacterFault::Space)) => Some(fault),
        _ if has_compatibility(character) => Some(CharacterFault::Compatibility),
        fault => fault,
    }
}

fn fault_of_category(character: char) -> Option<CharacterFault> {
    match character.general_category() {
        GeneralCategory::UppercaseLetter
        | GeneralCategory::LowercaseLetter
        | GeneralCategory::TitlecaseLetter
        | GeneralCategory::ModifierLetter
        | GeneralCategory::OtherLetter
        | GeneralCategory::DecimalNumber
        | GeneralCategory::NonspacingMark
        | GeneralCategory::SpacingMark => None,
        GeneralCategory::EnclosingMark => Some(CharacterFault::EnclosingMark),
        GeneralCategory::LetterNumber | GeneralCategory::OtherNumber => {
            Some(CharacterFault::Number)
        }
        GeneralCategory::ConnectorPunctuation
        | GeneralCategory::DashPunctuation
        | GeneralCategory::OpenPunctuation
        | GeneralCategory::ClosePunctuation
        | GeneralCategory::InitialPunctuation
        | GeneralCategory::FinalPunctuation
        | GeneralCategory::OtherPunctuation => Some(CharacterFault::Punctuation),
        GeneralCategory::MathSymbol
        | GeneralCategory::CurrencySymbol
        | GeneralCategory::ModifierSymbol
        | GeneralCategory::OtherSymbol => Some(if character.is_emoji_char() {
            CharacterFault::Emoji
        } else {
            CharacterFault::Symbol
        }),
        GeneralCategory::SpaceSeparator => Some(CharacterFault::Space),
        GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::Format => Some(CharacterFault::Invisible),
        GeneralCategory::Control | GeneralCategory::Surrogate => Some(CharacterFault::Control),
        GeneralCategory::PrivateUse => Some(CharacterFault::PrivateUse),
        GeneralCategory::Unassigned => Some(CharacterFault::Unassigned),
    }
}

/// RFC 8264 section 9.17.
fn has_compatibility(character: char) -> bool {
    !std::iter::once(character).nfkc().eq([character])
}

/// Finds the first character of a composed name that is not allowed, or not at its position.
pub(super) fn fault_in(name: &str) -> Option<(char, CharacterFault)> {
    let anywhere = |character| fault_of(character).map(|fault| (character, fault));
    name.chars()
        .find_map(anywhere)
        .or_else(|| leading_mark(name))
        .or_else(|| fault_in_place(name))
}

fn leading_mark(name: &str) -> Option<(char, CharacterFault)> {
    let first = name.chars().next()?;
    is_combining_mark(first).then_some((first, CharacterFault::LeadingMark))
}

/// The contextual rules of RFC 5892 appendix A, without those for joiners, which are
/// never allowed.
fn fault_in_place(name: &str) -> Option<(char, CharacterFault)> {
    let is_japanese = |character: char| {
        let script = character.script();
        matches!(script, Script::Hiragana | Script::Katakana | Script::Han)
    };
    let is = |script: Script| move |character: char| character.script() == script;
    let mut before = None;
    let mut digits = None;
    let mut rest = name.chars();
    while let Some(character) = rest.next() {
        let after = rest.clone().next();
        let fault = match character {
            '\u{b7}' if (before, after) != (Some('l'), Some('l')) => {
                Some(CharacterFault::MiddleDot)
            }
            '\u{375}' if !after.is_some_and(is(Script::Greek)) => {
                Some(CharacterFault::GreekNumeral)
            }
            '\u{5f3}' | '\u{5f4}' if !before.is_some_and(is(Script::Hebrew)) => {
                Some(CharacterFault::HebrewMark)
            }
            '\u{30fb}' if !name.contains(is_japanese) => Some(CharacterFault::KatakanaDot),
            '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => {
                let extended = character >= '\u{6f0}';
                let mixed = *digits.get_or_insert(extended) != extended;
                mixed.then_some(CharacterFault::MixedDigits)
            }
            _ => None,
        };
        if let Some(fault) = fault {
            return Some((character, fault));
        }
        before = Some(character);
    }
    None
}

impl fmt::Display for CharacterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reserved => "which is reserved",
            Self::Space => "a space",
            Self::Control => "a control character",
            Self::Invisible => "an invisible or formatting character",
            Self::Unassigned => "a code point that Unicode has not assigned yet",
            Self::PrivateUse => "a private-use character",
            Self::Compatibility => "a compatibility form",
            Self::Emoji => "an emoji",
            Self::Symbol => "a symbol",
            Self::Punctuation => "a punctuation mark beyond ASCII",
            Self::Number => "a number that is not a decimal digit",
            Self::EnclosingMark => "an enclosing mark",
            Self::LoneJamo => "a Hangul letter outside a modern syllable",
            Self::Filler => "which only stretches, repeats or marks other characters",
            Self::LeadingMark => "a combining mark, at the beginning",
            Self::MiddleDot => "a middle dot, except between two l",
            Self::GreekNumeral => "a Greek numeral sign, except before a Greek letter",
            Self::HebrewMark => "a geresh or gershayim, except after a Hebrew letter",
            Self::KatakanaDot => "a katakana middle dot, except with kana or Han characters",
            Self::MixedDigits => "a digit of a different kind from the digits before it",
            Self::Unstable => "which has no stable spelling",
        })
    }
}

/// Writes the replacement of a compatibility character as code points.
pub(super) struct CodePoints<I>(pub(super) I);

impl<I: Iterator<Item = char> + Clone> fmt::Display for CodePoints<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.0.clone().enumerate() {
            let space = if position == 0 { "" } else { " " };
            write!(f, "{space}U+{:04X}", u32::from(character))?;
        }
        Ok(())
    }
}
