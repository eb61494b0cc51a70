use super::*;
use crate::key::testing::{NOW, key};
use crate::key::{Algorithm, KeyRing, KeyState};

/// The published keys of a ring whose second key has just been retired.
fn with_retired() -> PublishedKeys {
    let entry = |state, algorithm| KeyEntry {
        state,
        since: NOW,
        key: key(algorithm).public(),
    };
    let keys = vec![
        entry(KeyState::Active, Algorithm::Es256),
        entry(KeyState::Retired, Algorithm::EdDsa),
    ];
    PublishedKeys::new(3, keys)
}

#[test]
fn a_retired_key_verifies_for_135_minutes_and_then_disappears() {
    let published = with_retired();
    let retired = key(Algorithm::EdDsa).kid();
    let last = NOW.plus(Duration::from_secs((65 + 60 + 10) * 60 - 1));
    for (now, live) in [
        (NOW, true),
        (last, true),
        (last.plus(Duration::from_secs(1)), false),
    ] {
        assert_eq!(published.verifying(now).get(retired).is_some(), live);
        assert_eq!(published.kids(now).any(|kid| kid == retired), live);
        let shown = published.jwk_set(now).to_string();
        assert_eq!(shown.contains(retired.as_str()), live);
    }
}

#[test]
fn pending_and_active_keys_verify_without_limit() {
    let ring = KeyRing::first(Algorithm::Es256, NOW).unwrap();
    let later = NOW.plus(Duration::from_hours(24 * 365 * 10));
    assert_eq!(ring.published().kids(later).count(), 2);
    let active = ring.active().unwrap().kid();
    assert!(ring.published().verifying(later).get(active).is_some());
}

#[test]
fn keys_survive_their_table_item() {
    let published = with_retired();
    let item = serde_json::to_value(&published).unwrap();
    let read: PublishedKeys = serde_json::from_value(item.clone()).unwrap();
    assert_eq!(read.version(), 3);
    assert_eq!(read.jwk_set(NOW), published.jwk_set(NOW));
    assert_eq!(serde_json::to_value(&read).unwrap(), item);
}

#[test]
fn an_item_of_a_release_without_floors_has_the_floor_0() {
    let mut item = serde_json::to_value(with_retired().with_floor(7)).unwrap();
    let read: PublishedKeys = serde_json::from_value(item.clone()).unwrap();
    assert_eq!(read.floor(), 7);
    item.as_object_mut().unwrap().remove("floor");
    let read: PublishedKeys = serde_json::from_value(item).unwrap();
    assert_eq!(read.floor(), 0);
}

#[test]
fn an_item_with_a_repeated_id_a_private_key_or_an_invalid_state_is_refused() {
    let item = serde_json::to_value(with_retired()).unwrap();
    let read = |item: Value| serde_json::from_value::<PublishedKeys>(item);
    let mut twice = item.clone();
    twice["keys"][1] = twice["keys"][0].clone();
    let kid = twice["keys"][0]["key"]["kid"].as_str().unwrap().to_owned();
    let error = |item| read(item).unwrap_err().to_string();
    assert_eq!(error(twice), format!("two keys have the id `{kid}`"));
    let mut private = item.clone();
    private["keys"][0]["key"]["d"] = json!("AAAA");
    assert_eq!(
        error(private),
        "a public key contains the private member `d`"
    );
    let mut invalid = item;
    invalid["keys"][0]["state"] = json!("revoked");
    assert!(error(invalid).starts_with("unknown variant `revoked`"));
}

/// RFC 7517 section 9.2: a private member in the set would reveal the key.
#[test]
fn no_private_member_is_ever_shown() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let entry = KeyEntry {
            state: KeyState::Active,
            since: NOW,
            key: key(algorithm).public(),
        };
        let set = PublishedKeys::new(1, vec![entry]).jwk_set(NOW);
        for name in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(set["keys"][0].get(name).is_none(), "{name}");
        }
    }
}
