use serde_json::json;

use super::*;
use crate::key::VerifyingKeys;
use crate::key::testing::{ALGORITHMS, key, vectors};

fn jwk(algorithm: Algorithm) -> Value {
    key(algorithm).public().to_json()
}

/// Parses an ES256 key with some members changed.
fn with(changes: &Value) -> Result<PublicJwk, KeyError> {
    let mut jwk = jwk(Algorithm::Es256);
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    PublicJwk::parse(&jwk)
}

#[test]
fn a_published_key_is_read_back() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm).public();
        assert_eq!(PublicJwk::parse(&key.to_json()).unwrap(), key);
    }
}

#[test]
fn a_published_key_has_only_public_members() {
    let names = |algorithm| {
        let jwk = jwk(algorithm);
        let mut names: Vec<_> = jwk.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(Algorithm::Es256), "alg crv kid kty use x y");
    assert_eq!(names(Algorithm::EdDsa), "alg crv kid kty use x");
    assert_eq!(names(Algorithm::Rs256), "alg e kid kty n use");
}

#[test]
fn a_key_with_a_private_member_is_refused() {
    for name in PRIVATE_MEMBERS {
        assert!(
            matches!(with(&json!({name: "AAAA"})), Err(KeyError::Private(_))),
            "{name}"
        );
    }
}

#[test]
fn a_key_that_is_not_for_verifying_is_refused() {
    for usage in [json!("enc"), json!(""), json!(["sig"]), Value::Null] {
        assert!(
            matches!(with(&json!({"use": usage})), Err(KeyError::Use)),
            "{usage}"
        );
    }
    for operations in [
        json!([]),
        json!(["encrypt"]),
        json!("verify"),
        json!([["verify"]]),
    ] {
        let read = with(&json!({"key_ops": operations}));
        assert!(matches!(read, Err(KeyError::Use)), "{operations}");
    }
    assert!(with(&json!({"key_ops": ["verify"]})).is_ok());
}

#[test]
fn type_curve_and_algorithm_must_match() {
    for changes in [
        json!({"alg": "HS256"}),
        json!({"alg": "none"}),
        json!({"alg": "EdDSA"}),
        json!({"alg": "ES384"}),
        json!({"crv": "P-384"}),
        json!({"crv": "secp256k1"}),
        json!({"kty": "oct"}),
    ] {
        assert!(
            matches!(with(&changes), Err(KeyError::Algorithm)),
            "{changes}"
        );
    }
    assert!(matches!(
        with(&json!({"kty": "RSA"})),
        Err(KeyError::Member("n"))
    ));
    assert!(matches!(
        with(&json!({"kty": "OKP"})),
        Err(KeyError::Algorithm)
    ));
}

#[test]
fn a_key_needs_an_id_an_algorithm_and_all_its_numbers() {
    for name in ["kid", "alg", "kty", "crv", "x", "y"] {
        for invalid in [Value::Null, json!(1), json!(["x"])] {
            let read = with(&json!({name: invalid}));
            assert!(
                matches!(read, Err(KeyError::Member(of)) if of == name),
                "{name}"
            );
        }
    }
    assert!(matches!(
        with(&json!({"kid": "../key"})),
        Err(KeyError::Kid(_))
    ));
    assert!(PublicJwk::parse(&json!([])).is_err());
}

#[test]
fn a_point_off_its_curve_is_refused() {
    let x = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(matches!(with(&json!({"x": x})), Err(KeyError::Weak(_))));
    assert!(matches!(
        with(&json!({"x": x, "y": x})),
        Err(KeyError::Weak(_))
    ));
}

#[test]
fn an_ed25519_key_of_small_order_is_refused() {
    let mut jwk = jwk(Algorithm::EdDsa);
    jwk["x"] = json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert!(matches!(PublicJwk::parse(&jwk), Err(KeyError::Weak(_))));
}

#[test]
fn a_set_with_a_repeated_id_or_one_invalid_key_is_refused() {
    let (first, second) = (jwk(Algorithm::Es256), jwk(Algorithm::EdDsa));
    let set = json!({"keys": [first, second]});
    assert_eq!(parse_jwk_set(&set).unwrap().len(), 2);
    let mut twice = set.clone();
    twice["keys"][1]["kid"] = twice["keys"][0]["kid"].clone();
    assert!(matches!(
        parse_jwk_set(&twice),
        Err(KeyError::DuplicateKid(_))
    ));
    let mut bad = set;
    bad["keys"][1]["use"] = json!("enc");
    assert!(matches!(parse_jwk_set(&bad), Err(KeyError::Use)));
    for invalid in [json!([]), json!({}), json!({"keys": {}}), Value::Null] {
        assert!(
            matches!(parse_jwk_set(&invalid), Err(KeyError::Set)),
            "{invalid}"
        );
    }
}

/// Wycheproof's 26 sets. Sets labelled valid for an unsupported algorithm must be
/// refused. One has a supported algorithm (5), and its signature must verify.
#[test]
fn wycheproof_key_sets_are_read_or_refused() {
    let file = vectors("wycheproof_json_web_key_test.json");
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for group in file["testGroups"].as_array().unwrap() {
        let set = group.get("public").unwrap_or(&group["private"]);
        let read = parse_jwk_set(set);
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            let Ok(keys) = &read else {
                refused.push(id);
                continue;
            };
            accepted.push(id);
            assert_eq!(test["result"], "valid", "{id}");
            let (message, signature) = test["jws"].as_str().unwrap().rsplit_once('.').unwrap();
            let kid = keys[0].kid().clone();
            let keys = VerifyingKeys::from_jwks(keys.clone());
            let key = keys.get(&kid).unwrap();
            assert!(key.verify_signature(message.as_bytes(), signature), "{id}");
        }
    }
    assert_eq!(accepted, [5]);
    assert_eq!(refused.len(), 25);
}

/// The reasons for the sets with a supported algorithm.
#[test]
fn wycheproof_key_sets_are_refused_for_the_right_reason() {
    let file = vectors("wycheproof_json_web_key_test.json");
    let reason = |id: u64| {
        let groups = file["testGroups"].as_array().unwrap();
        let with_id = |group: &&Value| group["tests"][0]["tcId"] == id;
        let group = groups.iter().find(with_id).unwrap();
        parse_jwk_set(&group["public"]).unwrap_err().to_string()
    };
    assert_eq!(reason(6), "a key is not for verifying signatures");
    assert_eq!(reason(7), "a key is weak: its RSA modulus can be factored");
    assert_eq!(
        reason(8),
        "a key is weak: an RSA key must have 2048 to 4096 bits"
    );
    assert_eq!(
        reason(9),
        "a key is weak: the exponent of an RSA key must be 65537"
    );
    let algorithm = "the type, curve and algorithm of a key do not match";
    assert_eq!(reason(19), algorithm);
    assert_eq!(reason(20), algorithm);
    assert_eq!(reason(21), "a key is not for verifying signatures");
    assert_eq!(reason(22), "a key is weak: it is not a point on its curve");
    assert_eq!(reason(23), algorithm);
    assert_eq!(reason(24), "member `n` of a key is missing or malformed");
}
