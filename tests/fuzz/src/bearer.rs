//! Access tokens, as the authorizer and `gatehouse-verify` read them.
//!
//! Bytes that begin with a line that has no space are a payload and, on the next line, a header:
//! the test key signs both, because no fuzzer forges a signature, and what is behind it would
//! never be reached. All other bytes are the values of the header `Authorization`, one per line.

use gatehouse_auth::authorization::bearer_token;
use gatehouse_auth::claims::Claims;
use gatehouse_auth::token::Verifier;
use gatehouse_testing::NOW;
use serde_json::Value;

use crate::keys::{AUDIENCE, ISSUER, access_token, ring, sign, verifying};

/// The first byte of what is signed before it is read.
const SIGNED: u8 = b'{';

/// Reads the bytes as an access token. What is accepted was signed with the key and has the
/// claims that RFC 9068 requires, within their bounds.
pub fn bearer(data: &[u8]) {
    if data.first() == Some(&SIGNED) {
        let line = data.iter().position(|byte| *byte == b'\n');
        let (payload, header) = data.split_at(line.unwrap_or(data.len()));
        let header = header.strip_prefix(b"\n").unwrap_or_default();
        signed(header, payload);
    } else {
        presented(data);
    }
}

/// Nobody forges a signature, so the only token that is accepted is the one that was issued.
fn presented(data: &[u8]) {
    let values: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let Ok(token) = bearer_token(values.iter().copied()) else {
        return;
    };
    assert_eq!(values.len(), 1, "one of several credentials was chosen");
    let scheme = data.trim_ascii_start().get(..7).unwrap_or_default();
    assert!(scheme.eq_ignore_ascii_case(b"bearer "), "another scheme");
    if verify(token).is_some() {
        assert_eq!(token, access_token(), "a forged token was accepted");
    }
}

fn signed(header: &[u8], payload: &[u8]) {
    let token = sign(header, payload);
    let Some(claims) = verify(&token) else {
        return;
    };
    // What another parser reads is what was accepted: no member counts twice.
    let header: Value = serde_json::from_slice(header).expect("the header is no JSON");
    let header = header.as_object().expect("the header is no object");
    let known = ["alg", "kid", "typ"];
    assert!(
        header.keys().all(|name| known.contains(&&**name)),
        "{header:?}"
    );
    let text = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
    assert_eq!(text("alg"), "EdDSA");
    assert_eq!(text("kid"), ring().active().unwrap().kid().as_str());
    let typ = text("typ").to_ascii_lowercase();
    assert!(["at+jwt", "application/at+jwt"].contains(&&*typ), "{typ}");
    let payload: Value = serde_json::from_slice(payload).expect("the payload is no JSON");
    has_its_claims(&claims, &payload);
}

/// Checks the bounds once more, with another parser's reading.
fn has_its_claims(claims: &Claims, payload: &Value) {
    let member = |name: &str| payload.get(name).expect("a claim is missing");
    assert_eq!(member("iss"), ISSUER);
    let audiences = member("aud")
        .as_array()
        .map_or(vec![member("aud")], |all| all.iter().collect());
    assert!(
        audiences.into_iter().any(|name| name == AUDIENCE),
        "another audience"
    );
    for (name, read) in [
        ("sub", claims.sub.to_string()),
        ("sid", claims.sid.to_string()),
        ("jti", claims.jti.to_string()),
    ] {
        assert_eq!(member(name), read.as_str(), "{name}");
        assert!(!read.is_empty(), "{name} is empty");
    }
    let number = |name: &str| member(name).as_u64().expect("not a whole number");
    let now = NOW.unix().unsigned_abs();
    assert!(number("exp") > now, "expired");
    assert!(number("iat") <= now + 300, "issued in the future");
    assert!(
        number("exp") - number("iat").min(number("exp")) <= 3600,
        "valid for too long"
    );
    assert_eq!(number("ver"), claims.ver);
    assert_eq!(number("auth_time"), claims.auth_time.unix().unsigned_abs());
    let nbf = payload
        .get("nbf")
        .map(|nbf| nbf.as_u64().expect("not a whole number"));
    assert!(nbf.is_none_or(|nbf| nbf <= now + 300), "not valid yet");
    let roles = member("roles").as_array().expect("not an array");
    for role in roles {
        assert!(claims.roles.contains(role.as_str().expect("not a text")));
    }
    assert_eq!(claims.roles.iter().count(), roles.len());
    if !claims.scope.is_empty() {
        assert!(payload.get("scope").is_some_and(Value::is_string));
    }
}

fn verify(token: &str) -> Option<Claims> {
    let verifier = Verifier::new(ISSUER.to_owned(), AUDIENCE.to_owned());
    verifier.verify(token, verifying(), NOW).ok()
}
