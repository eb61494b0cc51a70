//! Wycheproof's vectors for the primitives that we allow: what the backend gets
//! wrong here, a forger gets right.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wycheproof::{RsaPublic, TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify};

use crate::key::{MacKey, PublicJwk, VerifyingKeys};

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn verifies(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    let key = PublicJwk::parse(jwk).unwrap();
    let kid = key.kid().clone();
    let keys = VerifyingKeys::from_jwks(vec![key]);
    keys.get(&kid)
        .unwrap()
        .verify_signature(message, &encode(signature))
}

/// Counts the vectors that are valid and those that are not.
#[derive(Default)]
struct Counts {
    valid: u32,
    invalid: u32,
}

impl Counts {
    /// Asserts that a vector is accepted if and only if it is valid.
    fn check(&mut self, accepted: bool, valid: bool, id: usize) {
        assert_eq!(accepted, valid, "{id}");
        if valid {
            self.valid += 1;
        } else {
            self.invalid += 1;
        }
    }
}

#[test]
fn ecdsa_over_p256_with_sha_256() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut counts = Counts::default();
    for group in set.test_groups {
        let point = group.key.key.as_slice();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        let jwk = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k", "x": x, "y": y});
        for test in group.tests {
            let accepted = verifies(&jwk, &test.msg, &test.sig);
            counts.check(accepted, test.result == TestResult::Valid, test.tc_id);
        }
    }
    assert_eq!((counts.valid, counts.invalid), (173, 89));
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut counts = Counts::default();
    for group in set.test_groups {
        let x = encode(&group.key.pk);
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k", "x": x});
        for test in group.tests {
            let accepted = verifies(&jwk, &test.msg, &test.sig);
            counts.check(accepted, test.result == TestResult::Valid, test.tc_id);
        }
    }
    assert_eq!((counts.valid, counts.invalid), (88, 63));
}

/// All 1,034 vectors, 261 of them with a key that we refuse: of 8,192 bits, or with 3 as its
/// exponent. The one signature of each size that is labelled acceptable is refused as well.
#[test]
fn rsa_with_sha_256() {
    let mut counts = Counts::default();
    let mut refused_keys = 0;
    for name in [
        rsa_pkcs1_verify::TestName::Rsa2048Sha256,
        rsa_pkcs1_verify::TestName::Rsa3072Sha256,
        rsa_pkcs1_verify::TestName::Rsa4096Sha256,
        rsa_pkcs1_verify::TestName::Rsa8192Sha256,
    ] {
        let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let jwk = rsa(&group.key);
            let is_ours = PublicJwk::parse(&jwk).is_ok();
            assert_eq!(is_ours, group.key_size <= 4096 && *group.key.e == [1, 0, 1]);
            for test in group.tests {
                if is_ours {
                    let accepted = verifies(&jwk, &test.msg, &test.sig);
                    counts.check(accepted, test.result == TestResult::Valid, test.tc_id);
                } else {
                    refused_keys += 1;
                }
            }
        }
    }
    assert_eq!((counts.valid, counts.invalid, refused_keys), (21, 752, 261));
}

fn rsa(key: &RsaPublic) -> Value {
    let without_sign = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        encode(&number[zeros..])
    };
    let (n, e) = (without_sign(&key.n), without_sign(&key.e));
    json!({"kty": "RSA", "alg": "RS256", "kid": "k", "n": n, "e": e})
}

/// All 174 vectors. Twelve have a key of another length: the backend is right about them, and
/// a ring with such a key is refused. A cut tag is never ours.
#[test]
fn hmac_with_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut counts, mut other_keys) = (Counts::default(), Counts::default());
    for group in set.test_groups {
        for test in group.tests {
            let valid = test.result == TestResult::Valid && group.tag_size == 256;
            let key = json!({"id": "AAAAAAAAAAA", "k": encode(&test.key)});
            let key: Result<MacKey, _> = serde_json::from_value(key);
            assert_eq!(key.is_ok(), group.key_size == 256, "{}", test.tc_id);
            if let Ok(key) = key {
                counts.check(key.verify(&test.msg, &test.tag), valid, test.tc_id);
            } else {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &test.key);
                let accepted = hmac::verify(&key, &test.msg, &test.tag).is_ok();
                other_keys.check(accepted, valid, test.tc_id);
            }
        }
    }
    assert_eq!((counts.valid, counts.invalid), (27, 135));
    assert_eq!((other_keys.valid, other_keys.invalid), (6, 6));
}
