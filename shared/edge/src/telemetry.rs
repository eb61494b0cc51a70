//! Logs: each line on standard output is one JSON object.
//!
//! `RUST_LOG` sets the level, but never silences audit events and metrics, and never lets
//! a dependency log below `info`: at `trace` the runtime would log whole events, passwords
//! included.
//!
//! No request waits for the reader of the log: `queue` says which lines are lost instead.

mod output;
mod queue;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{ConfigError, Environment};
use crate::function::StartError;
use crate::process::end_if_expired;
use crate::{audit, metric};
use output::{Escaped, RawLine};

/// Sends logs to standard output, for the rest of the process.
///
/// # Errors
/// If `RUST_LOG` is invalid or the function's name is missing. Logs are set up even then,
/// so that [`exit`] can report it.
pub(crate) fn init(environment: &Environment) -> Result<(), ConfigError> {
    let level = environment.text("RUST_LOG").unwrap_or("info");
    let wanted: Option<Targets> = level.parse().ok();
    let targets = wanted.clone().unwrap_or_default();
    // Without a thread, a log that nobody reads stops the function, but nothing is lost.
    let _ = match queue::start(io::stdout()) {
        Ok(queue) => subscriber(&targets, queue).try_init(),
        Err(_) => subscriber(&targets, io::stdout).try_init(),
    };
    std::panic::set_hook(Box::new(log_panic));
    metric::set_function(environment.function_name()?);
    match wanted {
        Some(_) => Ok(()),
        None => Err(ConfigError::invalid(
            "RUST_LOG",
            "a level, or a list of target=level",
        )),
    }
}

/// Ends `main`: reports in one JSON line why a function could not start or continue.
pub(crate) fn exit(result: Result<(), StartError>) -> ExitCode {
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the function stops");
            ExitCode::FAILURE
        }
    };
    queue::flush_before_exit();
    code
}

/// Waits until the lines of an invocation are written, or for a moment. Call it before the
/// response is sent: Lambda freezes the process after it.
pub async fn flush() {
    queue::flush().await;
}

/// Counts one `name` in the metrics of this function.
pub fn count(name: &'static str) {
    metric::count(name);
}

/// Records a value in the metrics of this function.
pub fn measure(name: &'static str, value: f64) {
    metric::measure(name, value);
}

/// Logs a failure that becomes a response; only called where it does. The process ends after
/// that response if its credentials have expired.
pub fn log_failure(error: &(dyn Error + 'static), transient: bool) {
    end_if_expired(error);
    tracing::error!(error = chain(error), transient, "a request failed");
}

/// Returns the error and all its causes as one text.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn subscriber<W>(wanted: &Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Clone + Send + Sync + 'static,
{
    let writer = Escaped(writer);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .log_internal_errors(false)
        .with_writer(writer.clone())
        .with_filter(filter(wanted));
    let metrics = tracing_subscriber::fmt::layer()
        .event_format(RawLine)
        .log_internal_errors(false)
        .with_writer(writer)
        .with_filter(Targets::new().with_target(metric::TARGET, LevelFilter::INFO));
    tracing_subscriber::registry().with(lines).with(metrics)
}

fn filter(wanted: &Targets) -> Targets {
    let default = wanted.default_level().unwrap_or(LevelFilter::INFO);
    let directives = wanted.iter().map(|(target, level)| {
        let ours = target.starts_with("gatehouse");
        (
            target,
            if ours {
                level
            } else {
                level.min(LevelFilter::INFO)
            },
        )
    });
    Targets::new()
        .with_default(default.min(LevelFilter::INFO))
        .with_target("gatehouse", default)
        .with_targets(directives)
        .with_target(audit::TARGET, LevelFilter::INFO)
        .with_target(metric::TARGET, LevelFilter::OFF)
}

/// Logs only fixed messages: a formatted one may contain a secret.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>();
    tracing::error!(location, reason = message, "a panic");
    queue::flush_before_exit();
}
