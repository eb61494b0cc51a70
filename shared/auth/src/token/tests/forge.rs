//! Validly signed tokens with any header and any claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::claims::Claims;
use crate::key::testing::{NOW, key, keys};
use crate::key::{Algorithm, SigningKey};
use crate::token::{TokenError, Verifier};

pub(super) const ISSUER: &str = "https://auth.example";
pub(super) const AUDIENCE: &str = "gatehouse";

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn header() -> Value {
    header_of(key(Algorithm::Es256))
}

pub(super) fn header_of(key: &SigningKey) -> Value {
    json!({"alg": key.algorithm().name(), "kid": key.kid().as_str(), "typ": "at+jwt"})
}

pub(super) fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "c3ViamVjdC1zdWJqZWN0LQ",
        "aud": AUDIENCE,
        "client_id": "gatehouse",
        "iat": NOW.unix(),
        "exp": NOW.unix() + 900,
        "jti": "anRpLWp0aS1qdGktanRpLQ",
        "sid": "c2lkLXNpZC1zaWQtc2lkLQ",
        "ver": 3,
        "auth_time": NOW.unix() - 60,
        "scope": "admin profile",
        "roles": ["admin", "user"],
    })
}

/// Returns the usual claims with one changed.
pub(super) fn claims_with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

/// Returns the usual claims without one.
pub(super) fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    claims
}

/// Signs any header and payload with the ES256 key.
pub(super) fn sign(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    sign_with(key(Algorithm::Es256), header, payload)
}

pub(super) fn sign_with(
    key: &SigningKey,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = key.sign(message.as_bytes()).unwrap();
    format!("{message}.{signature}")
}

/// Signs the claims under the usual header.
pub(super) fn sign_claims(claims: &Value) -> String {
    sign(header().to_string(), claims.to_string())
}

/// Signs the usual claims under the given header.
pub(super) fn sign_header(header: &Value) -> String {
    sign(header.to_string(), claims().to_string())
}

/// Returns a token that is accepted, as the control for all the others.
pub(super) fn valid() -> String {
    sign_claims(&claims())
}

pub(super) fn verify(token: &str) -> Result<Claims, TokenError> {
    Verifier::new(ISSUER.into(), AUDIENCE.into()).verify(token, keys(), NOW)
}

/// Returns why a token is rejected; fails the test if it is accepted.
pub(super) fn refusal(token: &str) -> TokenError {
    verify(token).expect_err("the token was accepted")
}
