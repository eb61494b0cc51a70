//! Checks that a stack has keys, that they are published, and that they are not too old.

use std::time::Duration;

use gatehouse_auth::key::{KeyState, Kid};
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::Clock;

use super::finding::Finding;
use crate::keys::rotation;
use crate::target::Target;

/// Checks the keys. `rotation_days` is how often they should rotate, if known.
pub(super) async fn findings(target: &Target, rotation_days: Option<u64>) -> Vec<Finding> {
    match read(target).await {
        Err(error) => vec![Finding::fail(
            "keys",
            format!(
                "cannot be read ({error:#}); if the stack has no keys yet, run `cargo gatehouse keys rotate`"
            ),
        )],
        Ok(keys) => keys.findings(rotation_days, Clock::System.now()),
    }
}

struct Keys {
    active: Option<(Kid, Timestamp)>,
    published: Vec<Kid>,
    /// The ring is not older than the last removal of a key.
    is_admitted: bool,
}

async fn read(target: &Target) -> anyhow::Result<Keys> {
    let (ring, published) = rotation(target, false)?.keys().await?;
    let mut signing = ring.signing_keys();
    let active = signing.find(|key| key.state == KeyState::Active);
    Ok(Keys {
        active: active.map(|key| (key.kid.clone(), key.since)),
        published: published.kids(Clock::System.now()).cloned().collect(),
        is_admitted: published.admit(&ring),
    })
}

const DAY: Duration = Duration::from_hours(24);

/// Allowed delay in days: Secrets Manager rotates within a time window, and a new key is
/// published for a while before it signs.
const GRACE_DAYS: u64 = 2;

impl Keys {
    fn findings(&self, rotation_days: Option<u64>, now: Timestamp) -> Vec<Finding> {
        let Some((kid, since)) = &self.active else {
            return vec![Finding::fail(
                "keys",
                "do not exist yet, so nobody can log in: run `cargo gatehouse keys rotate` for this stack",
            )];
        };
        if !self.is_admitted {
            return vec![Finding::fail(
                "keys",
                "are older than the last removal of a key, so no user can log in: make the newest version of the secret current again, or repeat `cargo gatehouse keys revoke` for each removed key",
            )];
        }
        if !self.published.contains(kid) {
            return vec![Finding::fail(
                "keys",
                format!(
                    "{kid} is the signing key but is not published, so verifiers reject its tokens: run `cargo gatehouse keys rotate`"
                ),
            )];
        }
        let days = now.since(*since).as_secs() / DAY.as_secs();
        let age = format!("{kid} has been signing for {days} days");
        let late = rotation_days.filter(|most| *most > 0 && days > most + GRACE_DAYS);
        vec![match late {
            None => Finding::ok("keys", age),
            Some(most) => Finding::warn(
                "keys",
                format!(
                    "{age}, but RotationDays is {most}: check the log of rotate-keys, then run `cargo gatehouse keys rotate`"
                ),
            ),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn missing_unpublished_and_old_keys_are_found() {
        let kid = Kid::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let started = Timestamp::from_unix(0);
        let level = |keys: &Keys, days: u64| {
            let now = started.plus(DAY * u32::try_from(days).unwrap());
            keys.findings(Some(30), now).first().unwrap().level
        };
        let mut keys = Keys {
            active: None,
            published: vec![],
            is_admitted: true,
        };
        assert_eq!(level(&keys, 0), Level::Fail);
        keys.active = Some((kid.clone(), started));
        assert_eq!(level(&keys, 0), Level::Fail);
        keys.published.push(kid);
        assert_eq!(level(&keys, 32), Level::Ok);
        assert_eq!(level(&keys, 33), Level::Warn);
        keys.is_admitted = false;
        assert_eq!(level(&keys, 32), Level::Fail);
        keys.is_admitted = true;
        assert_eq!(
            keys.findings(Some(0), started.plus(DAY * 999))
                .first()
                .unwrap()
                .level,
            Level::Ok
        );
    }
}
