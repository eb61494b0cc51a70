//! From the typed name to its canonical spelling: width, composition, case.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

/// Maps full-width and half-width forms to ordinary ones (RFC 8265 section 3.3.1), then
/// composes (NFC).
pub(super) fn composed(typed: &str) -> String {
    let mut mapped = String::with_capacity(typed.len());
    for character in typed.chars() {
        ordinary_width(character, |ordinary| mapped.push(ordinary));
    }
    mapped.nfc().collect()
}

/// Folds the case of a composed spelling and composes it again.
pub(super) fn folded(composed: &str) -> String {
    let mapper = CaseMapper::new();
    let mut folded = String::with_capacity(composed.len());
    let mut bytes = [0; 4];
    for character in composed.chars() {
        match character {
            // Full folding would turn `straße` into the account `strasse`.
            'ß' | 'ẞ' => folded.push('ß'),
            _ => folded.push_str(&mapper.fold_string(character.encode_utf8(&mut bytes))),
        }
    }
    folded.nfc().collect()
}

/// Emits the ordinary form of a full-width or half-width character, and any other
/// character unchanged.
pub(super) fn ordinary_width(character: char, emit: impl FnMut(char)) {
    let mut emit = emit;
    match character {
        '\u{3000}' | '\u{ff01}'..='\u{ffee}' => decompose_compatible(character, emit),
        _ => emit(character),
    }
}

/// True if NFC turns a non-ASCII character into ASCII, as it does with the Kelvin sign.
/// After that the two cannot be distinguished.
pub(super) fn composes_to_ascii(character: char) -> bool {
    !character.is_ascii() && character.nfc().all(|composed| composed.is_ascii())
}
