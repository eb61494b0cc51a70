//! Demo users. They are written to the tables directly, so it works even if registration is
//! closed.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random::{self, RandomError};
use secrecy::SecretString;

use crate::target::Target;
use crate::users;

/// The users that `--seed` creates.
const DEMO_USERS: [&str; 2] = ["ada", "grace"];

/// Creates the demo users in a running stack; returns a line about each for the terminal.
pub(super) async fn users(variables: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let target = Target::from_running(variables)?;
    let mut lines = Vec::new();
    for username in DEMO_USERS {
        let password = password()?;
        let secret = SecretString::from(password.clone());
        let created = users::seed(&target, username, &secret).await;
        lines.push(if created.context("--seed failed")? {
            format!("Demo user {username}, password {password}")
        } else {
            format!("Demo user {username} already exists; the password is unchanged")
        });
    }
    Ok(lines)
}

/// Returns 24 random characters (144 bits).
pub(super) fn password() -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random::bytes::<18>()?))
}
