//! The notice of a login from a network that the account is not known from. It is off by
//! default, and no login depends on it.

use std::time::Duration;

use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_authenticate::Authenticated;
use gatehouse_store::StoreError;
use tokio::time::timeout;

use crate::app::App;
use crate::attempt::LoginAttempt;

/// How long after its registration, and after the verification of its address, a new network
/// causes no notice: a first login always comes from one. Longer hides a thief who comes at
/// once; shorter sends everyone who registers a mail about their own first login.
const SETTLING: Duration = Duration::from_hours(1);

/// How long a login waits for its notice. Longer delays logins while the outbox is slow;
/// shorter loses notices that a single repetition would have written.
const PATIENCE: Duration = Duration::from_millis(500);

/// Writes the notice if the network is new. What fails or takes too long is logged, and the
/// login succeeds.
pub(crate) async fn notify(
    app: &App,
    attempt: &LoginAttempt,
    authenticated: &Authenticated<'_>,
    now: Timestamp,
) {
    let writing = write(app, attempt, authenticated, now);
    let failure: Box<dyn std::error::Error> = match timeout(PATIENCE, writing).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.into(),
        Err(elapsed) => elapsed.into(),
    };
    tracing::warn!(
        error = &*failure,
        "the notice of a login from a new network is not written"
    );
}

async fn write(
    app: &App,
    attempt: &LoginAttempt,
    authenticated: &Authenticated<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let user = &authenticated.user;
    let kind = MessageKind::NewNetwork;
    let outbox = app.outbox.as_ref().filter(|outbox| outbox.wants(kind));
    let Some(outbox) = outbox.filter(|_| user.email.is_some()) else {
        return Ok(());
    };
    let begun = user.email_verified_at.unwrap_or(user.created_at);
    if authenticated.is_from_known_network() || now.since(begun) < SETTLING {
        return Ok(());
    }
    // Somebody who logs in with the username from a network, and then with the address, is
    // not somewhere else.
    let credentials = &attempt.credentials;
    let mut others = user.identifier_digests(now);
    others.retain(|digest| *digest != credentials.digest);
    let attempts = &app.authenticator.attempts;
    let known = attempts.is_known_from(&others, &credentials.address, now);
    if known.await? {
        return Ok(());
    }
    let message = Message::new(kind, &user.sub, user.revision, Origin::Session, now);
    outbox.put(&message).await.map(drop)
}
