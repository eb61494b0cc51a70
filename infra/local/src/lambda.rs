//! Runs functions, either as local processes behind a Runtime API or through an
//! invoke endpoint.

mod environment;
mod error;
mod invocation;
mod output;
mod process;
mod remote;
mod runtime_api;
mod settings;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
pub use error::InvokeError;
pub(crate) use invocation::Invocation;
use process::Processes;
use remote::Remote;
pub(crate) use settings::ProcessSettings;
pub(crate) use variables::{is_process_specific, variables};

/// The functions of a stack by name.
pub(crate) type Functions = BTreeMap<String, Arc<Function>>;

/// One function, wherever it runs.
#[derive(Debug)]
pub(crate) enum Function {
    /// Processes started by this stack.
    Processes(Arc<Processes>),
    /// `cargo lambda watch`, or the stub of a test.
    Remote(Remote),
}

impl Function {
    pub(crate) fn processes(settings: ProcessSettings) -> Self {
        Self::Processes(Arc::new(Processes::new(settings)))
    }

    pub(crate) fn remote(endpoint: &str, name: &str) -> Self {
        Self::Remote(Remote::new(endpoint, name))
    }

    /// Sends an event and waits for the response. The function keeps running even
    /// if the caller stops waiting.
    ///
    /// # Errors
    /// [`InvokeError`] if the function fails, crashes or times out.
    pub(crate) async fn invoke(&self, invocation: Invocation) -> Result<Bytes, InvokeError> {
        match self {
            Self::Processes(processes) => processes.invoke(invocation).await,
            Self::Remote(remote) => remote.invoke(invocation).await,
        }
    }

    /// Returns the ids of the idle processes.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        match self {
            Self::Processes(processes) => processes.ids(),
            Self::Remote(_) => vec![],
        }
    }

    /// Kills every process.
    pub(crate) fn close(&self) {
        match self {
            Self::Processes(processes) => processes.close(),
            Self::Remote(_) => {}
        }
    }
}
