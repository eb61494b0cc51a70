//! Is this the person: the same calls and the same hash whoever asks.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::Password;
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::attempt::Attempt;
use crate::error::{LoginError, Refusal};

/// Returns the user whose password it is.
///
/// # Errors
/// [`LoginError::Refused`] with a reason that the log alone may tell.
pub(crate) async fn authenticate(
    app: &App,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<User, LoginError> {
    // No account has a password that cannot be one, so nothing is told by a quick answer.
    let password = password(attempt)?;
    // The attempt's reservation belongs between the two reads (data.md, Guessing).
    let sub = app
        .lookup
        .find(attempt.name_key.as_deref(), &attempt.digest, &attempt.ip)
        .await?;
    let user = app.users.get(&known_or_nobody(sub)?).await?;
    let Some(user) = user else {
        app.hasher.verify_nobody(password).await?;
        return Err(LoginError::Refused(Refusal::UnknownUser));
    };
    if !app
        .hasher
        .verify(password, user.password_hash.clone())
        .await?
    {
        return Err(LoginError::Refused(Refusal::WrongPassword));
    }
    match user.status {
        Status::Disabled => Err(LoginError::Refused(Refusal::Disabled)),
        Status::Active => {
            rehash(app, &user, attempt, now).await?;
            Ok(user)
        }
    }
}

fn password(attempt: &Attempt) -> Result<Password, LoginError> {
    Password::parse(attempt.password.expose_secret())
        .map_err(|_| LoginError::Refused(Refusal::NoPassword))
}

/// An id that nobody has stands for an unknown name: the read is made all the same.
fn known_or_nobody(sub: Option<SubjectId>) -> Result<SubjectId, LoginError> {
    match sub {
        Some(sub) => Ok(sub),
        None => Ok(SubjectId::from_bytes(random::bytes()?)),
    }
}

/// Replaces a hash of other parameters, unless the password has changed meanwhile.
async fn rehash(
    app: &App,
    user: &User,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<(), LoginError> {
    if !app.hasher.needs_rehash(&user.password_hash) {
        return Ok(());
    }
    let hash = app
        .hasher
        .hash(password(attempt)?, random::bytes()?)
        .await?;
    let replaced = app
        .users
        .replace_hash(&user.sub, &user.password_hash, &hash, now)
        .await?;
    tracing::info!(replaced, sub = %user.sub, "a hash of older parameters was made anew");
    Ok(())
}
