//! Copies what a process writes to the log, line by line.

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
    /// What stdout and stderr must be for [`Output::capture`].
    pub(super) fn pipe() -> Stdio {
        Stdio::piped()
    }

    /// Reads the pipes of a process that has just been started.
    pub(super) fn capture(child: &mut Child, function: &str, log: &Log) -> Self {
        let last_error_line = Arc::default();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(read(stdout, function, log.clone(), None));
        }
        if let Some(stderr) = child.stderr.take() {
            let last_line = Some(Arc::clone(&last_error_line));
            readers.push(read(stderr, function, log.clone(), last_line));
        }
        Self {
            readers,
            last_error_line,
        }
    }

    /// Waits until everything that the process has written so far is in the log, so
    /// that the lines of an event are there before its response.
    pub(super) async fn flush(&self) {
        for reader in &self.readers {
            let (done, wait) = oneshot::channel();
            if reader.send(done).await.is_ok() {
                // A reader that has ended has read everything. If it ends while the request
                // is sent, the channel may keep the request, so `wait` would never end.
                tokio::select! {
                    flushed = wait => drop(flushed),
                    () = reader.closed() => {}
                }
            }
        }
    }

    /// Returns the last line on stderr.
    pub(super) fn last_error_line(&self) -> Option<String> {
        let line = self.last_error_line.lock();
        line.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    function: &str,
    log: Log,
    last_error_line: Option<Arc<Mutex<Option<String>>>>,
) -> mpsc::Sender<oneshot::Sender<()>> {
    let (sender, mut flushes) = mpsc::channel::<oneshot::Sender<()>>(1);
    let function = function.to_owned();
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).split(b'\n');
        let mut has_sender = true;
        loop {
            // Lines come first: a flush is complete when there is no line left to read.
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
                    if let Some(last) = &last_error_line {
                        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                        *last = Some(line.to_owned());
                    }
                }
                flush = flushes.recv(), if has_sender => match flush {
                    Some(done) => drop(done.send(())),
                    None => has_sender = false,
                },
            }
        }
    });
    sender
}
