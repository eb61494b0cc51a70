//! Keys, tokens and items, and the event of each function.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use gatehouse_auth::id::{AttemptId, Jti, SessionId, SubjectId};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::random;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::{Grant, Issuer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::certificate::Authority;
use crate::items::{Items, SECRET_ARN};

/// A function that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// A part of every valid response.
    pub(crate) expected: &'static str,
}

impl Function {
    const fn new(name: &'static str, expected: &'static str) -> Self {
        Self { name, expected }
    }
}

/// The functions, in the order of the table.
pub(crate) const FUNCTIONS: [Function; 8] = [
    Function::new("authorizer", r#""isAuthorized":true"#),
    Function::new("jwks", r#""statusCode":200"#),
    Function::new("login", r#""statusCode":200"#),
    Function::new("refresh", r#""statusCode":200"#),
    Function::new("protected", r#""statusCode":200"#),
    Function::new("register", r#""statusCode":201"#),
    Function::new("introspect", r#"\"active\":true"#),
    Function::new("logout", r#""statusCode":204"#),
];

/// What the subjects of a run share: the tokens of one user's session.
#[derive(Debug)]
pub(crate) struct Fixture {
    access: String,
    admin: String,
    refresh: String,
    /// The public keys, as `GET /.well-known/jwks.json` returns them.
    pub(crate) jwk_set: String,
}

const ISSUER: &str = "https://auth.example.com";
const WORD: &str = "gatehouse";
/// The hash of the password in `events/login/valid.json`, with the default parameters.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$Z2F0ZWhvdXNlLWJlbmNoIQ\
                             $C3ngu6WWi9ikiDx49/F3FGGfsyySnbLHPCLysSrJmbE";
/// No run takes as long.
const LIFETIME: Duration = Duration::from_hours(1);

impl Fixture {
    /// Creates keys and tokens, and the items that go with them.
    pub(crate) fn create(now: Timestamp) -> anyhow::Result<(Self, Items)> {
        let ring = KeyRing::first(Algorithm::Es256, now)?;
        let (key, mac) = ring
            .active()
            .zip(ring.active_mac())
            .context("the ring has no active keys")?;
        let sub = SubjectId::from_bytes(random::bytes()?);
        let session = session(&sub, mac.id().to_string(), now)?;
        let issuer = Issuer::new(ISSUER.into(), WORD.into(), WORD.into(), LIFETIME);
        let token = |scope: &str| -> anyhow::Result<String> {
            let grant = Grant {
                sub: sub.clone(),
                sid: session.sid.clone(),
                jti: Jti::from_bytes(random::bytes()?),
                ver: 0,
                auth_time: now,
                scope: Scopes::parse(scope)?,
                roles: Roles::parse(["user"])?,
            };
            Ok(issuer.issue(grant, key, now)?.expose().to_owned())
        };
        let refresh = RefreshToken::mint(mac, &sub, &session.sid, 0)?;
        let fixture = Self {
            access: token("profile")?,
            admin: token("introspect profile")?,
            refresh: refresh.expose_secret().to_owned(),
            jwk_set: ring.published().jwk_set(now).to_string(),
        };

        let mut items = Items::default();
        ring.to_json().expose_secret().clone_into(&mut items.secret);
        let published = serde_json::to_value(ring.published())?;
        items.insert("SigningKeys", &ItemKey::published_keys(), published)?;
        items.insert("Users", &ItemKey::username("ada"), json!({ "sub": sub }))?;
        items.insert("Users", &ItemKey::user(&sub), user(&sub, now))?;
        items.insert_session("Sessions", &session)?;
        Ok((fixture, items))
    }

    /// Returns the event of a function: its valid one in `events`, with tokens.
    pub(crate) fn event(&self, root: &Path, function: Function) -> anyhow::Result<String> {
        let path = root.join(format!("events/{}/valid.json", function.name));
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let text = text
            .replace("ACCESS_TOKEN", &self.access)
            .replace("ADMIN_TOKEN", &self.admin)
            .replace("REFRESH_TOKEN", &self.refresh);
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

/// Returns the environment of a function. Each reads only its own part of it.
pub(crate) fn environment(aws: &str, authority: &Authority) -> Vec<(String, String)> {
    let bundle = &*authority.bundle.to_string_lossy();
    let certificate = &*authority.certificate.to_string_lossy();
    let set = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ),
        ("AWS_SESSION_TOKEN", "AQoDYXdzEJr1K5example"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", aws),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
        // Where each language looks for certificates: Rust and OpenSSL, boto3, Node.js.
        ("SSL_CERT_FILE", bundle),
        ("AWS_CA_BUNDLE", bundle),
        ("NODE_EXTRA_CA_CERTS", certificate),
        ("RUST_LOG", "info"),
        ("ISSUER", ISSUER),
        ("AUDIENCE", WORD),
        ("CLIENT_ID", WORD),
        ("CLIENT_ADDRESS", "connection"),
        ("KEY_RING_SECRET_ARN", SECRET_ARN),
        ("LOGIN_ATTEMPTS_TABLE", "LoginAttempts"),
        ("REVOCATIONS_TABLE", "Revocations"),
        ("SESSIONS_TABLE", "Sessions"),
        ("SIGNING_KEYS_TABLE", "SigningKeys"),
        ("USERS_TABLE", "Users"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    set.into_iter().map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::root;

    #[test]
    fn every_function_has_an_event_and_every_placeholder_is_replaced() {
        let now = Timestamp::from_unix(1_800_000_000);
        let (fixture, items) = Fixture::create(now).unwrap();
        for function in FUNCTIONS {
            let event = fixture.event(&root(), function).unwrap();
            assert!(!event.contains("_TOKEN"), "{}", function.name);
        }
        let key = json!({ "TableName": "Users", "Key": { "pk": { "S": "username#ada" } } });
        let name = items.respond("GetItem", &key).unwrap();
        assert!(name.pointer("/Item/sub/S").is_some(), "{name}");
    }
}
