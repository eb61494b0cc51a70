//! Shows on the terminal what a command is doing, if it takes longer than a second.
//!
//! A process has one terminal, so there is one progress at a time.

use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{self, Format};

/// The progress of the command, from its start to its output.
static CURRENT: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How long a command may take before it shows something. Less makes quick commands flicker.
const DELAY: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Shows from now on, after [`DELAY`], that the command is working. Shows nothing in a pipe
/// or with `--json`.
pub(crate) fn start() {
    if output::format() == Format::Json || !io::stderr().is_terminal() {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    style(&bar, "{spinner} {msg} ({elapsed})");
    bar.set_message("Working");
    set(Some(bar));
    tokio::spawn(async {
        tokio::time::sleep(DELAY).await;
        if let Some(bar) = current() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
    });
}

/// Says what the command is doing, such as `Reading users: 1200`.
pub(crate) fn say(what: impl Into<String>) {
    if let Some(bar) = current() {
        bar.set_message(what.into());
    }
}

/// Shows how much of `total` is done; [`advance`] counts.
pub(crate) fn set_total(total: u64) {
    if let Some(bar) = current() {
        style(&bar, "{bar:40} {percent}% {elapsed} (of {duration})");
        bar.set_length(total);
    }
}

/// Counts what is done of the total.
pub(crate) fn advance(done: u64) {
    if let Some(bar) = current() {
        bar.inc(done);
    }
}

/// Runs `write`, which writes to the terminal, without a progress in between.
pub(crate) fn suspended<T>(write: impl FnOnce() -> T) -> T {
    match current() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Ends the progress, before the output.
pub(crate) fn stop() {
    if let Some(bar) = set(None) {
        bar.finish_and_clear();
    }
}

fn current() -> Option<ProgressBar> {
    let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    current.clone()
}

/// Returns the progress that it replaces.
fn set(bar: Option<ProgressBar>) -> Option<ProgressBar> {
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut current, bar)
}

fn style(bar: &ProgressBar, template: &str) {
    // Without a valid template, the bar has indicatif's default style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
