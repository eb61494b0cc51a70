//! Rotates the key ring by Secrets Manager's four steps, and publishes the keys.
//!
//! Which ring may follow which, and in what order ring and table are written, is
//! `gatehouse_store::KeyRotation`'s; here are the event, the log and the audit.

use gatehouse_auth::key::RotationStep;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{Audit, AuditEvent, telemetry};
use gatehouse_store::{Created, Progress, RotationError};
use lambda_runtime::Diagnostic;
use serde_json::Value;

mod app;
mod event;

pub use app::App;
pub use event::UnknownEvent;
use event::{RotationEvent, Step};

/// Why a step was not done; Secrets Manager then tries the rotation again.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    /// The event is none of Secrets Manager's.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// The event is about a secret that this function does not rotate.
    #[error("the event is about another secret")]
    OtherSecret,
    /// The step could not be done.
    #[error("the step could not be done")]
    Rotation(#[from] RotationError),
}

/// The message is what people read in Secrets Manager's and Lambda's records.
impl From<RotateKeysError> for Diagnostic {
    fn from(error: RotateKeysError) -> Self {
        Self {
            error_type: "RotateKeysError".to_owned(),
            error_message: telemetry::chain(&error),
        }
    }
}

/// Does one step. The answer says nothing: Secrets Manager does not read it.
///
/// # Errors
/// [`RotateKeysError`]; the same step again goes on where this one ended.
pub async fn handle(app: &App, event: Value, request_id: &str) -> Result<(), RotateKeysError> {
    let done = rotate(app, event, request_id).await;
    if let Err(error) = &done {
        let error = telemetry::chain(error);
        tracing::error!(error, request_id, "a step of the rotation failed");
    }
    done
}

async fn rotate(app: &App, event: Value, request_id: &str) -> Result<(), RotateKeysError> {
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
        Step::Create => tell_created(app.rotation.create(token, now).await?, request_id),
        Step::Set => tell(
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
    if progress == Progress::Done {
        Audit {
            request_id: Some(request_id),
            ..Audit::default()
        }
        .record(AuditEvent::KeyRotated);
    }
    tell("in force", progress, request_id);
    // The clock again: nothing was retired before the ring came into force.
    app.rotation.settle(app.clock.now()).await?;
    Ok(())
}

fn tell_created(created: Created, request_id: &str) {
    match created {
        Created::Waiting(RotationStep::TooEarly { promotable_at }) => {
            let promotable_at = promotable_at.map(|at| at.to_string());
            tracing::warn!(
                promotable_at,
                request_id,
                "too early to rotate: the pending key was published too short a while ago"
            );
        }
        Created::Waiting(RotationStep::First | RotationStep::Promoted | RotationStep::Prepared) => {
            tracing::info!(request_id, "the next key ring waits");
        }
        Created::Already => tracing::info!(request_id, "the next key ring was waiting already"),
    }
}

fn tell(what: &'static str, progress: Progress, request_id: &str) {
    match progress {
        Progress::Done => tracing::info!(what, request_id, "the key ring is a step further"),
        Progress::Unchanged | Progress::Already => {
            tracing::info!(what, request_id, "nothing was left to do");
        }
        Progress::NothingWaits => {
            tracing::warn!(what, request_id, "no key ring of this rotation waits");
        }
        Progress::Superseded => {
            tracing::warn!(what, request_id, "another change of the keys came first");
        }
    }
}
