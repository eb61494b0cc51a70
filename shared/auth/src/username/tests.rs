use proptest::prelude::*;

use super::*;

fn canonical(typed: &str) -> Result<String, UsernameError> {
    Username::parse(typed).map(|username| username.canonical().to_owned())
}

#[test]
fn the_name_is_kept_as_typed_and_unique_in_one_spelling() {
    let username = Username::parse("Zo\u{eb}.Smith-1").unwrap();
    assert_eq!(username.display(), "Zo\u{eb}.Smith-1");
    assert_eq!(username.canonical(), "zo\u{eb}.smith-1");
}

#[test]
fn case_width_and_composition_make_no_other_name() {
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

/// Kelvin sign, dotless i, dotted I, sharp s, long s: refused or another name.
#[test]
fn no_other_letter_collides_with_an_ascii_name() {
    for (odd, ascii) in [
        ("mi\u{212a}e", "mike"),
        ("m\u{131}ke", "mike"),
        ("M\u{130}KE", "mike"),
        ("stra\u{df}e", "strasse"),
        ("\u{17f}ara", "sara"),
        ("\u{fb01}nn", "finn"),
        ("paypal\u{b9}", "paypal1"),
    ] {
        assert_ne!(canonical(odd), canonical(ascii), "{odd}");
    }
}

#[test]
fn names_of_two_scripts_are_refused() {
    for mixed in [
        "p\u{430}ypal",      // Cyrillic a
        "\u{3b1}lice",       // Greek alpha
        "admin\u{5d0}",      // Hebrew alef; the bidi rule refuses it first
        "b\u{585}b\u{585}1", // Armenian oh
    ] {
        assert!(canonical(mixed).is_err(), "{mixed}");
    }
    assert_eq!(canonical("p\u{430}ypal"), Err(UsernameError::MixedScripts));
    // Japanese is written in three scripts, and counts as one (UTS 39 section 5.1).
    assert!(canonical("\u{7530}\u{4e2d}\u{3055}\u{3093}\u{30a2}").is_ok());
    assert!(canonical("\u{43c}\u{430}\u{440}\u{438}\u{44f}1").is_ok());
}

#[test]
fn spaces_controls_and_what_is_not_seen_are_refused() {
    for odd in [
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
        assert!(canonical(&format!("ab{odd}cd")).is_err(), "{odd:?}");
        for typed in [format!("{odd}abcd"), format!("abcd{odd}")] {
            // White space around a name is trimmed.
            if typed.trim_matches('\u{feff}').trim() != "abcd" {
                assert!(canonical(&typed).is_err(), "{typed:?}");
            }
        }
    }
    // The joiner that Persian needs is refused as well: nobody sees it.
    assert!(canonical("\u{6a9}\u{62a}\u{627}\u{628}\u{200c}\u{647}\u{627}").is_err());
}

#[test]
fn a_name_does_not_begin_with_a_mark() {
    assert_eq!(
        canonical("\u{301}\u{301}\u{301}"),
        Err(UsernameError::Character)
    );
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_canonical_spelling_is_its_own(typed in "\\PC{1,20}") {
        stays_the_same(&typed)?;
    }

    #[test]
    fn so_it_is_in_scripts_with_case_marks_and_width(
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
