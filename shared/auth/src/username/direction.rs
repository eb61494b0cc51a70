//! The direction of a name: the Bidi Rule of RFC 5893 section 2, which RFC 8265
//! section 3.3.1 requires for names with right-to-left characters.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;

/// True if a name reads the same wherever it is displayed.
pub(super) fn is_unambiguous(name: &str) -> bool {
    let map = CodePointMapData::<BidiClass>::new();
    let classes: Vec<BidiClass> = name.chars().map(|character| map.get(character)).collect();
    let has = |class| classes.contains(&class);
    if !RIGHT_TO_LEFT.iter().any(|class| has(*class)) {
        return true;
    }
    // Condition 1: such a name begins with a letter of its script, because a name that
    // begins with a left-to-right letter (condition 5) has no right-to-left character.
    let begins = classes
        .first()
        .is_some_and(|first| matches!(*first, BidiClass::RightToLeft | BidiClass::ArabicLetter));
    // Condition 3.
    let mut from_end = classes.iter().rev();
    let ends = from_end
        .find(|class| **class != BidiClass::NonspacingMark)
        .is_some_and(|last| {
            matches!(
                *last,
                BidiClass::RightToLeft
                    | BidiClass::ArabicLetter
                    | BidiClass::EuropeanNumber
                    | BidiClass::ArabicNumber
            )
        });
    // Condition 2.
    let only = classes.iter().all(|class| ALLOWED.contains(class));
    // Condition 4.
    let one_kind = !(has(BidiClass::EuropeanNumber) && has(BidiClass::ArabicNumber));
    begins && ends && only && one_kind
}

/// True for characters that make a name an "RTL label" (RFC 5893 section 1.4).
const RIGHT_TO_LEFT: [BidiClass; 3] = [
    BidiClass::RightToLeft,
    BidiClass::ArabicLetter,
    BidiClass::ArabicNumber,
];
/// Condition 2.
const ALLOWED: [BidiClass; 10] = [
    BidiClass::RightToLeft,
    BidiClass::ArabicLetter,
    BidiClass::ArabicNumber,
    BidiClass::EuropeanNumber,
    BidiClass::EuropeanSeparator,
    BidiClass::CommonSeparator,
    BidiClass::EuropeanTerminator,
    BidiClass::OtherNeutral,
    BidiClass::BoundaryNeutral,
    BidiClass::NonspacingMark,
];
