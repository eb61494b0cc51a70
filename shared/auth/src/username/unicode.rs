//! Usernames, tested over every Unicode code point.

use std::collections::BTreeSet;

use icu_properties::props::ChangesWhenCasefolded;
use icu_properties::{CodePointMapData, CodePointSetData, props};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

use super::*;

fn every_character() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// Every character that may become part of a name now or later.
fn every_known_character() -> impl Iterator<Item = char> {
    every_character().filter(|character| {
        let category = character.general_category();
        !matches!(
            category,
            GeneralCategory::Unassigned | GeneralCategory::PrivateUse
        )
    })
}

/// Names that contain a character: by itself, and next to the letters it may need.
fn names_with(character: &str) -> [String; 4] {
    [
        character.repeat(3),
        format!("a{character}b"),
        format!("\u{3b1}{character}\u{3b2}"),
        format!("\u{5d0}{character}\u{5d1}"),
    ]
}

fn spelled(typed: &str) -> Option<String> {
    let username = Username::parse(typed).ok()?;
    Some(username.canonical().to_owned())
}

/// If one crate had an older table, a name could change with its next release.
#[test]
fn every_crate_uses_the_same_unicode_version() {
    let (major, minor, update) = unicode_normalization::UNICODE_VERSION;
    let version = (u64::from(major), u64::from(minor), u64::from(update));
    assert_eq!(unicode_properties::UNICODE_VERSION, version);
    assert_eq!(unicode_script::UNICODE_VERSION, version);
    assert_eq!(unicode_security::UNICODE_VERSION, version);
    // ICU's data, which `idna` uses too, has no version number; the code points that it
    // assigns identify the version.
    let assigned = CodePointMapData::<props::GeneralCategory>::new();
    let folding = CodePointSetData::new::<ChangesWhenCasefolded>();
    for character in every_character() {
        let in_icu = assigned.get(character) != props::GeneralCategory::Unassigned;
        let in_ours = character.general_category() != GeneralCategory::Unassigned;
        assert_eq!(in_icu, in_ours, "U+{:04X}", u32::from(character));
        let decomposed: String = std::iter::once(character).nfd().collect();
        let changes = icu_casemap::CaseMapper::new().fold_string(&decomposed) != decomposed;
        let expected = folding.contains(character);
        assert_eq!(changes, expected, "U+{:04X}", u32::from(character));
    }
}

#[test]
fn only_sharp_s_and_dotless_i_have_another_case_that_is_a_different_name() {
    let mut others = BTreeSet::new();
    for character in every_known_character() {
        let (upper, lower) = (character.to_uppercase(), character.to_lowercase());
        let folded = icu_casemap::CaseMapper::new();
        let title = folded.simple_titlecase(character).to_string();
        let cases = [upper.to_string(), lower.to_string(), title];
        if cases.iter().all(|case| case.chars().eq([character])) {
            continue;
        }
        let names = names_with(&character.to_string());
        for case in &cases {
            for (name, in_case) in names.iter().zip(names_with(case)) {
                let canonical = spelled(name);
                if canonical.is_some() && spelled(&in_case) != canonical {
                    others.insert(character);
                }
            }
        }
    }
    assert_eq!(others, BTreeSet::from(['ß', 'ı']));
}

#[test]
fn only_three_non_ascii_characters_compose_to_ascii_and_they_are_rejected() {
    let composing = every_character().filter(|character| composes_to_ascii(*character));
    let composing: Vec<char> = composing.collect();
    assert_eq!(composing, ['\u{37e}', '\u{1fef}', '\u{212a}']);
    for character in composing {
        for name in names_with(&character.to_string()) {
            assert_eq!(spelled(&name), None, "{name}");
        }
    }
}

