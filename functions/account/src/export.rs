//! `GET /me/export`: everything that is stored about a user.
//!
//! About the password it says how it is hashed, about codes when they end; nothing in it
//! lets anyone log in.

mod body;

use gatehouse_auth::id::SessionId;
use gatehouse_auth::mail::recipient_digest;
use gatehouse_auth::scope::PROFILE;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{Principal, Problem, Request, Response, response};
use gatehouse_store::{AttemptKeys, OutboxContents};
use http::StatusCode;
use serde_json::Value;

use crate::app::App;
pub(crate) use body::Export;
use body::{Ended, Granted, Hash, Login, Mailed, Owner, Waiting};

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
        digests: user.identifier_digests(now),
        addresses: sessions.iter().map(|session| session.ip.clone()).collect(),
    };
    let attempts = app.authenticator.attempts.read(&about).await?;
    let waiting = match app.accounts.outbox() {
        Some(outbox) => {
            // Not about an address that is not verified: whoever typed it need not be its owner.
            let verified = user.email_canonical.as_deref();
            let verified = verified.filter(|_| user.email_verified_at.is_some());
            let address = verified.map(recipient_digest);
            outbox.of_user(&user.sub, address.as_deref()).await?
        }
        None => OutboxContents::default(),
    };
    let mailed = waiting.codes.iter().flat_map(|(kind, codes)| {
        let codes = codes.iter();
        codes.map(|code| Mailed::of(*kind, code))
    });
    let body = Export {
        exported_at: now.to_string(),
        user: Owner::of(&user),
        password: user
            .password_hash
            .as_ref()
            .map(|hash| Hash::of(&user, hash)),
        recovery: recovery.as_ref().map(Granted::of),
        sessions: sessions.iter().map(Login::of).collect(),
        revocations: revocations.iter().map(Ended::of).collect(),
        login_attempts: attempts.into_iter().map(counter).collect(),
        messages: waiting.messages.iter().map(Waiting::of).collect(),
        mailed_codes: mailed.collect(),
        mail_counters: waiting.counters.into_iter().map(counter).collect(),
    };
    Ok(response::json(StatusCode::OK, &body))
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
