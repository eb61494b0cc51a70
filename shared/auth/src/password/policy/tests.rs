use proptest::prelude::*;

use super::*;

fn judge(min_length: usize, password: &str) -> Result<(), WeakPassword> {
    let username = Username::parse("Marguerite").unwrap();
    let email = EmailAddress::parse("m.yourcenar@example.org").unwrap();
    let password = Password::parse(password).unwrap();
    PasswordPolicy::new(min_length).check(&password, &username, Some(&email))
}

fn reasons(min_length: usize, password: &str) -> Vec<WeakReason> {
    judge(min_length, password)
        .err()
        .map_or_else(Vec::new, |weak| weak.reasons)
}

#[test]
fn length_is_counted_in_code_points() {
    // 14 and 15 code points, of 14 to 60 bytes.
    for strong in ["mVx7 qkoZ3 wfb", "\u{e9}\u{17e}qk7\u{f8}ZwfbXu2\u{e5}"] {
        assert_eq!(strong.chars().count(), 14);
        assert_eq!(reasons(15, strong), [WeakReason::TooShort(15)]);
        assert_eq!(reasons(15, &format!("{strong}J")), []);
        assert_eq!(reasons(14, strong), []);
    }
    // A letter and its combining accent count as one.
    assert_eq!(reasons(15, "mVx7 qkoZ3 wfbe\u{301}"), []);
    assert_eq!(
        reasons(15, "mVx7 qkoZ3 we\u{301}"),
        [WeakReason::TooShort(15)]
    );
}

#[test]
fn no_setting_allows_fewer_than_8_code_points() {
    assert_eq!(reasons(0, "mVx7qkZ")[0], WeakReason::TooShort(8));
    assert_eq!(reasons(0, "mVx7qkZw"), []);
}

#[test]
fn there_are_no_composition_rules() {
    for plain in [
        "purple otter hums quietly",
        "gxkqvzmwpjtyrnbdl",
        "739205816402947",
        "\u{43b}\u{43e}\u{448}\u{430}\u{434}\u{44c} \u{432} \u{43f}\u{430}\u{43b}\u{44c}\u{442}\u{43e}",
    ] {
        assert_eq!(reasons(15, plain), [], "{plain}");
    }
}

#[test]
fn long_passwords_of_wide_characters_are_accepted() {
    for length in [64, 128, 256] {
        let emoji = (0..length).filter_map(|n| char::from_u32(0x1f600 + n * 7 % 80));
        assert_eq!(reasons(15, &emoji.collect::<String>()), [], "{length}");
    }
}

#[test]
fn every_listed_password_that_is_long_enough_is_refused() {
    for min_length in [8, 15] {
        for common in super::super::common::entries() {
            if common.chars().count() >= min_length {
                assert_eq!(
                    reasons(min_length, common),
                    [WeakReason::Common],
                    "{common}"
                );
            }
        }
    }
}

#[test]
fn passwords_that_the_estimate_calls_common_are_rejected_as_common() {
    for common in [
        "password",
        "Password1",
        "p@ssw0rd",
        "trustno1",
        "drowssap",
        "1qaz2wsx",
    ] {
        assert_eq!(reasons(8, common), [WeakReason::Common], "{common}");
    }
}

#[test]
fn a_long_password_that_is_easy_to_guess_is_rejected() {
    for easy in [
        "aaaaaaaaaaaaaaaaaaaab",
        "abcabcabcabcabcabc",
        "passwordpassword",
        "123456789123456789",
        "administrator123",
        "19840517198405171984",
        "gatehousegatehouse",
    ] {
        let reasons = reasons(15, easy);
        let [WeakReason::Guessable(_)] = reasons.as_slice() else {
            panic!("{easy}: {reasons:?}");
        };
    }
}

/// Judges the password of a user with these names.
fn reasons_for(username: &str, email: Option<&str>, password: &str) -> Vec<WeakReason> {
    let username = Username::parse(username).unwrap();
    let email = email.map(|email| EmailAddress::parse(email).unwrap());
    let password = Password::parse(password).unwrap();
    let judged = PasswordPolicy::new(15).check(&password, &username, email.as_ref());
    judged.err().map_or_else(Vec::new, |weak| weak.reasons)
}

#[test]
fn a_password_may_contain_a_name_if_the_rest_is_strong() {
    for (username, password) in [
        ("anna", "savanna grassland evening"),
        ("anna", "ANNA likes purple otters"),
        ("anna", "banana savannah hosannas"),
        ("eric", "generic american lighthouse"),
        ("bert", "Robert met Albert in Libertyville"),
        ("mark", "a remarkable landmark on the hill"),
        (
            "\u{43b}\u{430}\u{434}\u{430}",
            "\u{431}\u{430}\u{43b}\u{43b}\u{430}\u{434}\u{430} \u{43e} \u{441}\u{442}\u{430}\u{440}\u{43e}\u{439} \u{43c}\u{435}\u{43b}\u{44c}\u{43d}\u{438}\u{446}\u{435}",
        ),
        ("marguerite", "marguerite purple otter hums"),
    ] {
        assert_eq!(
            reasons_for(username, None, password),
            [],
            "{username}: {password}"
        );
        let email = format!(
            "{}@example.org",
            if username.is_ascii() {
                username
            } else {
                "lada"
            }
        );
        assert_eq!(
            reasons_for("other", Some(&email), password),
            [],
            "{email}: {password}"
        );
    }
    let both = reasons_for(
        "anna",
        Some("evening@example.org"),
        "savanna grassland evening mvx7q",
    );
    assert_eq!(both, []);
}

