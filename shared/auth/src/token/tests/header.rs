//! What a header may contain, and that a token cannot bring its own key.

use serde_json::{Value, json};

use super::forge::{claims, encode, header, refusal, sign_header};
use crate::key::Kid;
use crate::token::TokenError;

fn with(name: &str, value: impl Into<Value>) -> String {
    let mut header = header();
    header[name] = value.into();
    sign_header(&header)
}

fn without(name: &str) -> String {
    let mut header = header();
    header.as_object_mut().unwrap().remove(name).unwrap();
    sign_header(&header)
}

#[test]
fn any_other_header_member_rejects_the_token() {
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("crit", Value::Null),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("jwk", json!({"kty": "EC"})),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/chain.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("iss", json!("https://auth.example")),
        ("Alg", json!("none")),
        ("ALG", json!("none")),
        ("", json!("")),
    ] {
        assert_eq!(
            refusal(&with(name, value.clone())),
            TokenError::HeaderMembers,
            "{name} {value}"
        );
    }
}

#[test]
fn a_header_that_is_not_an_object_is_rejected() {
    for invalid in [
        json!([]),
        json!("ES256"),
        json!(1),
        Value::Null,
        json!([header()]),
    ] {
        assert_eq!(
            refusal(&sign_header(&invalid)),
            TokenError::HeaderMembers,
            "{invalid}"
        );
    }
}

#[test]
fn other_spellings_and_types_of_the_algorithm_are_refused() {
    for invalid in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!("es256"),
        json!("ES256 "),
        json!(" ES256"),
        json!("ES256\0"),
        json!("\u{ff25}\u{ff33}256"),
        json!("ES384"),
        json!("ES512"),
        json!("PS256"),
        json!("HS256"),
        json!("Ed25519"),
        json!(""),
        json!(["ES256"]),
        json!({"ES256": 1}),
        json!(256),
        json!(true),
        Value::Null,
    ] {
        assert_eq!(
            refusal(&with("alg", invalid.clone())),
            TokenError::Algorithm,
            "{invalid}"
        );
    }
    assert_eq!(refusal(&without("alg")), TokenError::Algorithm);
}

#[test]
fn no_spelling_of_none_is_accepted_with_an_empty_or_missing_signature() {
    for alg in ["none", "None", "NONE", "nOnE"] {
        for kid in [header()["kid"].clone(), Value::Null] {
            let header = json!({"alg": alg, "kid": kid, "typ": "at+jwt"}).to_string();
            let message = format!("{}.{}", encode(header), encode(claims().to_string()));
            assert_eq!(refusal(&message), TokenError::Parts, "{alg}");
            assert_eq!(refusal(&format!("{message}.")), TokenError::Parts, "{alg}");
            assert_eq!(
                refusal(&format!("{message}.AAAA")),
                TokenError::Algorithm,
                "{alg}"
            );
        }
    }
}

#[test]
fn malformed_key_ids_are_rejected_before_any_lookup() {
    for invalid in [
        json!(""),
        json!("../../dev/null"),
        json!("../../../../proc/sys/kernel/randomize_va_space"),
        json!("|sleep 10"),
        json!("; sleep 10"),
        json!("x' UNION SELECT 'key';--"),
        json!("https://attacker.example/key"),
        json!("a\0b"),
        json!("a\nb"),
        json!("\u{202e}"),
        json!("x".repeat(65)),
        json!(7),
        json!(["x"]),
        json!({"x": 1}),
        Value::Null,
        json!(true),
    ] {
        assert_eq!(
            refusal(&with("kid", invalid.clone())),
            TokenError::Kid,
            "{invalid}"
        );
    }
    assert_eq!(refusal(&without("kid")), TokenError::Kid);
    assert_eq!(
        refusal(&with("kid", "x".repeat(65_536))),
        TokenError::TooLong
    );
}

#[test]
fn an_unpublished_key_is_named_so_that_the_keys_can_be_read_again() {
    let unknown = Kid::parse("unknown").unwrap();
    assert_eq!(
        refusal(&with("kid", "unknown")),
        TokenError::UnknownKey(unknown)
    );
}

#[test]
fn only_the_type_of_an_access_token_is_accepted() {
    for invalid in [
        json!("JWT"),
        json!("jwt"),
        json!("refresh+jwt"),
        json!("dpop+jwt"),
        json!("AT+JWT "),
        json!(" at+jwt"),
        json!("at+jwt;v=1"),
        json!("application/application/at+jwt"),
        json!("at"),
        json!(""),
        json!(["at+jwt"]),
        json!(1),
        Value::Null,
    ] {
        assert_eq!(
            refusal(&with("typ", invalid.clone())),
            TokenError::Type,
            "{invalid}"
        );
    }
    assert_eq!(refusal(&without("typ")), TokenError::Type);
}
