//! Wycheproof's vectors for the primitives that we allow: what the backend gets
//! wrong here, a forger gets right.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wycheproof::{TestResult, ecdsa, eddsa, mac};

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

/// Of the 174 vectors the 162 with a key of our length; a cut tag is never ours.
#[test]
fn hmac_with_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut counts = Counts::default();
    for group in set
        .test_groups
        .into_iter()
        .filter(|group| group.key_size == 256)
    {
        for test in group.tests {
            let key = json!({"id": "AAAAAAAAAAA", "k": encode(&test.key)});
            let key: MacKey = serde_json::from_value(key).unwrap();
            let valid = test.result == TestResult::Valid && group.tag_size == 256;
            counts.check(key.verify(&test.msg, &test.tag), valid, test.tc_id);
        }
    }
    assert_eq!((counts.valid, counts.invalid), (27, 135));
}
