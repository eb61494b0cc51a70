//! Authenticates a user, with the same calls and the same hash whether the user exists or
//! not, and whatever was typed.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::{Hasher, TypedPassword, Verified};
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User};
use gatehouse_store::{CheckedRing, GrantedLane, SurplusSessions};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::attempt::LoginAttempt;
use crate::counting::CountedAttempt;
use crate::error::{LoginError, LoginRefusal};

/// A user whose password was correct.
pub(crate) struct Authenticated<'a> {
    pub(crate) user: User,
    /// How the attempt was counted, to be undone.
    pub(crate) counted: CountedAttempt<'a>,
    /// The lane that counted it.
    pub(crate) lane: GrantedLane,
    /// The keys that sign the session's first tokens.
    pub(crate) ring: CheckedRing,
    /// Older sessions that end once this one has begun.
    pub(crate) surplus: Option<SurplusSessions>,
}

/// Returns the user that the password belongs to; `hasher` knows how long the caller waits.
///
/// # Errors
/// [`LoginError::Refused`] with a reason that only the log may contain;
/// [`LoginError::Throttled`] after too many attempts, which cost a hash as well.
pub(crate) async fn authenticate<'a>(
    app: &App,
    hasher: &Hasher,
    attempt: &'a LoginAttempt,
    now: Timestamp,
) -> Result<Authenticated<'a>, LoginError> {
    let typed = TypedPassword::new(attempt.password.expose_secret());
    // An attempt that will not be hashed is not counted either.
    hasher.ready_to_verify(&typed)?;
    // Before anything is written: without a key no token can be issued.
    let (counted, ring) = tokio::join!(
        Box::pin(CountedAttempt::look_up(app, attempt)),
        Box::pin(app.signer.ring(now)),
    );
    let (mut counted, ring) = (counted?, ring?);
    counted.reserve(app).await?;
    let sub = known_or_unused(&counted)?;
    let user = app.users.get(&sub).await?;
    let lane = counted.comparable();
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let hash = hash.filter(|_| lane.is_some());
    let verifying = hasher.verify(typed.clone(), hash.clone());
    let (verified, surplus) = app.session_limit.look_beside(&sub, verifying).await;
    let verified = verified?;
    let (user, lane) = match judge(user, lane, verified) {
        Ok(right) => right,
        Err(refusal) => return Err(counted.refuse(app, refusal).await),
    };
    // If there is no time left, the next login does it.
    if let (Verified::Outdated, Some(hash), Ok(())) = (verified, hash, hasher.ready()) {
        rehash(app, hasher, (&user.sub, &hash), &typed, now).await?;
    }
    Ok(Authenticated {
        user,
        counted,
        lane,
        ring,
        surplus,
    })
}

/// Decides whether the login succeeds. The order of the reasons is only the log's.
fn judge(
    user: Option<User>,
    lane: Option<GrantedLane>,
    verified: Verified,
) -> Result<(User, GrantedLane), LoginRefusal> {
    let user = user.ok_or(LoginRefusal::UnknownUser)?;
    if user.password_hash.is_none() {
        return Err(LoginRefusal::NoPassword);
    }
    let lane = lane.ok_or(LoginRefusal::WrongPassword)?;
    match (verified, user.status) {
        (Verified::Wrong, _) => Err(LoginRefusal::WrongPassword),
        (Verified::Unusable, _) => Err(LoginRefusal::UnusableHash),
        (Verified::Right | Verified::Outdated, Status::Disabled) => Err(LoginRefusal::Disabled),
        (Verified::Right | Verified::Outdated, Status::Active) => Ok((user, lane)),
    }
}

/// Replaces an unknown name by an id that no user has, so that the same read is made.
fn known_or_unused(counted: &CountedAttempt<'_>) -> Result<SubjectId, LoginError> {
    match &counted.sub {
        Some(sub) => Ok(sub.clone()),
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
