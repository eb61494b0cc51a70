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

/// A demo user; without a password, if it existed already.
pub(super) struct DemoUser {
    pub(super) username: &'static str,
    pub(super) password: Option<String>,
}

/// Creates the demo users in a running stack.
pub(super) async fn users(variables: &BTreeMap<String, String>) -> anyhow::Result<Vec<DemoUser>> {
    let target = Target::from_running(variables)?;
    let mut created = Vec::new();
    for username in DEMO_USERS {
        let password = password()?;
        let secret = SecretString::from(password.clone());
        let is_new = users::seed(&target, username, &secret).await;
        let password = is_new.context("--seed failed")?.then_some(password);
        created.push(DemoUser { username, password });
    }
    Ok(created)
}

impl DemoUser {
    /// Returns the line about the user for the terminal.
    pub(super) fn line(&self) -> String {
        let name = self.username;
        match &self.password {
            Some(password) => format!("Demo user {name}, password {password}"),
            None => format!("Demo user {name} already exists; the password is unchanged"),
        }
    }
}

/// Returns 24 random characters (144 bits).
pub(super) fn password() -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random::bytes::<18>()?))
}
