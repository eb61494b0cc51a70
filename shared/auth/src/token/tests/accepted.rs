use serde_json::json;

use super::forge::{
    AUDIENCE, ISSUER, claims, claims_with, claims_without, header, header_of, sign_claims,
    sign_header, sign_with, valid, verify,
};
use crate::key::testing::{ALGORITHMS, NOW, key};

#[test]
fn a_token_of_each_algorithm_is_accepted_with_its_claims() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        let token = sign_with(key, header_of(key).to_string(), claims().to_string());
        let verified = verify(&token).unwrap();
        assert_eq!(
            serde_json::to_value(&verified).unwrap(),
            claims(),
            "{algorithm}"
        );
        assert_eq!(
            (verified.iss.as_str(), verified.aud.as_str()),
            (ISSUER, AUDIENCE)
        );
    }
}

#[test]
fn the_type_is_compared_case_insensitively() {
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        let mut header = header();
        header["typ"] = typ.into();
        assert!(verify(&sign_header(&header)).is_ok(), "{typ}");
    }
}

#[test]
fn an_audience_array_that_contains_ours_is_accepted() {
    for audience in [json!([AUDIENCE]), json!(["other", AUDIENCE])] {
        let claims = verify(&sign_claims(&claims_with("aud", audience))).unwrap();
        assert_eq!(claims.aud, AUDIENCE);
    }
}

#[test]
fn the_last_second_and_the_last_allowed_skew_are_accepted() {
    let now = NOW.unix();
    let mut longest = claims_with("iat", now + 60);
    longest["exp"] = (now + 60 + 3_600).into();
    for claims in [
        claims_with("exp", now + 1),
        claims_with("iat", now + 60),
        claims_with("nbf", now + 60),
        claims_with("nbf", 0),
        claims_with("exp", now + 3_600),
        longest,
    ] {
        assert!(verify(&sign_claims(&claims)).is_ok(), "{claims}");
    }
}

#[test]
fn empty_scopes_empty_roles_and_unknown_claims_are_accepted() {
    for claims in [
        claims_with("scope", ""),
        claims_with("roles", json!([])),
        claims_with("ver", 0),
        claims_with("acr", json!({"level": [1]})),
        claims_with("sub", "x".repeat(128)),
    ] {
        assert!(verify(&sign_claims(&claims)).is_ok(), "{claims}");
    }
}

#[test]
fn a_token_whose_scope_is_missing_or_empty_has_no_scopes() {
    for claims in [claims_without("scope"), claims_with("scope", "")] {
        let verified = verify(&sign_claims(&claims)).unwrap();
        assert!(verified.scope.is_empty(), "{claims}");
    }
}

#[test]
fn the_same_token_is_accepted_again() {
    let token = valid();
    assert_eq!(verify(&token).unwrap(), verify(&token).unwrap());
}
