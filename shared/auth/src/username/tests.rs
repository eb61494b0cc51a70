use proptest::prelude::*;
use unicode_script::Script;

use super::*;

fn canonical(typed: &str) -> Result<String, UsernameError> {
    Username::parse(typed).map(|username| username.canonical().to_owned())
}

#[test]
fn a_name_is_kept_as_typed_and_is_unique_in_its_canonical_spelling() {
    let username = Username::parse("Zo\u{eb}.Smith-1").unwrap();
    assert_eq!(username.display(), "Zo\u{eb}.Smith-1");
    assert_eq!(username.canonical(), "zo\u{eb}.smith-1");
}

#[test]
fn case_width_and_composition_do_not_make_a_different_name() {
    for (one, other) in [
        ("alice", "ALICE"),
        ("alice", "\u{ff41}\u{ff4c}\u{ff49}\u{ff43}\u{ff45}"),
        ("zo\u{eb}", "zoe\u{308}"),
        (
            "\u{3c3}\u{3bf}\u{3c6}\u{3bf}",
            "\u{3a3}\u{39f}\u{3a6}\u{39f}",
        ),
        ("\u{30a2}\u{30ea}\u{30b9}", "\u{ff71}\u{ff98}\u{ff7d}"),
    ] {
        assert_eq!(canonical(one), canonical(other));
        assert!(canonical(one).is_ok(), "{one}");
    }
}

/// Kelvin sign, dotless i, dotted I, sharp s, long s: rejected, or a different name.
#[test]
fn no_other_letter_collides_with_an_ascii_name() {
    for (invalid, ascii) in [
        ("mi\u{212a}e", "mike"),
        ("m\u{131}ke", "mike"),
        ("M\u{130}KE", "mike"),
        ("stra\u{df}e", "strasse"),
        ("\u{17f}ara", "sara"),
        ("\u{fb01}nn", "finn"),
        ("paypal\u{b9}", "paypal1"),
    ] {
        assert_ne!(canonical(invalid), canonical(ascii), "{invalid}");
    }
}

#[test]
fn names_of_two_scripts_are_refused() {
    for mixed in [
        "p\u{430}ypal",      // Cyrillic a
        "\u{3b1}lice",       // Greek alpha
        "b\u{585}b\u{585}1", // Armenian oh
    ] {
        let refused = canonical(mixed);
        assert!(
            matches!(refused, Err(UsernameError::MixedScripts(..))),
            "{mixed}: {refused:?}"
        );
    }
    let mixed = UsernameError::MixedScripts(Script::Latin, Script::Cyrillic);
    assert_eq!(canonical("p\u{430}ypal"), Err(mixed));
    // A Hebrew alef at the end of a Latin name.
    assert_eq!(canonical("admin\u{5d0}"), Err(UsernameError::Direction));
    // Japanese uses three scripts, which count as one (UTS 39 section 5.1).
    assert!(canonical("\u{7530}\u{4e2d}\u{3055}\u{3093}\u{30a2}").is_ok());
    assert!(canonical("\u{43c}\u{430}\u{440}\u{438}\u{44f}1").is_ok());
}

/// Asserts that a name is rejected for one of its characters.
#[track_caller]
fn assert_refused(name: &str) {
    let read = canonical(name);
    assert!(
        matches!(read, Err(UsernameError::Character(_))),
        "{name:?}: {read:?}"
    );
}

#[test]
fn spaces_control_and_invisible_characters_are_rejected() {
    for invalid in [
        " ",
        "\t",
        "\r",
        "\n",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{ad}",
        "\u{34f}",
        "\u{61c}",
        "\u{115f}",
        "\u{180e}",
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{200e}",
        "\u{200f}",
        "\u{2028}",
        "\u{2029}",
        "\u{202a}",
        "\u{202e}",
        "\u{2060}",
        "\u{2066}",
        "\u{2069}",
        "\u{3000}",
        "\u{3164}",
        "\u{fe0f}",
        "\u{feff}",
        "\u{ffa0}",
        "\u{fff9}",
        "\u{fffd}",
        "\u{e000}",
        "\u{e0041}",
        "\u{1f600}",
        "@",
        "#",
        "\u{ff20}",
        "\u{ff03}",
        "\u{fe6b}",
    ] {
        assert_refused(&format!("ab{invalid}cd"));
        for typed in [format!("{invalid}abcd"), format!("abcd{invalid}")] {
            // Whitespace around a name is trimmed.
            if typed.trim_matches('\u{feff}').trim() != "abcd" {
                assert_refused(&typed);
            }
        }
    }
    // The joiner that Persian needs is rejected too, because it is invisible.
    assert_refused("\u{6a9}\u{62a}\u{627}\u{628}\u{200c}\u{647}\u{627}");
}

#[test]
fn a_name_cannot_begin_with_a_combining_mark() {
    let refused = canonical("\u{301}\u{301}\u{301}").unwrap_err();
    assert_eq!(refused.code(), "invalid_character");
}

