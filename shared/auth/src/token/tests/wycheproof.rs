//! Wycheproof's 401 JSON Web Signatures.
//!
//! None of them is an access token, so the complete check rejects all of them, which
//! would prove nothing. These tests run the part of it below the claims: the outer form,
//! the header, the key (read as strictly as a published one) and the signature. Vectors
//! for algorithms that we do not support must be rejected, whatever their label.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::forge::verify;
use crate::key::testing::vectors;
use crate::key::{KeyError, PublicJwk, VerifyingKeys};
use crate::token::TokenError;
use crate::token::compact::Compact;
use crate::token::header::Header;
use crate::token::verify::check_signature;

struct Vector {
    id: u64,
    key: Value,
    jws: String,
    valid: bool,
}

fn all() -> Vec<Vector> {
    let file = vectors("wycheproof_json_web_signature_test.json");
    let mut vectors = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            vectors.push(Vector {
                id: test["tcId"].as_u64().unwrap(),
                key: group.get("public").unwrap_or(&group["private"]).clone(),
                jws: test["jws"].as_str().unwrap().to_owned(),
                valid: test["result"] == "valid",
            });
        }
    }
    vectors
}

/// Returns the ids that our documented exceptions accept or reject.
fn exceptions(verdict: &str) -> BTreeSet<u64> {
    let file = vectors("wycheproof_jws_exceptions.json");
    let exceptions = file["exceptions"].as_array().unwrap();
    let matching = exceptions
        .iter()
        .filter(|exception| exception["we"] == verdict);
    let ids = matching.flat_map(|exception| exception["tcId"].as_array().unwrap());
    ids.map(|id| id.as_u64().unwrap()).collect()
}

/// Returns why the vector is rejected, if it is.
fn outcome(vector: &Vector) -> Result<(), &'static str> {
    let key = PublicJwk::parse(&vector.key).map_err(|_| "key")?;
    let keys = VerifyingKeys::from_jwks(vec![key]);
    check(&vector.jws, &keys).map_err(|refused| refused.reason())
}

fn check(jws: &str, keys: &VerifyingKeys) -> Result<(), TokenError> {
    let compact = Compact::split(jws)?;
    let header = Header::parse(&compact.header)?;
    check_signature(&compact, &header, keys)
}

fn is_ours(vector: &Vector) -> bool {
    vector.key["alg"] == "ES256" || vector.key["alg"] == "RS256"
}

/// Labelled valid, with an algorithm that we support, yet rejected by our own rules: an
/// empty payload, and two key ids that do not match our pattern.
const STRICTER: [u64; 3] = [259, 345, 349];

#[test]
fn every_vector_is_accepted_or_refused_as_labelled() {
    let (rejected, mut accepted) = (exceptions("reject"), Vec::new());
    for vector in all() {
        let expected = vector.valid
            && is_ours(&vector)
            && !rejected.contains(&vector.id)
            && !STRICTER.contains(&vector.id);
        assert_eq!(outcome(&vector).is_ok(), expected, "{}", vector.id);
        if expected {
            accepted.push(vector.id);
        }
    }
    assert_eq!(accepted, [18, 33, 260, 261, 262, 263, 378]);
}

#[test]
fn vectors_are_refused_for_many_reasons() {
    let vectors = all();
    assert_eq!(vectors.len(), 401);
    let mut reasons = BTreeMap::new();
    for vector in vectors.iter().filter(|vector| is_ours(vector)) {
        *reasons
            .entry(outcome(vector).err().unwrap_or("accepted"))
            .or_insert(0) += 1;
    }
    let expected = json!({
        "accepted": 7,
        "algorithm": 1,
        "header_members": 1,
        "key": 2,
        "signature": 240,
        "token_parts": 19,
        "unknown_key": 2,
    });
    assert_eq!(serde_json::to_value(reasons).unwrap(), expected);
    let others = vectors.iter().filter(|vector| !is_ours(vector));
    assert!(others.map(outcome).all(|outcome| outcome == Err("key")));
}

#[test]
fn keys_for_encryption_are_refused_at_load() {
    for vector in all()
        .into_iter()
        .filter(|vector| (353..=356).contains(&vector.id))
    {
        let refused = PublicJwk::parse(&vector.key);
        assert!(matches!(refused, Err(KeyError::Use)), "{}", vector.id);
    }
}

/// What only our own rules reject has a valid signature. So the test above has seen those
/// rules, not a bad signature.
#[test]
fn vectors_that_only_our_rules_reject_have_valid_signatures() {
    for mut vector in all()
        .into_iter()
        .filter(|vector| STRICTER.contains(&vector.id))
    {
        vector.key["kid"] = "replaced".into();
        let key = PublicJwk::parse(&vector.key).unwrap();
        let kid = key.kid().clone();
        let keys = VerifyingKeys::from_jwks(vec![key]);
        let (message, signature) = vector.jws.rsplit_once('.').unwrap();
        let key = keys.get(&kid).unwrap();
        assert!(
            key.verify_signature(message.as_bytes(), signature),
            "{}",
            vector.id
        );
    }
}

/// The vectors about base64 are all HS256, so only their outer form is judged.
#[test]
fn vectors_about_base64_are_judged_by_their_form() {
    let (accepted, rejected) = (exceptions("accept"), exceptions("reject"));
    let base64 = all()
        .into_iter()
        .filter(|vector| (357..=377).contains(&vector.id));
    let mut counts = (0, 0);
    for vector in base64 {
        let well_formed =
            (vector.valid || accepted.contains(&vector.id)) && !rejected.contains(&vector.id);
        assert_eq!(
            Compact::split(&vector.jws).is_ok(),
            well_formed,
            "{}",
            vector.id
        );
        if well_formed {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
    }
    assert_eq!(counts, (7, 14));
}

#[test]
fn no_vector_is_an_access_token() {
    for vector in all() {
        assert!(verify(&vector.jws).is_err(), "{}", vector.id);
    }
}
