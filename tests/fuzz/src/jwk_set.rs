//! JWK Sets, as `gatehouse-verify` reads them from an issuer.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::json;
use gatehouse_auth::key::{PublicJwk, VerifyingKeys, parse_jwk_set};
use serde_json::Value;

/// As deep as `gatehouse-verify` reads.
const MAX_DEPTH: usize = 8;

/// Reads the bytes as a JWK Set. Keys that are accepted are public and strong, each has an id of
/// its own, and what is published of them is read back as the same keys.
pub fn jwk_set(data: &[u8]) {
    let Ok(set) = json::parse(data, MAX_DEPTH) else {
        return;
    };
    let Ok(keys) = parse_jwk_set(&set) else {
        return;
    };
    let kids: BTreeSet<String> = keys.iter().map(|key| key.kid().to_string()).collect();
    assert_eq!(kids.len(), keys.len(), "two keys have the same id");
    for key in &keys {
        let published = key.to_json();
        is_public_and_strong(&published);
        assert_eq!(PublicJwk::parse(&published).as_ref().ok(), Some(key));
    }
    let verifying = VerifyingKeys::from_jwks(keys.clone());
    for key in &keys {
        let key = verifying.get(key.kid()).expect("a key is lost");
        for signature in ["", "AA", &"A".repeat(86), &"A".repeat(342)] {
            assert!(!key.verify_signature(b"message", signature), "{key:?}");
        }
    }
}

fn is_public_and_strong(key: &Value) {
    let key = key.as_object().unwrap();
    let known = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
    assert!(key.keys().all(|name| known.contains(&&**name)), "{key:?}");
    let bytes = |name: &str| {
        let text = key.get(name).and_then(Value::as_str).unwrap();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    match key.get("kty").and_then(Value::as_str).unwrap() {
        "RSA" => {
            let n = bytes("n");
            let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
            assert!((2048..=8192).contains(&bits), "{bits} bits");
            assert!(
                n.last().is_some_and(|byte| byte % 2 == 1),
                "an even modulus"
            );
            let e = bytes("e");
            assert!(
                e.len() > 1 || e.first().is_some_and(|e| *e >= 3),
                "a weak exponent"
            );
        }
        "EC" => assert_eq!((bytes("x").len(), bytes("y").len()), (32, 32)),
        "OKP" => assert_eq!(bytes("x").len(), 32),
        other => panic!("{other} is not supported"),
    }
}
