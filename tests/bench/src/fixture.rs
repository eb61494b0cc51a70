//! Keys, tokens and items, and the event of each function.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use gatehouse_auth::id::{AttemptId, Jti, SessionId, SubjectId};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::random;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::{Grant, Issuer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::function::Function;
use crate::items::Items;

/// What the subjects of a run share: one user's session, its tokens, and the keys.
pub(crate) struct Fixture {
    pub(crate) ring: KeyRing,
    pub(crate) session: Session,
    /// The item of the user.
    pub(crate) user: Value,
    pub(crate) access: String,
    admin: String,
    pub(crate) refresh: String,
    /// The public keys, as `GET /.well-known/jwks.json` returns them.
    pub(crate) jwk_set: String,
}

pub(crate) const ISSUER: &str = "https://auth.example.com";
/// Audience and client.
pub(crate) const WORD: &str = "gatehouse";
/// The hash of the password in `events/login/valid.json`, with the default parameters.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$Z2F0ZWhvdXNlLWJlbmNoIQ\
                             $C3ngu6WWi9ikiDx49/F3FGGfsyySnbLHPCLysSrJmbE";
const EMAIL: &str = "ada@example.com";
/// The key in `events/mailer/valid.json`.
const MESSAGE_KEY: (&str, &str) = (
    "Sz3WlVYAS0q0X6mUjPqkTA",
    "1795770000#AAECAwQFBgcICQoLDA0ODw",
);
/// No run takes as long.
const LIFETIME: Duration = Duration::from_hours(1);

impl Fixture {
    /// Creates keys and tokens, and the items that go with them.
    pub(crate) fn create(now: Timestamp) -> anyhow::Result<(Self, Items)> {
        let ring = KeyRing::first(Algorithm::Es256, now)?;
        let mac = ring.active_mac().context("the ring has no active key")?;
        let sub = SubjectId::from_bytes(random::bytes()?);
        let session = session(&sub, mac.id().to_string(), now)?;
        let refresh = RefreshToken::mint(mac, &sub, &session.sid, 0)?;
        let mut fixture = Self {
            access: String::new(),
            admin: String::new(),
            refresh: refresh.expose_secret().to_owned(),
            jwk_set: ring.published().jwk_set(now).to_string(),
            user: user(&sub, now),
            session,
            ring,
        };
        fixture.access = fixture.issue("profile", now)?;
        fixture.admin = fixture.issue("introspect profile", now)?;
        let items = fixture.items()?;
        Ok((fixture, items))
    }

    /// Issues an access token of the session.
    pub(crate) fn issue(&self, scope: &str, now: Timestamp) -> anyhow::Result<String> {
        let key = self.ring.active().context("the ring has no active key")?;
        let issuer = Issuer::new(ISSUER.into(), WORD.into(), WORD.into(), LIFETIME);
        let grant = Grant {
            sub: self.session.sub.clone(),
            sid: self.session.sid.clone(),
            jti: Jti::from_bytes(random::bytes()?),
            ver: 0,
            auth_time: now,
            scope: Scopes::parse(scope)?,
            roles: Roles::parse(["user"])?,
        };
        Ok(issuer.issue(grant, key, now)?.expose().to_owned())
    }

    fn items(&self) -> anyhow::Result<Items> {
        let sub = &self.session.sub;
        let mut items = Items::default();
        let secret = self.ring.to_json();
        secret.expose_secret().clone_into(&mut items.secret);
        let published = serde_json::to_value(self.ring.published())?;
        items.insert("SigningKeys", &ItemKey::published_keys(), published)?;
        items.insert("Users", &ItemKey::username("ada"), json!({ "sub": sub }))?;
        items.insert("Users", &ItemKey::user(sub), self.user.clone())?;
        items.insert("Users", &ItemKey::email(EMAIL), json!({ "sub": sub }))?;
        items.insert_session("Sessions", &self.session)?;
        let now = self.session.created_at;
        let notice = Message::new(MessageKind::PasswordChanged, sub, 0, Origin::Session, now);
        items.insert_message("Outbox", (sub.as_str(), MESSAGE_KEY.1), &notice)?;
        Ok(items)
    }

    /// Returns the event of a function: its valid one in `events`, with tokens.
    pub(crate) fn event(&self, root: &Path, function: Function) -> anyhow::Result<String> {
        let path = root.join(format!("events/{}/valid.json", function.name));
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let text = text
            .replace("ACCESS_TOKEN", &self.access)
            .replace("ADMIN_TOKEN", &self.admin)
            .replace("REFRESH_TOKEN", &self.refresh)
            .replace("SUBJECT", self.session.sub.as_str())
            // The message to mail is the user's.
            .replace(MESSAGE_KEY.0, self.session.sub.as_str());
        // Without spaces, as API Gateway sends it.
        let event: Value = serde_json::from_str(&text)?;
        Ok(event.to_string())
    }
}

fn session(sub: &SubjectId, mac_kid: String, now: Timestamp) -> anyhow::Result<Session> {
    Ok(Session {
        sid: SessionId::from_bytes(random::bytes()?),
        sub: sub.clone(),
        generation: 0,
        rotated_at: now,
        attempt_id: AttemptId::from_bytes(random::bytes()?),
        mac_kid,
        session_version: 0,
        scope: Scopes::parse("profile")?,
        auth_time: now,
        created_at: now,
        last_used_at: now,
        idle_expires_at: now.plus(LIFETIME),
        expires_at: now.plus(LIFETIME),
        ip: "203.0.113.7".to_owned(),
        user_agent: "curl/8.5.0".to_owned(),
        revoked_at: None,
    })
}

/// Returns a user as the store writes one. Building it with the type would compile
/// everything about passwords and names.
fn user(sub: &SubjectId, now: Timestamp) -> Value {
    json!({
        "sub": sub,
        "username": "ada",
        "username_canonical": "ada",
        "email": EMAIL,
        "email_canonical": EMAIL,
        "email_verified_at": now,
        "password_hash": PASSWORD_HASH,
        "roles": ["user"],
        "status": "active",
        "token_version": 0,
        "session_version": 0,
        "created_at": now,
        "updated_at": now,
        "password_changed_at": now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::root;
    use crate::function::FUNCTIONS;

    #[test]
    fn every_function_has_an_event_and_every_placeholder_is_replaced() {
        let now = Timestamp::from_unix(1_800_000_000);
        let (fixture, items) = Fixture::create(now).unwrap();
        for function in FUNCTIONS {
            let event = fixture.event(&root(), function).unwrap();
            for placeholder in ["_TOKEN", "SUBJECT", MESSAGE_KEY.0] {
                assert!(!event.contains(placeholder), "{}", function.name);
            }
        }
        let mailed = fs::read_to_string(root().join("events/mailer/valid.json")).unwrap();
        assert!(mailed.contains(MESSAGE_KEY.0) && mailed.contains(MESSAGE_KEY.1));
        let key = json!({ "TableName": "Users", "Key": { "pk": { "S": "username#ada" } } });
        let name = items.respond("GetItem", &key).unwrap();
        assert!(name.pointer("/Item/sub/S").is_some(), "{name}");
    }
}