#[test]
fn a_canonical_spelling_is_its_own_and_has_no_capital_letters() {
    let mut allowed = 0;
    for character in every_known_character() {
        let names = names_with(&character.to_string());
        let spellings: Vec<String> = names.iter().filter_map(|name| spelled(name)).collect();
        allowed += usize::from(!spellings.is_empty());
        for canonical in spellings {
            assert_eq!(spelled(&canonical).as_ref(), Some(&canonical));
            let title = canonical.chars().find(|character| {
                let category = character.general_category();
                category == GeneralCategory::TitlecaseLetter
                    || character.is_ascii_uppercase()
                    || *character == 'ẞ'
            });
            assert_eq!(title, None, "{canonical}");
        }
    }
    assert!(allowed > 100_000, "{allowed}");
}

/// A code point that is not assigned today may be composed or folded tomorrow.
#[test]
fn nothing_unassigned_invisible_or_private_is_allowed_anywhere() {
    let ignorable = CodePointSetData::new::<props::DefaultIgnorableCodePoint>();
    for character in every_character() {
        let category = character.general_category();
        let refused = ignorable.contains(character)
            || matches!(
                category,
                GeneralCategory::Unassigned
                    | GeneralCategory::PrivateUse
                    | GeneralCategory::Control
                    | GeneralCategory::Format
            );
        if refused {
            let name = format!("a{character}b");
            assert_eq!(spelled(&name), None, "{name:?}");
        }
    }
}

/// Names in every script that UAX 31 recommends, and in others that people use.
const NAMES: [(Script, &str); 42] = [
    (Script::Arabic, "\u{645}\u{62d}\u{645}\u{62f}"),
    (Script::Armenian, "\u{531}\u{580}\u{561}\u{574}"),
    (
        Script::Bengali,
        "\u{985}\u{9a8}\u{9bf}\u{9b0}\u{9cd}\u{9ac}\u{9be}\u{9a3}",
    ),
    (Script::Bopomofo, "\u{3105}\u{311b}\u{3109}"),
    (
        Script::Cyrillic,
        "\u{41e}\u{43b}\u{435}\u{43a}\u{441}\u{456}\u{439}",
    ),
    (
        Script::Devanagari,
        "\u{92a}\u{94d}\u{930}\u{93f}\u{92f}\u{93e}",
    ),
    (Script::Devanagari, "\u{958}\u{93c}\u{92e}\u{930}"),
    (Script::Ethiopic, "\u{12a0}\u{1260}\u{1260}"),
    (
        Script::Georgian,
        "\u{10d2}\u{10d8}\u{10dd}\u{10e0}\u{10d2}\u{10d8}",
    ),
    (
        Script::Georgian,
        "\u{1c92}\u{1c98}\u{1c9d}\u{1ca0}\u{1c92}\u{1c98}",
    ),
    (
        Script::Greek,
        "\u{393}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}",
    ),
    (Script::Gujarati, "\u{aae}\u{acb}\u{ab9}\u{aa8}"),
    (
        Script::Gurmukhi,
        "\u{a17}\u{a41}\u{a30}\u{a2a}\u{a4d}\u{a30}\u{a40}\u{a24}",
    ),
    (Script::Han, "\u{738b}\u{5c0f}\u{660e}"),
    (Script::Han, "\u{30323}\u{5c0f}\u{660e}"),
    (Script::Hangul, "\u{ae40}\u{bbfc}\u{c900}"),
    (
        Script::Hangul,
        "\u{1100}\u{1175}\u{11b7}\u{1106}\u{1175}\u{11ab}\u{110c}\u{116e}\u{11ab}",
    ),
    (Script::Hebrew, "\u{5d3}\u{5d5}\u{5d3}\u{5f3}"),
    (Script::Hiragana, "\u{3055}\u{304f}\u{3089}"),
    (Script::Kannada, "\u{cb8}\u{cc1}\u{ca7}\u{cbe}"),
    (
        Script::Katakana,
        "\u{30a2}\u{30ea}\u{30b9}\u{30fb}\u{30a8}\u{30a4}",
    ),
    (Script::Katakana, "\u{ff76}\u{ff9e}\u{ff70}\u{ff8a}\u{ff9f}"),
    (Script::Khmer, "\u{179f}\u{17bb}\u{1781}\u{17b6}"),
    (Script::Lao, "\u{e84}\u{eb3}\u{e9e}\u{eb9}"),
    (Script::Latin, "Ng\u{1ecd}c\u{302}"),
    (Script::Latin, "o\u{27}brien"),
    (Script::Latin, "\u{2bb}olelo"),
    (Script::Malayalam, "\u{d05}\u{d28}\u{d41}"),
    (Script::Malayalam, "\u{d05}\u{d28}\u{d7b}"),
    (Script::Myanmar, "\u{1021}\u{1031}\u{102c}\u{1004}\u{103a}"),
    (Script::Oriya, "\u{b38}\u{b41}\u{b1c}\u{b3e}\u{b24}\u{b3e}"),
    (Script::Sinhala, "\u{d85}\u{db8}\u{dbd}\u{dca}"),
    (Script::Tamil, "\u{b85}\u{b9a}\u{bcb}\u{b95}\u{bcd}"),
    (Script::Telugu, "\u{c30}\u{c3e}\u{c2e}\u{c41}"),
    (Script::Thaana, "\u{78b}\u{7a6}\u{787}\u{7aa}\u{78b}\u{7b0}"),
    (Script::Thai, "\u{e2d}\u{e33}\u{e1e}\u{e25}"),
    (
        Script::Tibetan,
        "\u{f56}\u{f66}\u{f7c}\u{f51}\u{f0b}\u{f53}\u{f58}\u{f66}",
    ),
    (Script::Cherokee, "\u{13e3}\u{13b3}\u{13a9}"),
    (Script::Cherokee, "\u{ab73}\u{ab83}\u{ab79}"),
    (Script::Adlam, "\u{1e900}\u{1e923}\u{1e924}\u{1e925}"),
    (Script::Osage, "\u{104b0}\u{104d8}\u{104d9}"),
    (Script::Vithkuqi, "\u{10570}\u{10597}\u{10598}"),
];

