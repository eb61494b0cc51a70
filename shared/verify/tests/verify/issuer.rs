//! An issuer: keys that sign, and a server that publishes them or misbehaves.

use std::ops::Deref;
use std::time::Duration;

use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::key::{Algorithm, SigningKey};
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::token::{Grant, Issuer as TokenIssuer};
use gatehouse_testing::{NOW, Reply, StubServer};
use gatehouse_verify::{RemoteVerifier, Settings, Timestamp};
use serde_json::json;

pub(crate) fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub(crate) struct Issuer(StubServer);

impl Issuer {
    /// Starts an issuer that publishes some keys.
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        Self(StubServer::start([published(keys)]).await)
    }

    pub(crate) fn verifier(&self) -> RemoteVerifier {
        RemoteVerifier::new(self.settings()).unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.url(), "api")
    }

    /// Signs a token that is valid for a quarter of an hour.
    pub(crate) fn token(&self, key: &SigningKey, now: Timestamp) -> String {
        token(self.url(), "api", key, now)
    }
}

impl Deref for Issuer {
    type Target = StubServer;

    fn deref(&self) -> &StubServer {
        &self.0
    }
}

/// Returns a reply that publishes some keys.
pub(crate) fn published(keys: &[&SigningKey]) -> Reply {
    let keys: Vec<_> = keys.iter().map(|key| key.public().to_json()).collect();
    Reply::new(200, json!({ "keys": keys }).to_string())
}

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

pub(crate) fn token(issuer: &str, audience: &str, key: &SigningKey, now: Timestamp) -> String {
    let lifetime = Duration::from_mins(15);
    let issuer = TokenIssuer::new(issuer.into(), audience.into(), "client".into(), lifetime);
    let grant = Grant {
        sub: SubjectId::from_bytes([1; 16]),
        sid: SessionId::from_bytes([2; 16]),
        jti: Jti::from_bytes([3; 16]),
        ver: 0,
        auth_time: now,
        scope: Scopes::parse("profile").unwrap(),
        roles: Roles::parse(["user"]).unwrap(),
    };
    issuer.issue(grant, key, now).unwrap().expose().to_owned()
}
