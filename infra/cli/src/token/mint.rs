//! `gatehouse token mint`: issues an access token with a local key ring.
//!
//! It never calls AWS: whoever can read the key ring of a deployment could issue tokens for
//! everybody, without a trace. The deployed stack is refused before anything is connected.

use std::process::ExitCode;
use std::time::Duration;

use gatehouse_auth::claims::MAX_LIFETIME;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::random;
use gatehouse_auth::role::{Role, Roles};
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::{Grant, Issuer};
use gatehouse_auth::user::{Status, User};
use gatehouse_edge::Clock;
use gatehouse_edge::config::IssuerSettings;
use gatehouse_store::{KeyRingSource, KeyStoreError, Signer, SigningKeys};
use serde_json::json;

use crate::error::ErrorCode;
use crate::output::{Output, notice};
use crate::target::{IfMissing, Target, TargetOptions};
use crate::users;

/// The arguments of `gatehouse token mint`.
#[derive(clap::Args)]
#[command(after_help = "\
It prints the token and nothing else on stdout. This keeps it out of the arguments of curl:
  echo \"Authorization: Bearer $(gatehouse token mint ada)\" |
    curl -H @- http://localhost:3000/me

The token belongs to no session, so nothing lists it, and it cannot be refreshed. It ends
when it expires, or with the user's other tokens.")]
pub(super) struct Arguments {
    /// The username or e-mail address of an existing user
    #[arg(required_unless_present = "sub")]
    name: Option<String>,
    /// The user's id instead; if no user has it, the token is for a user who does not exist
    // One id in 64 begins with a hyphen.
    #[arg(long, value_name = "ID", conflicts_with = "name", value_parser = SubjectId::parse, allow_hyphen_values = true)]
    sub: Option<SubjectId>,
    /// A role; may be repeated [default: the user's roles]
    #[arg(long, value_name = "ROLE", value_parser = Role::parse)]
    role: Vec<Role>,
    /// A scope, or several separated by spaces; may be repeated [default: what a login grants to the roles]
    #[arg(long, value_name = "SCOPE", value_parser = Scopes::parse)]
    scope: Vec<Scopes>,
    /// How long the token is valid, such as 30s, 15m or 1h, at most an hour [default: as for a login]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires: Option<Duration>,
    /// The issuer that the token names [default: the running stack's, or that of `cargo local` on port 3000]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub(super) async fn run(arguments: &Arguments, now: Timestamp) -> anyhow::Result<ExitCode> {
    if arguments.target.names_deployed_stack() {
        return Err(ErrorCode::Usage.error(
            "a deployed stack issues tokens only to users who log in: `token mint` works with the \
             keys of the running `cargo local` or of a --data-dir, and never calls AWS",
        ));
    }
    let target = Target::find(&arguments.target, IfMissing::Fail).await?;
    let work = async |target: &Target| arguments.mint(target, now).await;
    target.run(work).await?.print()
}

/// Whom the token is for.
struct Subject {
    sub: SubjectId,
    ver: u64,
    roles: Roles,
}

