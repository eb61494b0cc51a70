//! `POST /password/forgot`: asks for a mail with a code that sets a new password.
//!
//! A name that no user has costs the same calls as any other, and leaves the same item in
//! the outbox, for a subject that nobody has. Whether anybody gets a mail, and at which
//! address, is decided when it is sent. Reading an item takes longer than finding none, so the
//! response [waits](gatehouse_edge::Step).

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_edge::{AuditEvent, Problem, Request, Response, response};
use gatehouse_store::{Guess, Reservation};
use tokio::time::Instant;

use crate::app::App;

/// Responds to `POST /password/forgot`.
pub(crate) async fn forgot(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let username = request.json(|fields| fields.text("username"))?;
    let identifier = LoginIdentifier::parse(&username);
    let digest = identifier.digest();
    count(app, request, Some(&digest), now).await?;
    let authenticator = &app.authenticator;
    let guess = Guess {
        digest: &digest,
        address: request.client_address(),
    };
    let name_key = identifier.name_key();
    let attempts = &authenticator.attempts;
    let found = attempts.look_up(&authenticator.users, name_key.as_ref(), &guess);
    let found = found.await?;
    let sub = match found.sub {
        Some(sub) => sub,
        // The same reads and the same item, for someone who does not exist.
        None => SubjectId::from_bytes(random::bytes()?),
    };
    let user = authenticator.users.get(&sub).await?;
    // Whoever logs in by one name may have forgotten that, and type the other.
    let other = [other_name(user.as_ref(), &digest, &sub, now)];
    let by_other_name = attempts.is_known_from(&other, guess.address, now);
    let by_other_name = by_other_name.await?;
    let by_this_name = found.counters.identifier.known;
    let origin = if by_other_name || by_this_name.contains(&guess.network(), now) {
        Origin::KnownNetwork
    } else {
        Origin::Anyone
    };
    let revision = user.as_ref().map_or(0, |user| user.revision);
    let message = Message::new(MessageKind::PasswordReset, &sub, revision, origin, now);
    app.outbox.put(&message).await?;
    let mut audit = request.audit();
    audit.identifier_digest = Some(&digest);
    audit.sub = user.as_ref().map(|user| &user.sub);
    audit.reason = user.is_none().then_some("unknown_user");
    audit.record(AuditEvent::PasswordResetRequested);
    authenticator.step.wait(began).await;
    Ok(response::accepted())
}

/// Counts the request by its address, and by nothing else: who has an account must not show.
pub(crate) async fn count(
    app: &App,
    request: &Request,
    digest: Option<&str>,
    now: Timestamp,
) -> Result<(), Problem> {
    let attempts = &app.authenticator.attempts;
    let reserved = attempts.reserve_mail(request.client_address(), now);
    match reserved.await? {
        Reservation::Granted => Ok(()),
        Reservation::Refused { retry_after, .. } => {
            let mut audit = request.audit();
            audit.identifier_digest = digest;
            audit.reason = Some("too_many_mails");
            audit.record(AuditEvent::AuthorizationDenied);
            Err(Problem::too_many_requests(retry_after))
        }
    }
}

/// Returns the digest of the user's other name; one that no counter has if there is none.
fn other_name(user: Option<&User>, typed: &str, sub: &SubjectId, now: Timestamp) -> String {
    let names = user
        .map(|user| user.identifier_digests(now))
        .unwrap_or_default();
    let other = names.into_iter().find(|digest| digest != typed);
    other.unwrap_or_else(|| sub.to_string())
}
