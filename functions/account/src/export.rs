//! `GET /me/export`: everything that is stored about a user.
//!
//! About the password it says how it is hashed, about a recovery code when it expires;
//! nothing in it lets anyone log in. Every member is listed by hand, so that a new secret
//! in a table is not exported by accident.

use gatehouse_auth::id::SessionId;
use gatehouse_auth::password::describe;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::scope::PROFILE;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_edge::{Principal, Problem, Request, Response, response};
use gatehouse_store::{AttemptKeys, Revocation};
use http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;

/// Responds to `GET /me/export`.
pub(crate) async fn export(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let principal = Principal::of(request, now)?;
    principal.require_scope(PROFILE)?;
    let found = app.accounts.users.get_with_recovery(&principal.sub).await?;
    let (user, recovery) = found
        .filter(|(user, _)| user.token_version == principal.ver)
        .ok_or_else(Problem::invalid_token)?;
    let sessions = app.accounts.sessions.of_user(&user.sub).await?;
    let sids: Vec<SessionId> = sessions.iter().map(|session| session.sid.clone()).collect();
    let revocations = app.accounts.revocations.of_user(&user.sub, &sids).await?;
    let about = AttemptKeys {
        sub: user.sub.clone(),
        digests: user.identifier_digests(),
        addresses: sessions.iter().map(|session| session.ip.clone()).collect(),
    };
    let attempts = app.attempts.read(&about).await?;
    let body = json!({
        "exported_at": now.to_string(),
        "user": account(&user),
        "password": user.password_hash.as_ref().map(|hash| password(&user, hash)),
        "recovery": recovery.as_ref().map(granted),
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
        "revocations": revocations.iter().map(revocation).collect::<Vec<_>>(),
        "login_attempts": attempts.into_iter().map(counter).collect::<Vec<_>>(),
    });
    Ok(response::json(StatusCode::OK, &body))
}

fn account(user: &User) -> Value {
    json!({
        "id": user.sub,
        "username": user.username,
        "username_canonical": user.username_canonical,
        "email": user.email,
        "email_canonical": user.email_canonical,
        "external_id": user.external_id,
        "imported": user.imported,
        "roles": user.roles,
        "status": user.status,
        "token_version": user.token_version,
        "session_version": user.session_version,
        "created_at": user.created_at.to_string(),
        "updated_at": user.updated_at.to_string(),
    })
}

fn password(user: &User, hash: &StoredHash) -> Value {
    let described = describe(hash).unwrap_or_else(|_| "unknown".to_owned());
    let (algorithm, parameters) = described.split_once(", ").unwrap_or((&described, ""));
    json!({
        "algorithm": algorithm,
        "parameters": parameters,
        "changed_at": user.password_changed_at.map(|at| at.to_string()),
    })
}

fn granted(recovery: &Recovery) -> Value {
    json!({ "expires_at": recovery.expires_at.to_string() })
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.sid,
        "scope": session.scope,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "auth_time": session.auth_time.to_string(),
        "created_at": session.created_at.to_string(),
        "last_used_at": session.last_used_at.to_string(),
        "rotated_at": session.rotated_at.to_string(),
        "idle_expires_at": session.idle_expires_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "revoked_at": session.revoked_at.map(|at| at.to_string()),
        "generation": session.generation,
        "session_version": session.session_version,
        "attempt_id": session.attempt_id,
        "mac_kid": session.mac_kid,
    })
}

fn revocation(revocation: &Revocation) -> Value {
    json!({
        "key": revocation.key,
        "reason": revocation.reason,
        "revoked_at": revocation.revoked_at.to_string(),
        "expires_at": revocation.expires_at.to_string(),
        "min_ver": revocation.min_ver,
    })
}

/// A counter contains only times, numbers and digests of networks, so all of it is shown,
/// with times formatted as in every body.
fn counter(counter: Value) -> Value {
    let Value::Object(members) = counter else {
        return counter;
    };
    let shown = members.into_iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("known", Value::Object(known)) => {
                let known = known.into_iter().map(|(network, at)| (network, time(at)));
                Value::Object(known.collect())
            }
            ("tat" | "res" | "known_tat" | "expires_at", value) => time(value),
            (_, value) => value,
        };
        (name, value)
    });
    Value::Object(shown.collect())
}

/// Formats seconds since the epoch.
fn time(seconds: Value) -> Value {
    match seconds.as_i64() {
        Some(seconds) => Value::from(Timestamp::from_unix(seconds).to_string()),
        None => seconds,
    }
}
