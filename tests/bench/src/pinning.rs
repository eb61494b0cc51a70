//! Two processors: one for this process, one for its subjects.
//!
//! A thread's children inherit its processors, so the thread that starts subjects moves to
//! theirs. `taskset` moves threads, because the standard library cannot.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// Whether subjects have a processor of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pinning {
    On,
    Off,
}

impl Pinning {
    /// Moves the calling thread, and all threads that it will start, to the first processor.
    pub(crate) fn start() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        if processors > 1 && move_this_thread(HARNESS) {
            Self::On
        } else {
            Self::Off
        }
    }

    /// Runs `start` in a thread whose children run on the second processor.
    pub(crate) fn beside<T: Send>(self, start: impl FnOnce() -> T + Send) -> Option<T> {
        let prepared = || {
            if self == Self::On {
                move_this_thread(SUBJECT);
            }
            start()
        };
        thread::scope(|scope| scope.spawn(prepared).join().ok())
    }
}

const HARNESS: &str = "0";
const SUBJECT: &str = "1";

fn move_this_thread(processor: &str) -> bool {
    // The link reads `PID/task/TID`.
    let Ok(link) = fs::read_link("/proc/thread-self") else {
        return false;
    };
    let Some(id) = link.file_name().map(Path::new) else {
        return false;
    };
    let moved = Command::new("taskset")
        .args(["--cpu-list", "--pid", processor])
        .arg(id)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    moved.is_ok_and(|status| status.success())
}
