//! Demo users, written to the tables, so that a closed registration has them too.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random::{self, RandomError};
use secrecy::SecretString;

use crate::target::Target;
use crate::users;

/// Creates the demo users of a running stack and returns a line to print about each.
pub(super) async fn users(variables: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let target = Target::from_running(variables)?;
    let mut lines = Vec::new();
    for username in DEMO_USERS {
        let password = password()?;
        let secret = SecretString::from(password.clone());
        let created = users::seed(&target, username, &secret).await;
        lines.push(if created.context("--seed failed")? {
            format!("{username} has the password {password}")
        } else {
            format!("{username} exists, and keeps the password from before")
        });
    }
    Ok(lines)
}

/// Returns 24 random characters, 144 bits.
pub(super) fn password() -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random::bytes::<18>()?))
}

/// Who is there after `--seed`.
const DEMO_USERS: [&str; 2] = ["ada", "grace"];
