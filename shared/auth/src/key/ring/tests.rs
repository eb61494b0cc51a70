mod model;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::key::testing::{JWK_RING, NOW};

fn ring() -> KeyRing {
    KeyRing::first(Algorithm::Es256, NOW).unwrap()
}

fn document(ring: &KeyRing) -> Value {
    serde_json::from_str(ring.to_json().expose_secret()).unwrap()
}

fn parse(document: &Value) -> Result<KeyRing, KeyError> {
    KeyRing::parse(&document.to_string())
}

#[test]
fn the_first_ring_has_an_active_and_a_pending_key_of_each_kind() {
    let document = document(&ring());
    assert_eq!(document["version"], 1);
    for kind in ["signing", "mac"] {
        let keys = document[kind].as_array().unwrap();
        let state = |key: &Value| (key["state"].clone(), key["since"].clone());
        let states: Vec<_> = keys.iter().map(state).collect();
        let now = json!(NOW.unix());
        assert_eq!(
            states,
            [(json!("active"), now.clone()), (json!("pending"), now)]
        );
    }
}

#[test]
fn a_new_secret_is_a_ring_without_keys() {
    let ring = KeyRing::parse(r#"{"version":0}"#).unwrap();
    assert_eq!(ring.version(), 0);
    assert!(ring.active().is_none() && ring.active_mac().is_none());
    assert_eq!(ring.published().jwk_set(NOW), json!({"keys": []}));
}

#[test]
fn a_ring_is_read_back() {
    let ring = ring();
    let read = KeyRing::parse(ring.to_json().expose_secret()).unwrap();
    assert_eq!(read.version(), 1);
    assert_eq!(read.active().unwrap().kid(), ring.active().unwrap().kid());
    assert_eq!(
        read.active_mac().unwrap().id(),
        ring.active_mac().unwrap().id()
    );
    assert_eq!(document(&read), document(&ring));
}

#[test]
fn a_mac_key_is_found_in_any_state() {
    let mut document = document(&ring());
    document["mac"][1]["state"] = json!("retired");
    let ring = parse(&document).unwrap();
    for entry in document["mac"].as_array().unwrap() {
        let id = MacKid::parse(entry["key"]["id"].as_str().unwrap()).unwrap();
        assert_eq!(ring.mac(&id).unwrap().id(), id);
    }
    assert!(ring.mac(&MacKid::from_bytes([0; 8])).is_none());
}

#[test]
fn nothing_published_contains_a_private_part() {
    let ring = ring();
    let published = serde_json::to_string(&ring.published()).unwrap();
    for entry in document(&ring)["signing"].as_array().unwrap() {
        let pkcs8 = entry["key"]["pkcs8"].as_str().unwrap();
        assert!(!published.contains(pkcs8));
        assert!(!published.contains(&private_number(pkcs8)));
        assert!(published.contains(entry["key"]["kid"].as_str().unwrap()));
    }
}

/// The private number of a P-256 key in base64url, as the `d` of a JWK would show it.
fn private_number(pkcs8: &str) -> String {
    let der = STANDARD.decode(pkcs8).unwrap();
    let octets = der.windows(2).position(|bytes| bytes == [4, 32]).unwrap();
    URL_SAFE_NO_PAD.encode(&der[octets + 2..octets + 34])
}

#[test]
fn a_ring_of_jwks_is_read_and_stored_as_pkcs8() {
    let old = KeyRing::parse(JWK_RING).unwrap();
    assert_eq!(old.signing_keys().count(), 4);
    assert!(old.active().is_some() && old.active_mac().is_some());
    let stored = old.to_json();
    let stored = stored.expose_secret();
    for member in ["kty", "\"d\"", "\"p\""] {
        assert!(
            JWK_RING.contains(member) && !stored.contains(member),
            "{member}"
        );
    }
    let new = KeyRing::parse(stored).unwrap();
    assert!(new.is_same(&old));
    let published = old.published();
    assert_eq!(new.published().jwk_set(NOW), published.jwk_set(NOW));
    assert_eq!(published.prove(&new, NOW), Ok(()));
}

#[test]
fn the_next_ring_of_a_ring_of_jwks_keeps_every_key() {
    let old = || KeyRing::parse(JWK_RING).unwrap();
    let published = old().published();
    let rules = RotationRules {
        algorithm: Algorithm::Es256,
        min_pending: std::time::Duration::ZERO,
    };
    let next = old().rotate(Some(&published), rules, NOW).unwrap().ring;
    let next = KeyRing::parse(next.to_json().expose_secret()).unwrap();
    for key in old().signing_keys() {
        assert!(
            next.signing_keys().any(|kept| kept.kid == key.kid),
            "{}",
            key.kid
        );
    }
    for key in old().mac_keys() {
        assert!(next.mac(&key.id).is_some());
    }
    assert_eq!(next.signing_keys().count(), 5);
}

#[test]
fn a_ring_with_a_repeated_id_or_several_active_keys_is_refused() {
    let valid = document(&ring());
    let mut twice = valid.clone();
    twice["signing"][1]["key"] = twice["signing"][0]["key"].clone();
    assert!(matches!(parse(&twice), Err(KeyError::DuplicateKid(_))));
    let mut twice = valid.clone();
    twice["mac"][1]["key"]["id"] = twice["mac"][0]["key"]["id"].clone();
    assert!(matches!(parse(&twice), Err(KeyError::DuplicateMacKid)));
    for kind in ["signing", "mac"] {
        let mut active = valid.clone();
        active[kind][1]["state"] = json!("active");
        assert!(
            matches!(parse(&active), Err(KeyError::SeveralActive)),
            "{kind}"
        );
    }
}

#[test]
fn a_malformed_ring_is_reported_without_quoting_it() {
    let mut invalid = document(&ring());
    invalid["signing"][0]["since"] = invalid["signing"][0]["key"]["pkcs8"].clone();
    let secret = invalid["signing"][0]["key"]["pkcs8"]
        .as_str()
        .unwrap()
        .to_owned();
    let error = parse(&invalid).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&secret));
    for invalid in [
        "",
        "{}",
        "[]",
        "{}}",
        r#"{"version":-1}"#,
        r#"{"version":1,"version":2}"#,
    ] {
        assert!(
            matches!(KeyRing::parse(invalid), Err(KeyError::Ring { .. })),
            "{invalid}"
        );
    }
}

#[test]
fn a_ring_does_not_print() {
    assert_eq!(format!("{:?}", ring()), "KeyRing(version 1, [redacted])");
}
