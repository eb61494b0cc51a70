//! What a process writes, line by line, into the log.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot};

use crate::log::Log;

/// The readers of one process's stdout and stderr.
#[derive(Debug)]
pub(super) struct Output {
    readers: Vec<mpsc::Sender<oneshot::Sender<()>>>,
    last_error_line: Arc<Mutex<Option<String>>>,
}

impl Output {
    /// How a process has to be started for [`Output::capture`].
    pub(super) fn pipe() -> Stdio {
        Stdio::piped()
    }

    /// Takes the pipes of a process that was just started.
    pub(super) fn capture(child: &mut Child, function: &str, log: &Log) -> Self {
        let last_error_line = Arc::default();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(read(stdout, function, log.clone(), None));
        }
        if let Some(stderr) = child.stderr.take() {
            let words = Some(Arc::clone(&last_error_line));
            readers.push(read(stderr, function, log.clone(), words));
        }
        Self {
            readers,
            last_error_line,
        }
    }

    /// Waits until all that the process has written so far is in the log, so
    /// that who has an answer finds the lines that belong to it.
    pub(super) async fn flush(&self) {
        for reader in &self.readers {
            let (done, wait) = oneshot::channel();
            if reader.send(done).await.is_ok() {
                // A reader that ends has read everything.
                drop(wait.await);
            }
        }
    }

    /// The last line on stderr.
    pub(super) fn last_error_line(&self) -> Option<String> {
        let words = self.last_error_line.lock();
        words.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    function: &str,
    log: Log,
    last_error_line: Option<Arc<Mutex<Option<String>>>>,
) -> mpsc::Sender<oneshot::Sender<()>> {
    let (sender, mut drains) = mpsc::channel::<oneshot::Sender<()>>(1);
    let function = function.to_owned();
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).split(b'\n');
        let mut asking = true;
        loop {
            // Lines first: a drain is done when no line is there to be read.
            tokio::select! {
                biased;
                line = lines.next_segment() => {
                    let Ok(Some(line)) = line else { return };
                    let line = String::from_utf8_lossy(&line);
                    let line = line.trim_end();
                    if line.is_empty() {
                        continue;
                    }
                    log.function(&function, line);
                    if let Some(words) = &last_error_line {
                        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
                        *words = Some(line.to_owned());
                    }
                }
                drain = drains.recv(), if asking => match drain {
                    Some(done) => drop(done.send(())),
                    None => asking = false,
                },
            }
        }
    });
    sender
}
