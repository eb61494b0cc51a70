//! What is rejected before the signature is checked.

use std::time::{Duration, Instant};

use serde_json::json;

use super::forge::{claims, encode, header, refusal, sign, valid, verify};
use crate::json::JsonError;
use crate::token::TokenError;

#[test]
fn a_token_has_exactly_three_parts_and_none_is_empty() {
    let valid = valid();
    let [header, payload, signature] = valid.split('.').collect::<Vec<_>>()[..] else {
        panic!("the token does not have three parts")
    };
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        header.into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{valid}."),
        format!(".{valid}"),
        format!("{valid}.{signature}"),
        format!("{valid}.{payload}.{signature}"),
    ] {
        assert_eq!(refusal(&token), TokenError::Parts, "{token}");
    }
}

#[test]
fn whitespace_around_a_token_rejects_it() {
    let valid = valid();
    for token in [
        format!(" {valid}"),
        format!("{valid} "),
        format!("{valid}\n"),
        format!("\t{valid}"),
    ] {
        assert_eq!(refusal(&token), TokenError::Encoding, "{token:?}");
    }
}

#[test]
fn the_json_serialisation_is_refused() {
    let flat = json!({"protected": "e30", "payload": "e30", "signature": "AAAA"});
    for token in [
        flat.to_string(),
        json!({"payload": "e30", "signatures": [flat]}).to_string(),
    ] {
        assert_eq!(refusal(&token), TokenError::Parts);
    }
}

#[test]
fn each_part_is_canonical_base64url() {
    let valid = valid();
    let parts: Vec<&str> = valid.split('.').collect();
    for position in 0..3 {
        let part = parts[position];
        for invalid in [
            format!("{part}="),
            format!("{part}=="),
            format!("{part} "),
            format!("{}\n{}", &part[..4], &part[4..]),
            format!("?{part}"),
            format!("+{}", &part[1..]),
            format!("/{}", &part[1..]),
            format!("{part}\u{e9}"),
            "A".into(),
            "AB".into(),
            "AAB".into(),
        ] {
            let mut parts = parts.clone();
            parts[position] = &invalid;
            assert_eq!(
                refusal(&parts.join(".")),
                TokenError::Encoding,
                "{position} {invalid:?}"
            );
        }
    }
}

#[test]
fn a_token_of_8_kib_is_read_and_a_byte_more_is_not() {
    let sized = |length: usize| {
        let mut claims = claims();
        claims["pad"] = "".into();
        let bare = sign(header().to_string(), claims.to_string()).len();
        claims["pad"] = "x".repeat((length - bare) * 3 / 4).into();
        sign(header().to_string(), claims.to_string())
    };
    let token = sized(8_192);
    assert!(
        token.len() > 8_180 && verify(&token).is_ok(),
        "{}",
        token.len()
    );
    assert_eq!(refusal(&sized(8_200)), TokenError::TooLong);
    assert_eq!(refusal(&"a".repeat(8_193)), TokenError::TooLong);
    assert_eq!(refusal(&"a".repeat(8_192)), TokenError::Parts);
}

/// The length is checked first: decoding a thousand of these would take seconds.
#[test]
fn a_mebibyte_token_is_rejected_without_decoding() {
    let token = format!("{}.{}.{}", "e30", "A".repeat(1 << 20), "AAAA");
    let begun = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(refusal(&token), TokenError::TooLong);
    }
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn headers_that_are_not_strict_json_are_rejected() {
    for invalid in [
        "",
        " ",
        "{",
        "{}{}",
        "{} x",
        "\u{feff}{}",
        "{'alg':'ES256'}",
        "\"\\ud800\"",
        "NaN",
    ] {
        let token = format!("{}.e30.AAAA", encode(invalid));
        let expected = match invalid {
            "" => TokenError::Parts,
            _ => TokenError::HeaderJson(JsonError::Syntax),
        };
        assert_eq!(refusal(&token), expected, "{invalid:?}");
    }
    let token = format!("{}.e30.AAAA", encode(b"{\"alg\":\"\xff\"}"));
    assert_eq!(refusal(&token), TokenError::HeaderJson(JsonError::Syntax));
}

#[test]
fn claims_that_are_not_strict_json_are_rejected() {
    let claims = claims().to_string();
    let syntax = TokenError::ClaimsJson(JsonError::Syntax);
    for invalid in [
        format!("{claims}x"),
        format!("{claims}{claims}"),
        format!("\u{feff}{claims}"),
        claims.replace("admin", "\\ud800"),
        claims.replace("900", "900,"),
        claims.replacen('{', "{\"n\":NaN,", 1),
        claims.replacen('{', "{\"n\":1e999,", 1),
    ] {
        assert_eq!(
            refusal(&sign(header().to_string(), &invalid)),
            syntax.clone(),
            "{invalid}"
        );
    }
    let mut invalid = claims.clone().into_bytes();
    let within = claims.find("profile").unwrap();
    invalid[within] = 0xff;
    assert_eq!(refusal(&sign(header().to_string(), invalid)), syntax);
    for invalid in ["[]", "null", "1", "\"claims\""] {
        let token = sign(header().to_string(), invalid);
        assert_eq!(refusal(&token), TokenError::Claim("iss"), "{invalid}");
    }
}

#[test]
fn a_member_named_twice_is_refused_in_header_and_claims() {
    let twice = |text: &str, name: &str, value: &str| {
        text.replacen('{', &format!("{{\"{name}\":{value},"), 1)
    };
    let (header, claims) = (header().to_string(), claims().to_string());
    for (name, value) in [
        ("alg", "\"ES256\""),
        ("kid", "\"x\""),
        ("typ", "\"at+jwt\""),
    ] {
        let expected = TokenError::HeaderJson(JsonError::DuplicateMember(name.into()));
        let token = sign(twice(&header, name, value), &claims);
        assert_eq!(refusal(&token), expected);
    }
    for (name, value) in [
        ("sub", "\"other\""),
        ("exp", "9999999999"),
        ("aud", "\"gatehouse\""),
    ] {
        let expected = TokenError::ClaimsJson(JsonError::DuplicateMember(name.into()));
        let token = sign(&header, twice(&claims, name, value));
        assert_eq!(refusal(&token), expected);
    }
    let token = sign(
        &header,
        twice(&twice(&claims, "unknown", "1"), "unknown", "1"),
    );
    assert!(matches!(
        refusal(&token),
        TokenError::ClaimsJson(JsonError::DuplicateMember(_))
    ));
}

#[test]
fn nesting_is_allowed_to_a_depth_of_8() {
    let nested = |depth: usize| {
        let deep = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let claims = claims().to_string();
        sign(
            header().to_string(),
            claims.replacen('{', &format!("{{\"deep\":{deep},"), 1),
        )
    };
    assert!(verify(&nested(8)).is_ok());
    for depth in [9, 100, 1_000] {
        assert_eq!(
            refusal(&nested(depth)),
            TokenError::ClaimsJson(JsonError::TooDeep)
        );
    }
    assert_eq!(refusal(&nested(100_000)), TokenError::TooLong);
    let header = format!("{}.e30.AAAA", encode("[".repeat(5_000)));
    assert_eq!(refusal(&header), TokenError::HeaderJson(JsonError::TooDeep));
}
