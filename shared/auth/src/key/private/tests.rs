use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::key::VerifyingKeys;
use crate::key::testing::{ALGORITHMS, JWK_RING, key};

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
        for invalid in ["", "?", "AB", &format!("{signature}=")] {
            assert!(
                !verifying.verify_signature(b"message", invalid),
                "{algorithm} {invalid}"
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
fn a_key_is_stored_as_pkcs8_with_its_id_and_algorithm() {
    for algorithm in ALGORITHMS {
        let stored = stored(algorithm);
        assert_eq!(stored.as_object().unwrap().len(), 3);
        assert_eq!(stored["alg"], algorithm.name());
        assert_eq!(stored["kid"], key(algorithm).kid().as_str());
        // A sequence that begins with the version 0, which `openssl` reads too.
        let der = STANDARD.decode(stored["pkcs8"].as_str().unwrap()).unwrap();
        let version = der.windows(3).position(|bytes| bytes == [2, 1, 0]);
        assert!(
            der[0] == 0x30 && version.is_some_and(|at| at <= 4),
            "{algorithm}"
        );
    }
}

#[test]
fn a_key_of_another_id_or_algorithm_is_refused() {
    for algorithm in ALGORITHMS {
        for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
            for name in ["kid", "alg", "pkcs8"] {
                let mut changed = stored(algorithm);
                changed[name] = stored(other)[name].clone();
                assert!(read(changed).is_err(), "{algorithm} {other} {name}");
            }
        }
    }
    let mut changed = stored(Algorithm::EdDsa);
    let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
    changed["pkcs8"] = serde_json::to_value(other).unwrap()["pkcs8"].clone();
    assert_eq!(
        read(changed).unwrap_err().to_string(),
        "the private and public halves of a key do not match"
    );
}

#[test]
fn a_changed_byte_is_refused_or_makes_no_difference() {
    for algorithm in ALGORITHMS {
        let stored = stored(algorithm);
        let der = STANDARD.decode(stored["pkcs8"].as_str().unwrap()).unwrap();
        for position in 0..der.len() {
            let mut changed_der = der.clone();
            changed_der[position] ^= 1;
            let mut changed = stored.clone();
            changed["pkcs8"] = json!(STANDARD.encode(changed_der));
            // The version may change: the backend accepts a later one.
            if let Ok(read) = read(changed) {
                assert_eq!(der[position], 0, "{algorithm} {position}");
                let keys = VerifyingKeys::from_jwks(vec![key(algorithm).public()]);
                let signature = read.sign(b"message").unwrap();
                let verifying = keys.get(read.kid()).unwrap();
                assert!(verifying.verify_signature(b"message", &signature));
            }
        }
    }
}

#[test]
fn a_key_with_a_member_missing_or_malformed_is_refused() {
    for algorithm in ALGORITHMS {
        for stored in [stored(algorithm), jwk(algorithm)] {
            for name in stored.as_object().unwrap().keys() {
                for invalid in [Value::Null, json!(""), json!(7), json!("====")] {
                    let mut changed = stored.clone();
                    changed[name] = invalid;
                    assert!(read(changed).is_err(), "{algorithm} {name}");
                }
                let mut changed = stored.clone();
                changed.as_object_mut().unwrap().remove(name);
                assert!(read(changed).is_err(), "{algorithm} {name}");
            }
        }
    }
}

/// A key as rings stored it before PKCS#8.
fn jwk(algorithm: Algorithm) -> Value {
    let ring: Value = serde_json::from_str(JWK_RING).unwrap();
    let signing = ring["signing"].as_array().unwrap();
    let kty = match algorithm {
        Algorithm::Es256 => "EC",
        Algorithm::EdDsa => "OKP",
        Algorithm::Rs256 => "RSA",
    };
    let entry = signing.iter().find(|entry| entry["key"]["kty"] == kty);
    entry.unwrap()["key"].clone()
}

#[test]
fn a_jwk_is_read_and_stored_as_pkcs8() {
    for algorithm in ALGORITHMS {
        let old = read(jwk(algorithm)).unwrap();
        assert_eq!(old.algorithm(), algorithm);
        let public = serde_json::to_value(old.public()).unwrap();
        for name in ["x", "y", "n"] {
            assert_eq!(public.get(name), jwk(algorithm).get(name), "{algorithm}");
        }
        let new = read(serde_json::to_value(&old).unwrap()).unwrap();
        assert_eq!(new.public(), old.public());
        let keys = VerifyingKeys::from_jwks(vec![old.public()]);
        let signature = new.sign(b"message").unwrap();
        let verifying = keys.get(old.kid()).unwrap();
        assert!(
            verifying.verify_signature(b"message", &signature),
            "{algorithm}"
        );
    }
}

#[test]
fn halves_of_two_jwks_are_refused() {
    let ring: Value = serde_json::from_str(JWK_RING).unwrap();
    let mut halves = ring["signing"][0]["key"].clone();
    halves["d"] = ring["signing"][1]["key"]["d"].clone();
    assert_eq!(
        read(halves).unwrap_err().to_string(),
        "the private and public halves of a key do not match"
    );
    let mut halves = jwk(Algorithm::EdDsa);
    halves["d"] = ring["signing"][1]["key"]["d"].clone();
    assert!(read(halves).is_err());
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        let mut halves = jwk(Algorithm::Rs256);
        halves[name] = json!("AQAB");
        assert!(read(halves).is_err(), "{name}");
    }
}

#[test]
fn jwks_of_other_kinds_are_refused() {
    let mut other = jwk(Algorithm::Es256);
    other["crv"] = json!("P-384");
    assert!(read(other).is_err());
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
fn generated_keys_differ() {
    let kid = |_| {
        SigningKey::generate(Algorithm::EdDsa)
            .unwrap()
            .kid()
            .clone()
    };
    let kids: std::collections::HashSet<_> = (0..1000).map(kid).collect();
    assert_eq!(kids.len(), 1000);
}