#[test]
fn every_script_that_unicode_recommends_has_names() {
    let mut named = BTreeSet::new();
    for (script, name) in NAMES {
        let parsed = Username::parse(name);
        let parsed = parsed.unwrap_or_else(|error| panic!("{script} {name}: {error}"));
        assert!(
            parsed
                .canonical()
                .chars()
                .any(|character| character.script() == script)
        );
        for case in [name.to_uppercase(), name.to_lowercase()] {
            assert_eq!(
                spelled(&case).as_deref(),
                Some(parsed.canonical()),
                "{case}"
            );
        }
        named.insert(script.full_name());
    }
    for character in every_character() {
        let script = character.script();
        if script.is_recommended() && !matches!(script, Script::Common | Script::Inherited) {
            assert!(named.contains(script.full_name()), "{script} has no name");
        }
    }
}

/// Characters that a name may contain.
fn allowed() -> impl Strategy<Value = char> {
    let names = |character: &char| names_with(&character.to_string());
    let is_allowed =
        move |character: &char| names(character).iter().any(|name| spelled(name).is_some());
    let every: Vec<char> = every_known_character().filter(is_allowed).collect();
    prop::sample::select(every)
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn no_order_of_letters_and_marks_has_two_canonical_spellings(
        marks in prop::collection::vec("[\\p{Mn}\\p{Mc}\u{345}\u{3b1}\u{1f80}\u{3c9}\u{5d0}a\u{df}\u{130}]", 3..12),
    ) {
        let typed = marks.concat();
        if let Some(canonical) = spelled(&typed) {
            let again = spelled(&canonical);
            prop_assert_eq!(again.as_ref(), Some(&canonical));
            let decomposed: String = typed.nfd().collect();
            prop_assert_eq!(spelled(&decomposed), Some(canonical));
        }
    }

    #[test]
    fn different_compositions_are_the_same_name(letters in prop::collection::vec(allowed(), 3..6)) {
        let typed: String = letters.iter().collect();
        let decomposed: String = typed.nfd().collect();
        prop_assert_eq!(spelled(&typed), spelled(&decomposed));
    }
}
