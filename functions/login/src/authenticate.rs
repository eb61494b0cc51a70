//! Authenticates a user. What a session needs besides is read at the same time.

use gatehouse_auth::time::Timestamp;
use gatehouse_authenticate::{Authenticated, AuthenticationError};
use gatehouse_store::{CheckedRing, SurplusSessions};

use crate::app::App;
use crate::attempt::LoginAttempt;
use crate::error::LoginError;

/// A user who may begin a session.
pub(crate) struct Admitted<'a> {
    /// The user, and how the attempt was counted.
    pub(crate) authenticated: Authenticated<'a>,
    /// The keys that sign the session's first tokens.
    pub(crate) ring: CheckedRing,
    /// Older sessions that end once this one has begun.
    pub(crate) surplus: Option<SurplusSessions>,
}

/// Returns the user that the password belongs to.
///
/// # Errors
/// [`LoginError::NotAuthenticated`], with a reason that only the log may contain.
pub(crate) async fn authenticate<'a>(
    app: &'a App,
    attempt: &'a LoginAttempt,
    now: Timestamp,
) -> Result<Admitted<'a>, LoginError> {
    let counted = app.authenticator.begin(&attempt.credentials);
    let mut counted = counted.map_err(LoginError::NotAuthenticated)?;
    // Before anything is written: without a key no token can be issued.
    let (found, ring) = tokio::join!(Box::pin(counted.look_up()), Box::pin(app.signer.ring(now)),);
    found.map_err(LoginError::NotAuthenticated)?;
    let ring = ring?;
    let compared = async {
        let candidate = counted.reserve().await?;
        let verifying = candidate.verify();
        let limit = &app.session_limit;
        let (verified, surplus) = limit.look_beside(candidate.sub(), verifying).await;
        let authenticated = candidate.judge(verified?, now).await?;
        Ok::<_, AuthenticationError>((authenticated, surplus))
    };
    let (authenticated, surplus) = compared.await.map_err(LoginError::NotAuthenticated)?;
    Ok(Admitted {
        authenticated,
        ring,
        surplus,
    })
}
