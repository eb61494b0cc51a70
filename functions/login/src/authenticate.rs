//! Authenticates a user, with the same calls and the same hash whether the user exists or
//! not.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::{Hasher, TypedPassword, Verified};
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User};
use gatehouse_store::{CheckedRing, LoginReservation, ReservedLogin};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::attempt::LoginAttempt;
use crate::error::{LoginError, LoginRefusal};

/// A user whose password was correct.
pub(crate) struct Authenticated {
    pub(crate) user: User,
    /// How the attempt was counted, to be undone.
    pub(crate) reserved: ReservedLogin,
    /// The keys that sign the session's first tokens.
    pub(crate) ring: CheckedRing,
}

/// Returns the user that the password belongs to; `hasher` knows how long the caller waits.
///
/// # Errors
/// [`LoginError::Refused`] with a reason that only the log may contain;
/// [`LoginError::Throttled`] before anything is hashed.
pub(crate) async fn authenticate(
    app: &App,
    hasher: &Hasher,
    attempt: &LoginAttempt,
    now: Timestamp,
) -> Result<Authenticated, LoginError> {
    // No account has an empty password, so a quick response reveals nothing.
    let typed = TypedPassword::parse(attempt.password.expose_secret())
        .map_err(|_| LoginError::Refused(LoginRefusal::EmptyPassword))?;
    // An attempt that will not be hashed is not counted either.
    hasher.ready_to_verify(&typed)?;
    let guess = attempt.guess();
    let name_key = attempt.name_key.as_ref();
    // Before anything is written: without a key no token can be issued.
    let (found, ring) = tokio::join!(
        Box::pin(app.attempts.look_up(&app.users, name_key, &guess)),
        Box::pin(app.signer.ring(now)),
    );
    let (found, ring) = (found?, ring?);
    let counted = app.attempts.reserve_login(&guess, &found.counters, now);
    let reserved = match counted.await? {
        LoginReservation::Reserved(reserved) => reserved,
        LoginReservation::Refused {
            counted,
            retry_after,
        } => {
            return Err(LoginError::Throttled {
                counted,
                retry_after,
            });
        }
    };
    let user = app.users.get(&known_or_unused(found.sub)?).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let verified = hasher.verify(typed.clone(), hash.clone()).await?;
    let Some(user) = user else {
        return Err(LoginError::Refused(LoginRefusal::UnknownUser));
    };
    let Some(hash) = hash else {
        return Err(LoginError::Refused(LoginRefusal::NoPassword));
    };
    match verified {
        Verified::Right | Verified::Outdated => {}
        Verified::Wrong => return Err(LoginError::Refused(LoginRefusal::WrongPassword)),
        Verified::Unusable => return Err(LoginError::Refused(LoginRefusal::UnusableHash)),
    }
    match user.status {
        Status::Disabled => Err(LoginError::Refused(LoginRefusal::Disabled)),
        Status::Active => {
            // If there is no time left, the next login does it.
            if verified == Verified::Outdated && hasher.ready().is_ok() {
                rehash(app, hasher, (&user.sub, &hash), &typed, now).await?;
            }
            Ok(Authenticated {
                user,
                reserved,
                ring,
            })
        }
    }
}

/// Replaces an unknown name by an id that no user has, so that the same read is made.
fn known_or_unused(sub: Option<SubjectId>) -> Result<SubjectId, LoginError> {
    match sub {
        Some(sub) => Ok(sub),
        None => Ok(SubjectId::from_bytes(random::bytes()?)),
    }
}

/// Replaces an outdated hash by one of the normalised password, unless the password has
/// changed in the meantime.
async fn rehash(
    app: &App,
    hasher: &Hasher,
    (sub, old): (&SubjectId, &StoredHash),
    typed: &TypedPassword,
    now: Timestamp,
) -> Result<(), LoginError> {
    let new = hasher.hash(typed.normalised(), random::bytes()?).await?;
    let replaced = app.users.replace_hash(sub, old, &new, now).await?;
    tracing::info!(replaced, %sub, "an outdated hash was replaced");
    Ok(())
}
