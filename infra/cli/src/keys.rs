//! `gatehouse keys`: lists the keys, rotates them by hand, and revokes them in an emergency.

mod listing;

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use gatehouse_auth::key::{Kid, RotationRules, RotationStep};
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::Clock;
use gatehouse_edge::config::RotationSettings;
use gatehouse_store::{
    KeyRemoval, KeyRingVersions, KeyRotation, RingCreation, RotationProgress, SigningKeys,
};
use serde_json::json;

use crate::deployment::Deployment;
use crate::error::ErrorCode;
use crate::output::Output;
use crate::prompt;
use crate::target::{Target, TargetOptions};

/// The arguments of `gatehouse keys`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: TargetOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Lists every key and its state, without the key itself
    List,
    /// Starts signing with the next key, if it has been published for long enough
    Rotate {
        /// Rotates immediately; verifiers with cached keys reject valid tokens for a while
        #[arg(long)]
        now: bool,
    },
    /// Removes a key immediately; everything it signed becomes invalid
    Revoke {
        /// The key id
        // One id in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Also removes the keys for refresh tokens, which ends every session
        #[arg(long)]
        refresh: bool,
        /// Skips the confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the command and prints its output.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { command, options } = arguments;
    if let Command::Revoke {
        kid,
        refresh,
        yes: false,
    } = &command
    {
        confirm(kid, *refresh)?;
    }
    let work = async |target: &Target| execute(target, &command).await;
    options.run(work).await
}

fn confirm(kid: &str, refresh: bool) -> anyhow::Result<()> {
    let tokens = format!("Every access token that {kid} signed will be rejected.");
    let mut consequences = vec![tokens.as_str()];
    if refresh {
        consequences.push("Every session will end, and all users will have to log in again.");
    }
    prompt::confirm(&consequences, "the key's id", kid)
}

async fn execute(target: &Target, command: &Command) -> anyhow::Result<Output> {
    let at_once = matches!(command, Command::Rotate { now: true });
    let keys = rotation(target, at_once)?;
    let now = Clock::System.now();
    match command {
        Command::List => {
            let (ring, published) = keys.keys().await?;
            Ok(listing::keys(&ring, &published, now))
        }
        // On AWS, Secrets Manager is in charge of rotations, and runs the function.
        Command::Rotate { .. } => match target.deployment() {
            Some(deployment) if !at_once && !deployment.is_emulated() => request(deployment).await,
            Some(_) | None => rotate(&keys, now).await,
        },
        Command::Revoke { kid, refresh, .. } => revoke(&keys, kid, *refresh, now).await,
    }
}

/// Returns the rotation of the keys. If `at_once`, it does not wait until verifiers know the
/// next key.
pub(crate) fn rotation(target: &Target, at_once: bool) -> anyhow::Result<KeyRotation> {
    let settings = RotationSettings::from_environment(target.settings())?;
    let rules = RotationRules {
        algorithm: settings.algorithm,
        min_pending: if at_once {
            Duration::ZERO
        } else {
            settings.min_pending
        },
    };
    let table = SigningKeys::new(target.tables(), target.table("SIGNING_KEYS_TABLE")?);
    Ok(KeyRotation::new(
        KeyRingVersions::new(target.ring()),
        table,
        rules,
    ))
}

async fn request(deployment: &Deployment) -> anyhow::Result<Output> {
    deployment.request_rotation().await?;
    Ok(Output::new(
        "Secrets Manager has started a rotation. `keys list` shows when it is finished.\n"
            .to_owned(),
        json!({"rotated": false, "requested": true, "active": null, "promotable_at": null}),
    ))
}

/// Runs the four steps of a rotation in Secrets Manager.
async fn rotate(keys: &KeyRotation, now: Timestamp) -> anyhow::Result<Output> {
    let token = token()?;
    let created = keys.create(&token, now).await?;
    keys.publish(&token, now).await?;
    keys.test(&token, now).await?;
    let progress = keys.finish(&token, now).await?;
    keys.settle(Clock::System.now()).await?;
    if let RingCreation::Staged(RotationStep::TooEarly { promotable_at }) = created {
        let at = promotable_at.map(|at| at.to_string());
        let when = at.as_ref().map(|at| format!(" before {at}"));
        return Ok(Output::new(
            format!(
                "Nothing was changed, because verifiers may not know the next key{}.\n",
                when.as_deref().unwrap_or(" yet")
            ),
            json!({"rotated": false, "requested": false, "active": null, "promotable_at": at}),
        ));
    }
    match progress {
        RotationProgress::Done | RotationProgress::Unchanged | RotationProgress::Already => {}
        RotationProgress::NothingPending | RotationProgress::Superseded => {
            return Err(ErrorCode::Conflict.error("another rotation was faster: see `keys list`"));
        }
    }
    let (ring, _) = keys.keys().await?;
    let kid = ring.active().map(|key| key.kid().to_string());
    let name = kid.as_deref().unwrap_or("none");
    Ok(Output::new(
        format!("Tokens are now signed by {name}.\n"),
        json!({"rotated": true, "requested": false, "active": kid, "promotable_at": null}),
    ))
}

async fn revoke(
    keys: &KeyRotation,
    kid: &str,
    refresh: bool,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let parsed = Kid::parse(kid)?;
    match keys.remove(&parsed, refresh, &token()?, now).await? {
        KeyRemoval::Done => Ok(Output::new(
            format!(
                "Removed {kid}. No function signs with it in 10 seconds from now, and none accepts its tokens after KEY_CACHE_SECONDS.\n"
            ),
            json!({"revoked": kid, "refresh": refresh}),
        )),
        KeyRemoval::Unknown => {
            Err(ErrorCode::NotFound.error(format!("there is no key {kid}: see `keys list`")))
        }
    }
}

/// Returns a token for one rotation, as Secrets Manager would.
fn token() -> anyhow::Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(random::bytes()?)))
}

#[cfg(test)]
mod tests;
