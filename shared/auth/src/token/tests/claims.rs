//! Each claim is required, has one type, and stays within its bounds.

use serde_json::{Value, json};

use super::forge::{
    AUDIENCE, ISSUER, claims, claims_with, claims_without, header, refusal, sign, sign_claims,
};
use crate::key::testing::NOW;
use crate::token::TokenError;

fn with(name: &str, value: impl Into<Value>) -> TokenError {
    refusal(&sign_claims(&claims_with(name, value)))
}

/// Replaces a number with raw text, so that the text reaches the parser unchanged.
fn with_raw(name: &str, text: &str) -> TokenError {
    let claims = claims_with(name, "RAW").to_string();
    refusal(&sign(header().to_string(), claims.replace("\"RAW\"", text)))
}

#[test]
fn every_required_claim_is_required() {
    let claims = claims();
    let names: Vec<_> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 12);
    for name in names.into_iter().filter(|name| *name != "scope") {
        let refused = refusal(&sign_claims(&claims_without(name)));
        assert!(
            matches!(refused, TokenError::Claim(of) if of == name),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn no_claim_may_be_null_or_an_object() {
    for name in claims().as_object().unwrap().keys() {
        for invalid in [
            Value::Null,
            json!({}),
            json!({"value": claims()[name]}),
            json!(true),
        ] {
            let refused = with(name, invalid.clone());
            assert!(
                matches!(refused, TokenError::Claim(of) if of == name),
                "{name} {invalid}"
            );
        }
    }
}

#[test]
fn the_issuer_matches_byte_by_byte_and_is_not_an_array() {
    for invalid in [
        "",
        "https://other.example",
        "https://auth.example/",
        "https://AUTH.example",
        "https://auth.example ",
        "https://auth.example.attacker.example",
        "https://auth.exampl",
        "http://auth.example",
    ] {
        assert_eq!(with("iss", invalid), TokenError::Issuer, "{invalid:?}");
    }
    for invalid in [
        json!([ISSUER]),
        json!([ISSUER, "other"]),
        json!(1),
        json!({"iss": ISSUER}),
    ] {
        assert_eq!(
            with("iss", invalid.clone()),
            TokenError::Claim("iss"),
            "{invalid}"
        );
    }
}

#[test]
fn the_audience_is_ours_or_an_array_that_contains_ours() {
    for invalid in [
        json!("other"),
        json!("Gatehouse"),
        json!("gatehouse "),
        json!(""),
        json!([]),
    ] {
        assert_eq!(
            with("aud", invalid.clone()),
            TokenError::Audience,
            "{invalid}"
        );
    }
    assert_eq!(
        with("aud", json!(["other", "another"])),
        TokenError::Audience
    );
    for invalid in [
        json!(1),
        json!([AUDIENCE, 1]),
        json!([[AUDIENCE]]),
        json!({"aud": AUDIENCE}),
    ] {
        assert_eq!(
            with("aud", invalid.clone()),
            TokenError::Claim("aud"),
            "{invalid}"
        );
    }
}

#[test]
fn a_token_expires_at_its_exp_without_leeway() {
    for passed in [0, 1, 59, 60, 61, 1_000_000] {
        let refused = with("exp", NOW.unix() - passed);
        assert_eq!(refused, TokenError::Expired, "{passed}");
    }
}

#[test]
fn times_are_non_negative_integers() {
    for name in ["exp", "nbf", "iat", "auth_time"] {
        for invalid in [
            "-1",
            "-0",
            "1e300",
            "1.7e9",
            "1700000900.5",
            "1700000900.0",
            "9223372036854775808",
            "18446744073709551616",
            "\"1700000900\"",
            "\"NaN\"",
            "true",
            "[1700000900]",
            "{\"v\":1700000900}",
            "null",
        ] {
            assert_eq!(
                with_raw(name, invalid),
                TokenError::Claim(name),
                "{name} {invalid}"
            );
        }
    }
}

#[test]
fn a_token_from_the_future_is_rejected() {
    let now = NOW.unix();
    assert_eq!(with("iat", now + 61), TokenError::IssuedAhead);
    assert_eq!(with("nbf", now + 61), TokenError::NotYetValid);
    assert_eq!(with("nbf", now + 300), TokenError::NotYetValid);
}

#[test]
fn a_token_that_lives_longer_than_an_hour_is_refused() {
    let now = NOW.unix();
    for exp in [now + 3_601, now + 1_000_000_000, i64::MAX] {
        assert_eq!(with("exp", exp), TokenError::Lifetime, "{exp}");
    }
    assert_eq!(with("iat", now - 2_701), TokenError::Lifetime);
    assert_eq!(with("iat", 0), TokenError::Lifetime);
}

#[test]
fn ids_are_1_to_128_bytes_of_printable_ascii() {
    for name in ["sub", "sid", "jti"] {
        for invalid in [
            "",
            "a b",
            "a\n",
            "a\0",
            "\u{e9}",
            "\u{202e}",
            &"x".repeat(129),
        ] {
            assert_eq!(
                with(name, invalid),
                TokenError::Claim(name),
                "{name} {invalid:?}"
            );
        }
        for invalid in [json!(1), json!(["x"])] {
            assert_eq!(
                with(name, invalid.clone()),
                TokenError::Claim(name),
                "{name} {invalid}"
            );
        }
    }
}

#[test]
fn the_version_is_a_whole_number() {
    for invalid in [json!(-1), json!(1.5), json!("3"), json!([3])] {
        assert_eq!(
            with("ver", invalid.clone()),
            TokenError::Claim("ver"),
            "{invalid}"
        );
    }
}

#[test]
fn scope_is_a_list_of_scope_tokens_and_roles_an_array_of_roles() {
    for invalid in [
        json!(["profile"]),
        json!(1),
        json!("a\"b"),
        json!("a\tb"),
        json!("\u{e9}"),
    ] {
        assert_eq!(
            with("scope", invalid.clone()),
            TokenError::Claim("scope"),
            "{invalid}"
        );
    }
    let many: Vec<String> = (0..33).map(|number| format!("r{number}")).collect();
    for invalid in [
        json!("admin"),
        json!([1]),
        json!(["Admin"]),
        json!([""]),
        json!([["a"]]),
        json!(many),
    ] {
        assert_eq!(
            with("roles", invalid.clone()),
            TokenError::Claim("roles"),
            "{invalid}"
        );
    }
    assert_eq!(with("client_id", json!(1)), TokenError::Claim("client_id"));
}

#[test]
fn verification_works_at_any_clock_reading() {
    use super::forge::valid;
    use crate::key::testing::keys;
    use crate::time::Timestamp;
    use crate::token::Verifier;

    let verifier = Verifier::new(ISSUER.into(), AUDIENCE.into());
    let at = |seconds| verifier.verify(&valid(), keys(), Timestamp::from_unix(seconds));
    for early in [i64::MIN, -1, 0, NOW.unix() - 61] {
        assert_eq!(at(early), Err(TokenError::IssuedAhead), "{early}");
    }
    for late in [NOW.unix() + 900, i64::MAX] {
        assert_eq!(at(late), Err(TokenError::Expired), "{late}");
    }
    assert!(at(NOW.unix() + 899).is_ok());
}