#[test]
fn the_canonical_spelling_has_3_to_64_characters() {
    for (typed, expected) in [
        (String::new(), Some(UsernameError::TooShort)),
        ("ab".into(), Some(UsernameError::TooShort)),
        ("e\u{301}e\u{301}".into(), Some(UsernameError::TooShort)),
        ("abc".into(), None),
        ("\u{e9}".repeat(64), None),
        ("e\u{301}".repeat(64), None),
        ("a".repeat(65), Some(UsernameError::TooLong)),
        ("a".repeat(1_000_000), Some(UsernameError::TooLong)),
    ] {
        assert_eq!(canonical(&typed).err(), expected, "{typed:.80}");
    }
}

const REFUSED: [&str; 26] = [
    "two words",
    "tab\tbed",
    "a@b",
    "a#b",
    "a\u{ff20}b",
    "a\u{a0}b",
    "a\u{202e}b",
    "a\u{200d}b",
    "a\u{1f600}b",
    "a\u{2019}b",
    "a\u{221a}b",
    "a\u{2183}b\u{2160}",
    "\u{fb01}nn",
    "mi\u{212a}e",
    "ab\u{378}",
    "ab\u{e000}",
    "a\u{b7}b",
    "\u{5f3}\u{5d0}\u{5d1}",
    "a\u{30fb}b",
    "\u{661}\u{6f1}\u{628}",
    "\u{628}\u{640}\u{628}",
    "\u{1100}\u{1100}\u{1100}",
    "\u{301}bc",
    "1\u{5d0}\u{5d1}",
    "p\u{430}ypal",
    "abc\u{661}",
];

/// Each message names the typed character by its code point and says why it is rejected.
#[test]
fn a_message_names_the_character_and_the_reason_but_never_repeats_the_text() {
    let messages = REFUSED.into_iter().map(|typed| {
        let error = canonical(typed).unwrap_err();
        assert!(error.to_string().is_ascii(), "{typed}");
        format!("{}: {error}", error.code())
    });
    let messages: Vec<String> = messages.collect();
    insta::assert_snapshot!(messages.join("\n"), @r##"
    invalid_character: a username cannot contain U+0020, a space
    invalid_character: a username cannot contain U+0009, a control character
    invalid_character: a username cannot contain U+0040 `@`, which is reserved
    invalid_character: a username cannot contain U+0023 `#`, which is reserved
    invalid_character: a username cannot contain U+FF20, which is reserved
    invalid_character: a username cannot contain U+00A0, a space
    invalid_character: a username cannot contain U+202E, an invisible or formatting character
    invalid_character: a username cannot contain U+200D, an invisible or formatting character
    invalid_character: a username cannot contain U+1F600, an emoji
    invalid_character: a username cannot contain U+2019, a punctuation mark beyond ASCII
    invalid_character: a username cannot contain U+221A, a symbol
    invalid_character: a username cannot contain U+2160, a compatibility form of U+0049
    invalid_character: a username cannot contain U+FB01, a compatibility form of U+0066 U+0069
    invalid_character: a username cannot contain U+212A, a compatibility form of U+004B
    invalid_character: a username cannot contain U+0378, a code point that Unicode has not assigned yet
    invalid_character: a username cannot contain U+E000, a private-use character
    invalid_character: a username cannot contain U+00B7, a middle dot, except between two l
    invalid_character: a username cannot contain U+05F3, a geresh or gershayim, except after a Hebrew letter
    invalid_character: a username cannot contain U+30FB, a katakana middle dot, except with kana or Han characters
    invalid_character: a username cannot contain U+06F1, a digit of a different kind from the digits before it
    invalid_character: a username cannot contain U+0640, which only stretches, repeats or marks other characters
    invalid_character: a username cannot contain U+1100, a Hangul letter outside a modern syllable
    invalid_character: a username cannot contain U+0301, a combining mark, at the beginning
    invalid_direction: a username in a right-to-left script must begin with a letter of that script, end with a letter or a digit, and use only one kind of digits
    mixed_scripts: a username must use letters of one script, not of Latin and Cyrillic
    invalid_direction: a username in a right-to-left script must begin with a letter of that script, end with a letter or a digit, and use only one kind of digits
    "##);
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn a_canonical_spelling_is_its_own_canonical_spelling(typed in "\\PC{1,20}") {
        stays_the_same(&typed)?;
    }

    #[test]
    fn in_scripts_with_case_marks_and_width_it_is_its_own_too(
        typed in "[\\p{Greek}\\p{Latin}\\p{Mn}\u{ff21}-\u{ff5a}\u{130}\u{131}]{3,12}",
    ) {
        stays_the_same(&typed)?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = Username::parse(&String::from_utf8_lossy(&bytes));
    }
}

fn stays_the_same(typed: &str) -> Result<(), TestCaseError> {
    if let Ok(username) = Username::parse(typed) {
        let again = Username::parse(username.canonical()).unwrap();
        prop_assert_eq!(again.canonical(), username.canonical());
    }
    Ok(())
}
