//! Refresh tokens: parsed, and authenticated with the ring's keys.

use gatehouse_auth::id::{SessionId, SubjectId};
use gatehouse_auth::refresh::{RefreshToken, UnverifiedRefreshToken};
use secrecy::ExposeSecret as _;

use crate::keys::{refresh_token as test_token, ring};

/// Reads the bytes as a refresh token. What is accepted is the one that was issued, and no other
/// text is read as the same token.
pub fn refresh_token(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data)
        && let Ok(unverified) = RefreshToken::parse(text)
    {
        let parts = unverified.parts();
        assert_eq!((parts.version, text.len()), (1, test_token().len()));
        if let Some(token) = authenticate(unverified) {
            assert_eq!(text, test_token(), "a forged token was accepted");
            assert_eq!(parts.sub, token.sub().to_string());
            assert_eq!(parts.sid, token.sid().to_string());
            assert_eq!(parts.generation, token.generation());
        }
    }
    minted(data);
}

/// Mints a token with ids from the bytes, and changes a byte of it: only the token itself is
/// accepted, as what it was minted for.
fn minted(data: &[u8]) {
    let Some((sub, rest)) = data.split_first_chunk::<16>() else {
        return;
    };
    let Some((sid, rest)) = rest.split_first_chunk::<16>() else {
        return;
    };
    let Some((generation, rest)) = rest.split_first_chunk::<4>() else {
        return;
    };
    let (sub, sid) = (SubjectId::from_bytes(*sub), SessionId::from_bytes(*sid));
    let generation = u32::from_be_bytes(*generation);
    let key = ring().active_mac().unwrap();
    let minted = RefreshToken::mint(key, &sub, &sid, generation).unwrap();
    let minted = minted.expose_secret();
    let read = RefreshToken::parse(minted).unwrap();
    let token = authenticate(read).expect("a token that was issued is refused");
    assert_eq!((token.sub(), token.sid()), (&sub, &sid));
    assert_eq!(token.generation(), generation);
    if let [at, with, ..] = *rest {
        let mut changed = minted.as_bytes().to_vec();
        let at = usize::from(at) % changed.len();
        if let Some(byte) = changed.get_mut(at) {
            *byte = with;
        }
        let changed = String::from_utf8_lossy(&changed);
        let accepted = RefreshToken::parse(&changed).ok().and_then(authenticate);
        assert!(
            accepted.is_none() || *changed == *minted,
            "a changed token was accepted"
        );
    }
}

fn authenticate(unverified: UnverifiedRefreshToken) -> Option<RefreshToken> {
    let key = ring().mac(&unverified.mac_kid())?;
    unverified.verify(key).ok()
}
