//! An execution environment: one process of a function, with its Runtime API.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustix::process::Pid;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::error::InvokeError;
use super::invocation::Invocation;
use super::output::Output;
use super::runtime_api::{Event, EventOutcome, RuntimeApi};
use super::settings::ProcessSettings;
use crate::server::Serving;
use crate::{aws, clock, ids};

/// A process that is ready for events. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Environment {
    child: Child,
    api: Arc<RuntimeApi>,
    output: Output,
    _serving: Serving,
}

/// Lambda's limit for an initialisation.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

impl Environment {
    /// Starts the binary and waits until it requests its first event: a cold start.
    ///
    /// # Errors
    /// [`InvokeError::Init`] if the process exits, reports an error or takes too long.
    pub(super) async fn start(settings: &ProcessSettings) -> Result<Self, InvokeError> {
        let failed = |reason: String| InvokeError::Init {
            function: settings.name.clone(),
            reason,
        };
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|e| failed(e.to_string()))?;
        let address = listener.local_addr().map_err(|e| failed(e.to_string()))?;
        let mut child = Command::new(&settings.binary)
            .env_clear()
            .envs(&settings.environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .stdin(Stdio::null())
            .stdout(Output::pipe())
            .stderr(Output::pipe())
            // In its own process group, it does not receive the terminal's Ctrl-C.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(format!("{}: {e}", settings.binary.display())))?;
        let api = Arc::new(RuntimeApi::default());
        if settings.freeze
            && let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
        {
            api.freeze(pid);
        }
        let output = Output::capture(&mut child, &settings.name, &settings.log);
        let serving = api.serve(listener);
        let mut environment = Self {
            child,
            api,
            output,
            _serving: serving,
        };
        match timeout(INIT_TIMEOUT, environment.first_call()).await {
            Ok(Ok(())) => Ok(environment),
            Ok(Err(reason)) => Err(failed(reason)),
            Err(_) => Err(failed(format!(
                "it did not request an event within {INIT_TIMEOUT:?}"
            ))),
        }
    }

    async fn first_call(&mut self) -> Result<(), String> {
        let exited = tokio::select! {
            ready = self.api.ready() => return ready.map_err(|report| {
                format!("{}: {}", report.error_type, report.message)
            }),
            exited = self.child.wait() => exited,
        };
        Err(self.exit_reason(exited).await)
    }

    /// Returns the process's id, unless it has exited.
    pub(super) fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Reports whether the process is still running.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends one event and waits for the outcome.
    ///
    /// # Errors
    /// [`InvokeError`]; after `Exited` or `TimedOut`, the environment cannot be
    /// used again.
    pub(super) async fn invoke(
        &mut self,
        invocation: Invocation,
        settings: &ProcessSettings,
    ) -> Result<Bytes, InvokeError> {
        let function = settings.name.clone();
        let limit = settings.timeout;
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let outcome = self.api.dispatch(Event {
            id: ids::request_id(),
            payload: invocation.payload,
            trace: invocation.trace,
            function_arn: aws::arn("lambda", &format!("function:{function}")),
            deadline_millis: clock::now_millis().saturating_add(millis),
        });
        let exited = tokio::select! {
            biased;
            Ok(outcome) = outcome => {
                self.output.flush().await;
                return match outcome {
                    EventOutcome::Response(body) => Ok(body),
                    EventOutcome::Error(report) => Err(InvokeError::Failed {
                        function,
                        error_type: report.error_type,
                        message: report.message,
                    }),
                };
            }
            exited = self.child.wait() => exited,
            () = sleep(limit) => return Err(InvokeError::TimedOut { function, limit }),
        };
        let reason = self.exit_reason(exited).await;
        Err(InvokeError::Exited { function, reason })
    }

    /// Describes how the process exited, with its last line on stderr.
    async fn exit_reason(&self, status: std::io::Result<std::process::ExitStatus>) -> String {
        self.output.flush().await;
        let status = match status {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        match self.output.last_error_line() {
            Some(line) => format!("{status}: {line}"),
            None => status,
        }
    }
}
