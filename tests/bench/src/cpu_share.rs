//! The CPU share of a small function: a quota of a control group, of version 1 or 2.
//!
//! Lambda gives a function CPU in proportion to its memory, but a whole processor during
//! INIT. So a subject enters the group right before its first event.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A control group with the CPU share of 128 MB, for one process: the next one in the same
/// group would pay for what the last one used in advance.
#[derive(Debug)]
pub(crate) struct CpuShare(PathBuf);

impl CpuShare {
    /// Creates a group.
    ///
    /// # Errors
    /// If this machine or this user may not.
    pub(crate) fn create() -> io::Result<Self> {
        static CREATED: AtomicUsize = AtomicUsize::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("gatehouse-bench-{}-{number}", std::process::id());
        let version1 = Path::new("/sys/fs/cgroup/cpu");
        if version1.is_dir() {
            let group = version1.join(name);
            fs::create_dir(&group)?;
            let group = Self(group);
            fs::write(group.0.join("cpu.cfs_period_us"), PERIOD.to_string())?;
            fs::write(group.0.join("cpu.cfs_quota_us"), QUOTA.to_string())?;
            return Ok(group);
        }
        let version2 = Path::new("/sys/fs/cgroup");
        // It may be on already, and then this user need not be able to turn it on.
        let _ = fs::write(version2.join("cgroup.subtree_control"), "+cpu");
        let group = version2.join(name);
        fs::create_dir(&group)?;
        let group = Self(group);
        fs::write(group.0.join("cpu.max"), format!("{QUOTA} {PERIOD}"))?;
        Ok(group)
    }

    /// Moves a process into the group.
    pub(crate) fn enter(&self, process: u32) -> io::Result<()> {
        fs::write(self.0.join("cgroup.procs"), process.to_string())
    }

    /// Removes the group, whose process has ended.
    pub(crate) fn remove(&self) {
        // The kernel may still hold the process for a moment.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Microseconds. Lambda's own period.
const PERIOD: u32 = 20_000;
/// Microseconds in a period: a function has a whole processor at 1,769 MB.
const QUOTA: u32 = PERIOD * 128 / 1769;