impl Arguments {
    async fn mint(&self, target: &Target, now: Timestamp) -> anyhow::Result<Output> {
        // The options name no deployed stack, so this is a second lock on the same door.
        let ring @ KeyRingSource::File(_) = target.ring() else {
            return Err(ErrorCode::Usage.error("the key ring is not a local file"));
        };
        let subject = self.subject(target).await?;
        let settings = IssuerSettings::from_environment(target.settings())?;
        let scope = match self.scope.as_slice() {
            [] => settings.role_scopes.scopes_of(&subject.roles),
            scopes => scopes
                .iter()
                .fold(Scopes::default(), |all, some| all.union(some)),
        };
        let issuer = Issuer::new(
            self.issuer.clone().unwrap_or(settings.issuer),
            settings.audience,
            settings.client_id,
            self.expires.unwrap_or(settings.access_ttl),
        );
        let grant = Grant {
            sub: subject.sub.clone(),
            sid: SessionId::from_bytes(random::bytes()?),
            jti: Jti::from_bytes(random::bytes()?),
            ver: subject.ver,
            auth_time: now,
            scope: scope.clone(),
            roles: subject.roles.clone(),
        };
        let published = SigningKeys::new(target.tables(), target.table("SIGNING_KEYS_TABLE")?);
        let ring = Signer::new(ring, published)
            .ring(now)
            .await
            .map_err(no_keys)?;
        let (key, _) = ring.signers(Clock::System.now())?;
        let token = issuer.issue(grant, key, now)?;
        let expires_in = token.expires_in().as_secs();
        let json = json!({
            "access_token": token.expose(),
            "token_type": "Bearer",
            "expires_in": expires_in,
            "sub": subject.sub,
            "roles": subject.roles,
            "scope": scope,
        });
        Ok(Output::new(format!("{}\n", token.expose()), json))
    }

    async fn subject(&self, target: &Target) -> anyhow::Result<Subject> {
        let user = match (&self.sub, &self.name) {
            (Some(sub), _) => users::with_id(target, sub).await?,
            (None, name) => Some(users::named(target, name.as_deref().unwrap_or_default()).await?),
        };
        if let Some(User {
            username,
            status: Status::Disabled,
            ..
        }) = &user
        {
            let message =
                format!("{username} is disabled and cannot log in: enable the account first");
            return Err(ErrorCode::Conflict.error(message));
        }
        let given =
            (!self.role.is_empty()).then(|| Roles::parse(self.role.iter().map(Role::as_str)));
        let given = given.transpose()?;
        Ok(match (user, &self.sub) {
            (Some(user), _) => Subject {
                sub: user.sub,
                ver: user.token_version,
                roles: given.unwrap_or(user.roles),
            },
            (None, sub) => {
                let sub = sub.clone();
                let sub = sub.ok_or_else(|| ErrorCode::NotFound.error("there is no such user"))?;
                notice(&format!(
                    "No user has the id {sub}: routes that read the account will not find it."
                ));
                Subject {
                    sub,
                    ver: 0,
                    roles: given.unwrap_or_else(Roles::of_new_user),
                }
            }
        })
    }
}

fn no_keys(error: KeyStoreError) -> anyhow::Error {
    let is_missing = match &error {
        KeyStoreError::NotReady => true,
        KeyStoreError::File(error) => error.kind() == std::io::ErrorKind::NotFound,
        KeyStoreError::HeldBack
        | KeyStoreError::BelowFloor { .. }
        | KeyStoreError::LookTooOld
        | KeyStoreError::Store(_)
        | KeyStoreError::Ring(_) => false,
    };
    if is_missing {
        return ErrorCode::NotFound
            .error("there are no keys yet: create them with `gatehouse keys rotate`");
    }
    error.into()
}

/// Parses how long the token is valid.
fn lifetime(text: &str) -> Result<Duration, String> {
    let read = humantime::parse_duration(text);
    let lifetime = read.map_err(|_| "expected a duration such as 30s, 15m or 1h".to_owned())?;
    if lifetime >= Duration::from_secs(1) && lifetime <= MAX_LIFETIME {
        Ok(lifetime)
    } else {
        Err("must be from 1 second to 1 hour".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_outlives_what_a_verifier_accepts() {
        assert_eq!(lifetime("15m").unwrap(), Duration::from_mins(15));
        assert_eq!(lifetime("1h").unwrap(), MAX_LIFETIME);
        for outside in ["0", "999ms", "61m"] {
            let error = lifetime(outside).unwrap_err();
            assert_eq!(error, "must be from 1 second to 1 hour", "{outside}");
        }
        for invalid in ["15", "-1s", ""] {
            let error = lifetime(invalid).unwrap_err();
            assert!(
                error.starts_with("expected a duration"),
                "{invalid}: {error}"
            );
        }
    }
}
