use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

fn sub() -> SubjectId {
    SubjectId::from_bytes([2; 16])
}

fn sid() -> SessionId {
    SessionId::from_bytes([3; 16])
}

fn mint(key: &MacKey, generation: u32) -> String {
    let token = RefreshToken::mint(key, &sub(), &sid(), generation).unwrap();
    token.expose_secret().to_owned()
}

/// Parses and verifies, like a caller that has one key.
fn accept(text: &str, key: &MacKey) -> Result<RefreshToken, RefreshTokenError> {
    RefreshToken::parse(text)?.verify(key)
}

#[test]
fn a_token_is_its_prefix_and_103_characters() {
    let text = mint(&MacKey::generate().unwrap(), 7);
    assert_eq!(text.strip_prefix("gh_rt_").unwrap().len(), 103);
}

#[test]
fn the_bytes_are_laid_out_as_documented() {
    let key = MacKey::generate().unwrap();
    let text = mint(&key, 0x0102_0304);
    let bytes = URL_SAFE_NO_PAD.decode(&text[6..]).unwrap();
    assert_eq!(bytes.len(), 77);
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes[1..9], key.id().to_bytes());
    assert_eq!(bytes[9..25], [2; 16]);
    assert_eq!(bytes[25..41], [3; 16]);
    assert_eq!(bytes[41..45], [1, 2, 3, 4]);
    let message = [b"gatehouse refresh token\0", &bytes[..45]].concat();
    assert_eq!(bytes[45..], key.sign(&message));
}

#[test]
fn minting_is_deterministic_and_a_minted_token_can_be_read() {
    let key = MacKey::generate().unwrap();
    for generation in [0, 1, u32::MAX] {
        let text = mint(&key, generation);
        assert_eq!(text, mint(&key, generation));
        let unverified = RefreshToken::parse(&text).unwrap();
        assert_eq!(unverified.mac_kid(), key.id());
        let token = unverified.verify(&key).unwrap();
        assert_eq!((token.sub(), token.sid()), (&sub(), &sid()));
        assert_eq!(token.generation(), generation);
    }
}

/// Including the spare bits of the last character: base64url must be canonical.
#[test]
fn any_flipped_bit_is_refused() {
    let key = MacKey::generate().unwrap();
    let text = mint(&key, 7);
    for position in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let flipped = String::from_utf8_lossy(&bytes);
            assert!(accept(&flipped, &key).is_err(), "{position} {bit}");
        }
    }
}

#[test]
fn a_token_of_another_key_is_forged() {
    let (key, other) = (MacKey::generate().unwrap(), MacKey::generate().unwrap());
    let forged = accept(&mint(&key, 7), &other);
    assert_eq!(forged, Err(RefreshTokenError::Forged));
}

/// Each has a valid MAC or is nearly well-formed.
#[test]
fn texts_of_any_other_form_are_malformed() {
    let key = MacKey::generate().unwrap();
    let text = mint(&key, 7);
    let mut other_version = URL_SAFE_NO_PAD.decode(&text[6..]).unwrap();
    other_version[0] = 2;
    let mac = key.sign(&tagged(&other_version[..45]));
    other_version[45..].copy_from_slice(&mac);
    for invalid in [
        String::new(),
        "gh_rt_".to_owned(),
        text[6..].to_owned(),
        text.to_uppercase(),
        format!("{text}="),
        format!(" {text}"),
        format!("{text}\n"),
        text[..text.len() - 1].to_owned(),
        format!("{text}A"),
        format!("gh_at_{}", &text[6..]),
        format!("gh_rt_{}", "\u{e9}".repeat(52)),
        format!("gh_rt_{}", "A".repeat(1_000_000)),
        format!("gh_rt_{}", URL_SAFE_NO_PAD.encode(other_version)),
    ] {
        let refused = accept(&invalid, &key);
        assert_eq!(refused, Err(RefreshTokenError::Malformed), "{invalid:.120}");
    }
}

#[test]
fn foreign_identifiers_do_not_fit() {
    let key = MacKey::generate().unwrap();
    let foreign = SubjectId::parse("user-1").unwrap();
    let refused = RefreshToken::mint(&key, &foreign, &sid(), 0);
    assert_eq!(refused.unwrap_err(), RefreshTokenError::ForeignId);
    let foreign = SessionId::parse("session-1").unwrap();
    let refused = RefreshToken::mint(&key, &sub(), &foreign, 0);
    assert_eq!(refused.unwrap_err(), RefreshTokenError::ForeignId);
}

#[test]
fn debug_output_of_an_unverified_token_omits_its_mac() {
    let key = MacKey::generate().unwrap();
    let text = mint(&key, 7);
    let unverified = RefreshToken::parse(&text).unwrap();
    let printed = format!("{unverified:?}");
    let expected = format!("UnverifiedRefreshToken({}, [redacted])", key.id());
    assert_eq!(printed, expected);
}

#[test]
fn the_unverified_parts_are_those_that_the_token_was_minted_with() {
    let key = MacKey::generate().unwrap();
    let parts = RefreshToken::parse(&mint(&key, 7)).unwrap().parts();
    let expected = UnverifiedParts {
        version: 1,
        mac_kid: key.id().to_string(),
        sub: sub().to_string(),
        sid: sid().to_string(),
        generation: 7,
    };
    assert_eq!(parts, expected);
}

/// If one were, a client would present an invalid token again.
#[test]
fn no_refusal_of_a_token_is_transient() {
    let key = MacKey::generate().unwrap();
    let forged = accept(&mint(&key, 0), &MacKey::generate().unwrap()).unwrap_err();
    let malformed = accept("gh_rt_", &key).unwrap_err();
    for refusal in [forged, malformed, RefreshTokenError::ForeignId] {
        assert!(!refusal.is_transient(), "{refusal}");
    }
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn no_text_is_accepted_without_its_key(text in ".{0,120}", tail in "[A-Za-z0-9_-]{103}") {
        let key = MacKey::generate().unwrap();
        prop_assert!(accept(&text, &key).is_err());
        let shaped = format!("gh_rt_{tail}");
        prop_assert!(accept(&shaped, &key).is_err());
    }
}
