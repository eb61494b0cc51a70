//! One key ring of test keys, always the same, and tokens made with it.

use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::id::{Jti, SessionId};
use gatehouse_auth::key::{KeyRing, VerifyingKeys};
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::token::{Grant, Issuer};
use gatehouse_testing::{NOW, subject};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// The claim `iss` of every token.
pub(crate) const ISSUER: &str = "https://issuer.example";
/// The claim `aud` of every token.
pub(crate) const AUDIENCE: &str = "gatehouse";

/// Keys that nothing else uses: of each kind one that verifies, and an Ed25519 key that signs,
/// because its signatures do not depend on chance.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../shared/auth/src/key/testing/jwk_ring.json");
    let mut ring: Value = serde_json::from_str(text).unwrap();
    let keys = ring.get_mut("signing").and_then(Value::as_array_mut);
    for key in keys.unwrap() {
        let is_active = is_ed25519(key);
        let members = key.as_object_mut().unwrap();
        let state = if is_active { "active" } else { "retired" };
        members.insert("state".to_owned(), json!(state));
        members.insert("since".to_owned(), json!(NOW.unix()));
    }
    ring
});

fn is_ed25519(key: &Value) -> bool {
    key.pointer("/key/crv")
        .is_some_and(|curve| curve == "Ed25519")
}

/// Returns the ring.
pub(crate) fn ring() -> &'static KeyRing {
    static RING: LazyLock<KeyRing> =
        LazyLock::new(|| KeyRing::parse(&DOCUMENT.to_string()).unwrap());
    &RING
}

/// Returns the ring as the secret has it.
pub(crate) fn stored_ring() -> String {
    ring().to_json().expose_secret().to_owned()
}

/// Returns the keys that verify access tokens.
pub(crate) fn verifying() -> &'static VerifyingKeys {
    static KEYS: LazyLock<VerifyingKeys> = LazyLock::new(|| ring().published().verifying(NOW));
    &KEYS
}

/// Returns the published keys, as a JWK Set.
#[must_use]
pub fn published_keys() -> Value {
    ring().published().jwk_set(NOW)
}

/// Signs any header and any payload with the key that is active.
pub(crate) fn sign(header: &[u8], payload: &[u8]) -> String {
    static PAIR: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
        let keys = DOCUMENT.get("signing").and_then(Value::as_array);
        let key = keys.unwrap().iter().find(|key| is_ed25519(key)).unwrap();
        let member = |name: &str| {
            let text = key.pointer(name).and_then(Value::as_str).unwrap();
            URL_SAFE_NO_PAD.decode(text).unwrap()
        };
        let (seed, public) = (member("/key/d"), member("/key/x"));
        Ed25519KeyPair::from_seed_and_public_key(&seed, &public).unwrap()
    });
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = URL_SAFE_NO_PAD.encode(PAIR.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Returns the one access token that is valid; Ada's.
#[must_use]
pub fn access_token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| {
        let lifetime = Duration::from_mins(15);
        let issuer = Issuer::new(ISSUER.into(), AUDIENCE.into(), "web".into(), lifetime);
        let grant = Grant {
            sub: subject("ada"),
            sid: SessionId::from_bytes([1; 16]),
            jti: Jti::from_bytes([2; 16]),
            ver: 3,
            auth_time: NOW,
            scope: Scopes::parse("admin profile").unwrap(),
            roles: Roles::parse(["admin", "user"]).unwrap(),
        };
        let token = issuer.issue(grant, ring().active().unwrap(), NOW).unwrap();
        token.expose().to_owned()
    })
}

/// Returns a refresh token that the ring's key authenticates; Ada's.
#[must_use]
pub fn refresh_token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| {
        let (sid, key) = (SessionId::from_bytes([1; 16]), ring().active_mac().unwrap());
        let token = RefreshToken::mint(key, &subject("ada"), &sid, 0).unwrap();
        token.expose_secret().to_owned()
    })
}
