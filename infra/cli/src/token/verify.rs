//! `gatehouse token verify`: verifies an access token with the project's own verifier.

mod verdict;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use gatehouse_auth::json;
use gatehouse_auth::key::{VerifyingKeys, parse_jwk_set};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::Verifier;
use gatehouse_edge::config::VerifierSettings;
use gatehouse_store::{Revocations, SigningKeys};
use gatehouse_verify::{RemoteVerifier, Settings, VerifyError};
use secrecy::ExposeSecret as _;

use super::input::TokenFile;
use crate::error::ErrorCode;
use crate::target::{IfMissing, Target, TargetOptions};
use verdict::Verdict;

/// The arguments of `gatehouse token verify`.
#[derive(clap::Args)]
#[command(after_help = "\
With a stack, it also checks whether the token is revoked, as the authorizer does.

Exit codes: 0 valid; 4 invalid; 1 it could not be checked.")]
pub(super) struct Arguments {
    #[command(flatten)]
    file: TokenFile,
    /// Takes the keys from a JWK Set, at an https URL or in a file, instead of a stack
    #[arg(long, value_name = "URL|FILE", conflicts_with_all = ["stack", "data_dir", "port"])]
    jwks: Option<String>,
    /// The issuer that the token must name [default: the stack's, or the URL before /.well-known/jwks.json]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The audience that the token must name [default: the stack's, or gatehouse]
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub(super) async fn run(arguments: &Arguments, now: Timestamp) -> anyhow::Result<ExitCode> {
    let token = arguments.file.read()?;
    let token = token.expose_secret();
    let verdict = if let Some(jwks) = &arguments.jwks {
        arguments.with_jwk_set(jwks, token, now).await?
    } else {
        let target = Target::find(&arguments.target, IfMissing::Fail).await?;
        let work = async |target: &Target| arguments.with_stack(target, token, now).await;
        target.run(work).await?
    };
    verdict.output(token, now).print()
}

/// Where a JWK Set is, relative to its issuer.
const WELL_KNOWN: &str = "/.well-known/jwks.json";
/// The default of the template's parameter `Audience`.
const AUDIENCE: &str = "gatehouse";

impl Arguments {
    async fn with_stack(
        &self,
        target: &Target,
        token: &str,
        now: Timestamp,
    ) -> anyhow::Result<Verdict> {
        let settings = VerifierSettings::from_environment(target.settings())?;
        let issuer = self.issuer.clone().unwrap_or(settings.issuer);
        let audience = self.audience.clone().unwrap_or(settings.audience);
        let keys = SigningKeys::new(target.tables(), target.table("SIGNING_KEYS_TABLE")?);
        let keys = keys.published().await?.ok_or_else(|| {
            ErrorCode::NotFound
                .error("the stack has no keys yet: create them with `gatehouse keys rotate`")
        })?;
        let verifier = Verifier::new(issuer, audience);
        let claims = match verifier.verify(token, &keys.verifying(now), now) {
            Ok(claims) => claims,
            Err(error) => return Ok(Verdict::Invalid(error)),
        };
        let revocations = Revocations::new(target.tables(), target.table("REVOCATIONS_TABLE")?);
        let revoked = revocations.check(&claims.jti, &claims.sid, &claims.sub, claims.ver);
        Ok(match revoked.await? {
            Some(revoked) => Verdict::Revoked(revoked),
            None => Verdict::NotRevoked(Box::new(claims)),
        })
    }

    async fn with_jwk_set(
        &self,
        jwks: &str,
        token: &str,
        now: Timestamp,
    ) -> anyhow::Result<Verdict> {
        let is_url = jwks.contains("://");
        let of_url = jwks.strip_suffix(WELL_KNOWN).filter(|_| is_url);
        let issuer = self.issuer.as_deref().or(of_url).ok_or_else(|| {
            ErrorCode::Usage.error("these keys do not say who issued them: add --issuer URL")
        })?;
        let audience = self.audience.as_deref().unwrap_or(AUDIENCE);
        if !is_url {
            let keys = keys_in(Path::new(jwks)).with_context(|| jwks.to_owned())?;
            let verifier = Verifier::new(issuer.to_owned(), audience.to_owned());
            return Ok(verifier.verify(token, &keys, now).into());
        }
        let settings = Settings::new(issuer, audience).jwks_uri(jwks);
        let verifier = RemoteVerifier::new(settings)
            .map_err(|error| ErrorCode::Usage.error(format!("--jwks {jwks}: {error}")))?;
        match verifier.verify(token, now).await {
            Ok(claims) => Ok(Ok(claims).into()),
            Err(VerifyError::Token(error)) => Ok(Err(error).into()),
            Err(VerifyError::Keys(error)) => {
                let error = anyhow::Error::new(error);
                Err(ErrorCode::Unavailable.error(format!("{jwks}: {error:#}")))
            }
        }
    }
}

/// Longest set in bytes, the same as of one that is fetched.
const MAX_BYTES: u64 = 64 * 1024;
/// Deepest nesting of a set.
const MAX_DEPTH: usize = 8;

fn keys_in(path: &Path) -> anyhow::Result<VerifyingKeys> {
    let mut set = Vec::new();
    let file = File::open(path)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut set)?;
    if set.len() as u64 > MAX_BYTES {
        return Err(ErrorCode::InvalidInput.error("it is longer than 64 KiB"));
    }
    let set = json::parse(&set, MAX_DEPTH).map_err(|error| {
        ErrorCode::InvalidInput.error(format!("it is not strict JSON: {error}"))
    })?;
    let keys = parse_jwk_set(&set)
        .map_err(|error| ErrorCode::InvalidInput.error(format!("it is not a JWK Set: {error}")))?;
    Ok(VerifyingKeys::from_jwks(keys))
}
