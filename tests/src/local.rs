//! Stacks on this machine: one per test, or one that tests share.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use gatehouse_local::{InvokeError, LogTarget, Stack, StackOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::binaries;
use crate::canaries;
use crate::deployment::Parameters;
use crate::settings::setting;

/// The stacks that tests share, by their parameters.
static SHARED: Mutex<BTreeMap<Parameters, Arc<Stack>>> = Mutex::const_new(BTreeMap::new());

/// Runs the shared stacks: a test's own runtime ends with the test.
#[expect(clippy::expect_used, reason = "without a runtime there is no test")]
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// Starts a stack for one test; its key ring is in `work`.
pub(crate) async fn start(mut options: StackOptions, work: &TempDir) -> anyhow::Result<Stack> {
    work.path().clone_into(&mut options.work_dir);
    Ok(Stack::start(complete(options)?).await?)
}

/// Returns the stack with these parameters; the first test that needs it starts it.
/// Nothing drops it: its processes exit once the host of their Runtime API is gone.
pub(crate) async fn shared(parameters: Parameters) -> anyhow::Result<Arc<Stack>> {
    let mut stacks = SHARED.lock().await;
    if let Some(known) = stacks.get(&parameters) {
        return Ok(Arc::clone(known));
    }
    let options = complete(StackOptions {
        parameters: parameters.clone(),
        work_dir: key_rings()?,
        ..StackOptions::default()
    })?;
    let stack = Arc::new(RUNTIME.spawn(Stack::start(options)).await??);
    stacks.insert(parameters, Arc::clone(&stack));
    Ok(stack)
}

/// Invokes a function of a shared stack, on the runtime that its processes belong to.
pub(crate) async fn invoke(
    stack: &Arc<Stack>,
    function: &str,
    event: &[u8],
) -> anyhow::Result<Result<Vec<u8>, String>> {
    let (stack, function, event) = (Arc::clone(stack), function.to_owned(), event.to_vec());
    let invocation = async move { stack.invoke(&function, &event).await };
    outcome(RUNTIME.spawn(invocation).await?)
}

/// Separates what the function failed with from what keeps it from running.
pub(crate) fn outcome(
    result: Result<bytes::Bytes, InvokeError>,
) -> anyhow::Result<Result<Vec<u8>, String>> {
    match result {
        Ok(response) => Ok(Ok(response.to_vec())),
        Err(InvokeError::Failed { message, .. }) => Ok(Err(message)),
        Err(error) => Err(error.into()),
    }
}

/// Adds what every stack of a test has.
fn complete(options: StackOptions) -> anyhow::Result<StackOptions> {
    let bin_dir = if options.bin_dir == StackOptions::default().bin_dir {
        binaries::folder()?
    } else {
        options.bin_dir
    };
    Ok(StackOptions {
        // Relative to the project, unless a test has one of its own.
        template: binaries::root().join(&options.template),
        bin_dir,
        // `TEST_LOG=1` shows what the functions log.
        log: match setting("TEST_LOG") {
            Some(_) => LogTarget::Stderr,
            None => LogTarget::Buffer,
        },
        observe: Some(canaries::check_log_line),
        ..options
    })
}

/// Returns the folder for the key rings of shared stacks, without those of earlier runs.
fn key_rings() -> anyhow::Result<PathBuf> {
    let folder = binaries::target_folder().join("tmp/shared-stacks");
    std::fs::create_dir_all(&folder).context("no folder for the key rings")?;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if is_abandoned(&path) {
            // Another run may be removing the same one.
            std::fs::remove_dir_all(path).unwrap_or_default();
        }
    }
    Ok(folder)
}

/// A stack's directory is named after its port, on which a running one listens.
fn is_abandoned(directory: &Path) -> bool {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let port = name.rsplit('-').next().and_then(|port| port.parse().ok());
    port.is_some_and(|port: u16| TcpStream::connect(("localhost", port)).is_err())
}
