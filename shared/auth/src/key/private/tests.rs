use serde_json::{Value, json};

use super::*;
use crate::key::VerifyingKeys;
use crate::key::testing::{ALGORITHMS, key};

fn stored(algorithm: Algorithm) -> Value {
    serde_json::to_value(key(algorithm)).unwrap()
}

fn read(jwk: Value) -> Result<SigningKey, serde_json::Error> {
    serde_json::from_value(jwk)
}

#[test]
fn each_kind_of_key_signs_what_its_public_half_verifies() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        assert_eq!(key.algorithm(), algorithm);
        let keys = VerifyingKeys::from_jwks(vec![key.public()]);
        let verifying = keys.get(key.kid()).unwrap();
        let signature = key.sign(b"message").unwrap();
        assert!(
            verifying.verify_signature(b"message", &signature),
            "{algorithm}"
        );
        assert!(
            !verifying.verify_signature(b"massage", &signature),
            "{algorithm}"
        );
        for odd in ["", "?", "AB", &format!("{signature}=")] {
            assert!(
                !verifying.verify_signature(b"message", odd),
                "{algorithm} {odd}"
            );
        }
    }
}

#[test]
fn a_key_survives_the_ring() {
    for algorithm in ALGORITHMS {
        let read = read(stored(algorithm)).unwrap();
        assert_eq!(read.public(), key(algorithm).public());
        let keys = VerifyingKeys::from_jwks(vec![key(algorithm).public()]);
        let signature = read.sign(b"message").unwrap();
        let verifying = keys.get(read.kid()).unwrap();
        assert!(
            verifying.verify_signature(b"message", &signature),
            "{algorithm}"
        );
    }
}

#[test]
fn a_key_is_stored_with_the_members_of_a_private_jwk() {
    let names = |algorithm| {
        let stored = stored(algorithm);
        let mut names: Vec<_> = stored.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(Algorithm::Es256), "crv d kty x y");
    assert_eq!(names(Algorithm::EdDsa), "crv d kty x");
    assert_eq!(names(Algorithm::Rs256), "d dp dq e kty n p q qi");
}

#[test]
fn halves_of_two_keys_are_refused() {
    for (algorithm, name) in [(Algorithm::Es256, "d"), (Algorithm::EdDsa, "d")] {
        let mut jwk = stored(algorithm);
        let other = SigningKey::generate(algorithm).unwrap();
        jwk[name] = serde_json::to_value(other).unwrap()[name].clone();
        let error = read(jwk).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the halves of a key do not belong together"
        );
    }
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        let mut jwk = stored(Algorithm::Rs256);
        jwk[name] = json!("AQAB");
        assert!(read(jwk).is_err(), "{name}");
    }
}

#[test]
fn a_key_with_a_member_missing_or_malformed_is_refused() {
    for algorithm in ALGORITHMS {
        let jwk = stored(algorithm);
        for name in jwk.as_object().unwrap().keys() {
            for odd in [Value::Null, json!(""), json!(7), json!("====")] {
                let mut jwk = jwk.clone();
                jwk[name] = odd;
                assert!(read(jwk).is_err(), "{algorithm} {name}");
            }
            let mut jwk = jwk.clone();
            jwk.as_object_mut().unwrap().remove(name);
            assert!(read(jwk).is_err(), "{algorithm} {name}");
        }
    }
}

#[test]
fn keys_of_other_kinds_are_refused() {
    let mut jwk = stored(Algorithm::Es256);
    jwk["crv"] = json!("P-384");
    assert!(read(jwk).is_err());
    assert!(read(json!({"kty": "oct", "k": "AAAA"})).is_err());
}

#[test]
fn no_part_of_a_private_key_prints() {
    for algorithm in ALGORITHMS {
        let printed = format!("{:?}", key(algorithm));
        assert_eq!(
            printed,
            format!("SigningKey({}, [redacted])", key(algorithm).kid())
        );
    }
}

#[test]
fn keys_made_one_after_the_other_differ() {
    let kid = |_| {
        SigningKey::generate(Algorithm::EdDsa)
            .unwrap()
            .kid()
            .clone()
    };
    let kids: std::collections::HashSet<_> = (0..1000).map(kid).collect();
    assert_eq!(kids.len(), 1000);
}
