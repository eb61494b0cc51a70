//! Single steps of a request, each many times: what a call of a function consists of besides
//! the SDK.
//!
//! This program itself is the subject: Valgrind starts it with [`ARGUMENT`].

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context, bail};
use gatehouse_auth::id::AttemptId;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::refresh::step::{RefreshAttempt, RefreshDecision, SessionUpdate, decide};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::Verifier;
use gatehouse_auth::user::User;

use crate::fixture::{Fixture, ISSUER, WORD};

/// Makes this program do a step instead of measuring: `--step NAME COUNT`.
pub(crate) const ARGUMENT: &str = "--step";

/// The steps: their names and what they do.
pub(crate) const STEPS: [&str; 3] = ["verify", "sign", "refresh-step"];

/// Does what the arguments after [`ARGUMENT`] say.
///
/// # Errors
/// If they are invalid, or a step fails.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut arguments = arguments;
    let step = arguments.next().context("a step is required")?;
    let count: usize = arguments.next().context("a count is required")?.parse()?;
    let (fixture, _) = Fixture::create(NOW)?;
    match step.as_str() {
        "verify" => verify(&fixture, count),
        "sign" => sign(&fixture, count),
        "refresh-step" => refresh(&fixture, count),
        other => bail!("`{other}` is not a step"),
    }
}

/// Verifies an access token, with all that the authorizer checks before it reads revocations.
fn verify(fixture: &Fixture, count: usize) -> anyhow::Result<()> {
    let keys = fixture.ring.published().verifying(NOW);
    let verifier = Verifier::new(ISSUER.to_owned(), WORD.to_owned());
    for _ in 0..count {
        black_box(verifier.verify(black_box(&fixture.access), &keys, NOW)?);
    }
    Ok(())
}

/// Issues an access token.
fn sign(fixture: &Fixture, count: usize) -> anyhow::Result<()> {
    for _ in 0..count {
        black_box(fixture.issue(black_box("profile"), NOW)?);
    }
    Ok(())
}

/// Reads a refresh token, decides, and creates its successor.
fn refresh(fixture: &Fixture, count: usize) -> anyhow::Result<()> {
    let mac = fixture.ring.active_mac().context("no active key")?;
    let user: User = serde_json::from_value(fixture.user.clone())?;
    let attempt_id = AttemptId::from_bytes(gatehouse_auth::random::bytes()?);
    for _ in 0..count {
        let presented = RefreshToken::parse(black_box(&fixture.refresh))?.verify(mac)?;
        let attempt = RefreshAttempt {
            presented: &presented,
            attempt_id: &attempt_id,
            grace: GRACE,
            now: NOW,
        };
        let update = SessionUpdate::Rotated(fixture.session.clone());
        let decision = decide(black_box(update), Some(&user), &attempt);
        let RefreshDecision::Rotated(session) = decision else {
            bail!("the refresh was refused");
        };
        let generation = session.generation.saturating_add(1);
        black_box(RefreshToken::mint(
            mac,
            &session.sub,
            &session.sid,
            generation,
        )?);
    }
    Ok(())
}

/// Any time: tokens are issued and verified at the same one.
const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const GRACE: Duration = Duration::from_secs(30);
