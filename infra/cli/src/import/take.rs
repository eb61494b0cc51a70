//! One user into the tables, or a word on why not.

use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::random;
use gatehouse_auth::user::User;
use gatehouse_store::{ClientRequestToken, RegisterError, Users};
use tokio::time::{Duration, sleep};

use crate::people::Refusal;

/// What came of one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Written,
    /// An earlier run wrote it.
    Already,
    Refused(Refusal),
}

/// Writes a user with its names, or nothing.
///
/// # Errors
/// When the table gives no answer to act upon, after some patience.
pub(crate) async fn take(users: &Users, user: &User) -> anyhow::Result<Taken> {
    let token = ClientRequestToken::from_bytes(random::bytes()?);
    let mut attempt = 0;
    let error = loop {
        match users.register(user, &token).await {
            Ok(()) => return Ok(Taken::Written),
            Err(error) if error.is_transient() && attempt < PATIENCE => {
                sleep(STEP * 2_u32.pow(attempt)).await;
                attempt += 1;
            }
            Err(error) => break error,
        }
    };
    if error.is_transient() {
        return Err(error.into());
    }
    // The same id: this very line, or another with an id that somebody has.
    if let Some(stored) = users.get(&user.sub).await? {
        return Ok(if stored.username_canonical == user.username_canonical {
            Taken::Already
        } else {
            Taken::Refused(Refusal::new("id", "another user has it"))
        });
    }
    match error {
        RegisterError::UsernameTaken => Ok(Taken::Refused(Refusal::new(
            "username",
            "another user has it",
        ))),
        RegisterError::EmailTaken => {
            Ok(Taken::Refused(Refusal::new("email", "another user has it")))
        }
        RegisterError::Store(error) => Err(error.into()),
    }
}

/// Attempts at a table that is throttled, beyond the SDK's own: half a minute.
const PATIENCE: u32 = 7;
const STEP: Duration = Duration::from_millis(250);
