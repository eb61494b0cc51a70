use super::*;

fn normalised(typed: &str) -> Result<String, PasswordError> {
    Password::parse(typed).map(|password| password.expose().to_owned())
}

#[test]
fn composed_and_decomposed_spellings_are_the_same_password() {
    let composed = normalised("cr\u{e8}me br\u{fb}l\u{e9}e").unwrap();
    assert_eq!(
        normalised("cre\u{300}me bru\u{302}le\u{301}e"),
        Ok(composed)
    );
    assert_eq!(normalised("a\u{a0}b\u{3000}c"), Ok("a b c".into()));
}

/// Only NFC: compatibility forms, case, and leading or trailing spaces stay different.
#[test]
fn nothing_is_folded_trimmed_or_truncated() {
    for (one, other) in [
        ("\u{fb01}sh".to_owned(), "fish".to_owned()),
        ("Secret".into(), "secret".into()),
        ("secret".into(), "secret ".into()),
        (" secret".into(), "secret".into()),
        ("x".repeat(72) + "a", "x".repeat(72) + "b"),
        ("x".repeat(128) + "a", "x".repeat(128) + "b"),
        ("x".repeat(1023) + "a", "x".repeat(1023) + "b"),
    ] {
        assert_ne!(normalised(&one).unwrap(), normalised(&other).unwrap());
    }
}

#[test]
fn a_nul_or_another_control_character_is_rejected_and_does_not_truncate() {
    for control in [
        '\0', '\n', '\r', '\t', '\u{7f}', '\u{85}', '\u{2028}', '\u{202e}',
    ] {
        let typed = format!("correct horse{control}");
        assert_eq!(normalised(&typed), Err(PasswordError::Character));
    }
}

/// Emoji from every year, with the joiners and selectors that keyboards add.
#[test]
fn emoji_are_accepted() {
    for emoji in [
        "\u{1f600}",
        "\u{1f980}",
        "\u{1fae8}",
        "\u{2764}\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "\u{1f469}\u{1f3fd}\u{200d}\u{1f680}",
        "\u{1f1eb}\u{1f1f7}",
    ] {
        assert_eq!(normalised(emoji), Ok(emoji.to_owned()), "{emoji}");
    }
}

#[test]
fn a_password_has_1_to_1024_bytes() {
    assert_eq!(normalised(""), Err(PasswordError::Empty));
    let crab = "\u{1f980}";
    assert_eq!(normalised(&crab.repeat(256)), Ok(crab.repeat(256)));
    let long = "x".repeat(1025);
    assert_eq!(normalised(&long), Err(PasswordError::TooLong));
    let huge = "\u{344}".repeat(1 << 19);
    assert_eq!(normalised(&huge), Err(PasswordError::TooLong));
}

#[test]
fn a_password_does_not_print() {
    let password = Password::parse("canary").unwrap();
    assert_eq!(format!("{password:?}"), "Password([redacted])");
}
