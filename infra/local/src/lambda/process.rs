//! The processes of one function: started on demand, and kept for the next event.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use super::environment::Environment;
use super::error::InvokeError;
use super::invocation::Invocation;
use super::settings::ProcessSettings;

/// The processes of one function.
#[derive(Debug)]
pub(crate) struct Processes {
    settings: ProcessSettings,
    permits: Arc<Semaphore>,
    /// `None` once the stack has been stopped.
    idle: Mutex<Option<Vec<Environment>>>,
    stopped: watch::Sender<bool>,
}

impl Processes {
    pub(super) fn new(settings: ProcessSettings) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(settings.concurrency)),
            idle: Mutex::new(Some(Vec::new())),
            stopped: watch::Sender::new(false),
            settings,
        }
    }

    /// Waits for an idle process or starts one, and sends it the event.
    pub(super) async fn invoke(
        self: &Arc<Self>,
        invocation: Invocation,
    ) -> Result<Bytes, InvokeError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| InvokeError::Stopped)?;
        let this = Arc::clone(self);
        // In a separate task, so that a client that hangs up does not cancel the event.
        let running = tokio::spawn(async move {
            let mut stopped = this.stopped.subscribe();
            let result = tokio::select! {
                result = this.run(invocation) => result,
                _ = stopped.wait_for(|stopped| *stopped) => Err(InvokeError::Stopped),
            };
            drop(permit);
            result
        });
        running.await.unwrap_or(Err(InvokeError::Stopped))
    }

    /// Kills every process, including those that handle an event.
    pub(super) fn close(&self) {
        self.permits.close();
        self.stopped.send_replace(true);
        *self.idle() = None;
    }

    /// Returns the ids of the idle processes.
    pub(super) fn ids(&self) -> Vec<u32> {
        let idle = self.idle();
        let waiting = idle.iter().flatten();
        waiting.filter_map(Environment::process_id).collect()
    }

    async fn run(&self, invocation: Invocation) -> Result<Bytes, InvokeError> {
        let mut environment = match self.take_idle() {
            Some(environment) => environment,
            None => Environment::start(&self.settings).await?,
        };
        let result = environment.invoke(invocation, &self.settings).await;
        let reusable = match &result {
            // After reporting an error, the process can handle further events.
            Ok(_) | Err(InvokeError::Failed { .. }) => true,
            Err(
                InvokeError::Unknown(_)
                | InvokeError::Init { .. }
                | InvokeError::Exited { .. }
                | InvokeError::TimedOut { .. }
                | InvokeError::Unreachable { .. }
                | InvokeError::Stopped,
            ) => false,
        };
        if reusable && let Some(idle) = self.idle().as_mut() {
            idle.push(environment);
        }
        result
    }

    fn take_idle(&self) -> Option<Environment> {
        let mut idle = self.idle();
        let idle = idle.as_mut()?;
        while let Some(mut environment) = idle.pop() {
            if environment.is_alive() {
                return Some(environment);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Environment>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
