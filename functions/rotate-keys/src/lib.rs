//! Rotates the key ring by Secrets Manager's four steps, and publishes the keys.
//!
//! `gatehouse_store::KeyRotation` decides which ring may follow which, and in what order
//! the ring and the table are written. This crate reads the event and writes the logs.

use std::time::Duration;

use gatehouse_auth::deadline::Late;
use gatehouse_auth::key::RotationStep;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{Audit, AuditEvent, deadline, end_if_expired, telemetry};
use gatehouse_store::{RingCreation, RotationError, RotationProgress};
use lambda_runtime::{Context, Diagnostic};
use serde_json::Value;

mod age;
mod app;
mod event;

pub use app::App;
pub use event::UnknownEvent;
use event::{RotationEvent, Step};

/// Why a step failed. Secrets Manager then retries the rotation.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    /// The event is not one of Secrets Manager's.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// The event is about a secret that this function does not rotate.
    #[error("the event is about another secret")]
    OtherSecret,
    /// The step failed.
    #[error("the step failed")]
    Rotation(#[from] RotationError),
    /// The step was not done in time.
    #[error("the step was not done in time")]
    Late(#[from] Late),
}

/// The message appears in the records of Secrets Manager and of Lambda.
impl From<RotateKeysError> for Diagnostic {
    fn from(error: RotateKeysError) -> Self {
        Self {
            error_type: "RotateKeysError".to_owned(),
            error_message: telemetry::chain(&error),
        }
    }
}

/// How long a step may take. Nobody waits for it, but Lambda ends it after a minute.
const BUDGET: Duration = Duration::from_secs(50);

/// Performs one step, or measures the age of the keys. The response is empty: Secrets Manager does not read it.
///
/// # Errors
/// If the event is invalid or the step failed. Repeating the step resumes it.
pub async fn handle(app: &App, event: Value, context: &Context) -> Result<(), RotateKeysError> {
    let request_id = context.request_id.as_str();
    let rotated = deadline(context, BUDGET).enforce(rotate(app, event, request_id));
    let done = rotated.await.unwrap_or_else(|late| Err(late.into()));
    if let Err(error) = &done {
        end_if_expired(error);
        let error = telemetry::chain(error);
        tracing::error!(error, request_id, "a step of the rotation failed");
    }
    done
}

async fn rotate(app: &App, event: Value, request_id: &str) -> Result<(), RotateKeysError> {
    if age::is_asked_for(&event) {
        return Ok(age::measure(app, app.clock.now()).await?);
    }
    let event = RotationEvent::read(event)?;
    if app
        .secret
        .as_ref()
        .is_some_and(|arn| *arn != event.secret_id)
    {
        return Err(RotateKeysError::OtherSecret);
    }
    let now = app.clock.now();
    let token = event.client_request_token.as_str();
    match event.step {
        Step::Create => log_creation(app.rotation.create(token, now).await?, request_id),
        Step::Set => log_progress(
            "published",
            app.rotation.publish(token, now).await?,
            request_id,
        ),
        Step::Test => app.rotation.test(token, now).await?,
        Step::Finish => finish(app, token, now, request_id).await?,
    }
    Ok(())
}

async fn finish(
    app: &App,
    token: &str,
    now: Timestamp,
    request_id: &str,
) -> Result<(), RotationError> {
    let progress = app.rotation.finish(token, now).await?;
    if progress == RotationProgress::Done {
        Audit {
            request_id: Some(request_id),
            ..Audit::default()
        }
        .record(AuditEvent::KeyRotated);
    }
    log_progress("in force", progress, request_id);
    // Read the clock again: nothing was retired before the ring came into force.
    app.rotation.settle(app.clock.now()).await?;
    age::measure(app, app.clock.now()).await
}

fn log_creation(created: RingCreation, request_id: &str) {
    match created {
        RingCreation::Staged(RotationStep::TooEarly { promotable_at }) => {
            let promotable_at = promotable_at.map(|at| at.to_string());
            tracing::warn!(
                promotable_at,
                request_id,
                "too early to rotate: the pending key has not been published for long enough"
            );
        }
        RingCreation::Staged(
            RotationStep::First | RotationStep::Promoted | RotationStep::Prepared,
        ) => {
            tracing::info!(request_id, "the next key ring is pending");
        }
        RingCreation::Already => {
            tracing::info!(request_id, "the next key ring was already pending");
        }
    }
}

fn log_progress(what: &'static str, progress: RotationProgress, request_id: &str) {
    match progress {
        RotationProgress::Done => tracing::info!(what, request_id, "the key ring has advanced"),
        RotationProgress::Unchanged | RotationProgress::Already => {
            tracing::info!(what, request_id, "there was nothing left to do");
        }
        RotationProgress::NothingPending => {
            tracing::warn!(what, request_id, "no key ring of this rotation is pending");
        }
        RotationProgress::Superseded => {
            tracing::warn!(what, request_id, "another change of the keys came first");
        }
    }
}