#[test]
fn a_name_adds_neither_length_nor_strength() {
    use WeakReason::{ContainsEmail, ContainsUsername};
    for (username, email, password, refused) in [
        ("anna", None, "savanna evening", &[ContainsUsername][..]),
        ("anna", None, "qkx7vw-anna-z3p", &[ContainsUsername]),
        // Removing one name creates the next.
        ("anna", None, "mvx7qkzananannanawf", &[ContainsUsername]),
        (
            "marguerite",
            None,
            "qkx7 margmargueriteuerite vw",
            &[ContainsUsername],
        ),
        (
            "evening",
            Some("grassland@example.org"),
            "savanna grassland evening",
            &[ContainsUsername, ContainsEmail],
        ),
        // What is left is long enough, but common.
        (
            "anna",
            None,
            "correcthorseannabatterystaple",
            &[ContainsUsername],
        ),
    ] {
        let reasons = reasons_for(username, email, password);
        assert_eq!(reasons, refused, "{username}: {password}");
    }
    for repeated in [
        "annaannaannaannaanna",
        "Anna anna ANNA anna anna",
        "anna-anna-anna-anna",
        "annaannaannaannaanna1",
        "anna123456789012345",
        "annannaannaaannaanna",
    ] {
        let reasons = reasons_for("anna", None, repeated);
        assert!(
            reasons.contains(&ContainsUsername),
            "{repeated}: {reasons:?}"
        );
    }
    for repeated in ["annannannannannannann", "ann ann ann ann ann ann"] {
        assert_ne!(reasons_for("ann", None, repeated), [], "{repeated}");
    }
}

#[test]
fn a_password_that_contains_the_username_is_rejected() {
    for password in [
        "marguerite qkx7 vw",
        "xk7q MARGUERITE vw",
        "Zk4-MaRgUeRiTe-9w2",
    ] {
        assert_eq!(
            reasons(15, password),
            [WeakReason::ContainsUsername],
            "{password}"
        );
    }
}

#[test]
fn a_password_that_contains_the_local_part_of_the_address_is_rejected() {
    let password = "Zk4-M.Yourcenar-9w2";
    assert_eq!(reasons(15, password), [WeakReason::ContainsEmail]);
}

#[test]
fn a_final_sigma_does_not_hide_the_username() {
    let username = Username::parse("\u{3c3}\u{3bf}\u{3c6}\u{3bf}\u{3c3}").unwrap();
    let password = "7qk-\u{3a3}\u{39f}\u{3a6}\u{39f}\u{3a3} x2w v9z";
    let password = Password::parse(password).unwrap();
    let weak = PasswordPolicy::new(15).check(&password, &username, None);
    assert_eq!(weak.unwrap_err().reasons, [WeakReason::ContainsUsername]);
}

/// "ann" occurs in "channel": a password may contain such a name, but it adds no strength.
#[test]
fn a_name_of_three_letters_may_be_part_of_a_word() {
    let username = Username::parse("ann").unwrap();
    let policy = PasswordPolicy::new(15);
    let check = |text| policy.check(&Password::parse(text).unwrap(), &username, None);
    assert_eq!(check("channel otter hums quietly"), Ok(()));
    let repeated = check("annannannannannannann").unwrap_err();
    assert!(
        matches!(repeated.reasons.as_slice(), [WeakReason::Guessable(_)]),
        "{repeated:?}"
    );
}

#[test]
fn an_error_has_codes_sentences_and_suggestions() {
    let weak = judge(15, "marguerite").unwrap_err();
    let codes: Vec<_> = weak.reasons.iter().map(WeakReason::code).collect();
    assert_eq!(codes, ["too_short", "holds_username", "guessable"]);
    for sentence in weak
        .reasons
        .iter()
        .map(WeakReason::detail)
        .chain(weak.suggestions)
    {
        assert!(sentence.ends_with('.'), "{sentence}");
        assert!(!sentence.to_lowercase().contains("marguerite"));
    }
    let weak = judge(15, "correcthorsebatterystaple").unwrap_err();
    assert_eq!(weak.suggestions.len(), 1);
}

/// Nothing but substitutions, which take the estimate the longest.
#[test]
fn judging_any_password_takes_little_time() {
    let started = std::time::Instant::now();
    let costly = "4@8({[</369&#!1|0$5+7%2".repeat(44);
    assert_eq!(reasons(15, &costly), []);
    assert!(started.elapsed().as_secs() < 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_password_makes_it_panic(password in "[\\PC--\\p{Cn}]{1,60}") {
        if let Ok(password) = Password::parse(&password) {
            let username = Username::parse("marguerite").unwrap();
            let _ = PasswordPolicy::new(15).check(&password, &username, None);
        }
    }
}
