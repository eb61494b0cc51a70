//! Accounts that need a verified address before their first session. They learn it only
//! with the right password: before that, their logins are like any other.

use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_authenticate::Authenticated;

use crate::app::App;
use crate::error::LoginError;

/// Refuses a user who has to verify an address first, and asks for another mail with a code.
/// The mailer sends none if it has just sent one.
///
/// While no administrator could log in otherwise, none is refused: whether the service can be
/// administered must not depend on mail.
///
/// # Errors
/// [`LoginError::EmailNotVerified`]; the attempt is no longer counted.
pub(crate) async fn refuse(
    app: &App,
    authenticated: &Authenticated<'_>,
    now: Timestamp,
) -> Result<(), LoginError> {
    let user = &authenticated.user;
    if !(app.requires_verified_email && user.must_verify_first()) {
        return Ok(());
    }
    if user.is_active_admin() && app.authenticator.users.has_no_verified_admin().await? {
        return Ok(());
    }
    if let Some(outbox) = &app.outbox {
        // Whoever registered may have typed any address.
        let (kind, origin) = (MessageKind::EmailVerification, Origin::Anyone);
        let message = Message::new(kind, &user.sub, user.revision, origin, now);
        outbox.put(&message).await?;
    }
    authenticated.give_back().await;
    Err(LoginError::EmailNotVerified)
}
