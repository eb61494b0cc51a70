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
        Self::create_below(Path::new("/sys/fs/cgroup"))
    }

    /// Creates a group where control groups of either version are mounted.
    fn create_below(root: &Path) -> io::Result<Self> {
        static CREATED: AtomicUsize = AtomicUsize::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("gatehouse-bench-{}-{number}", std::process::id());
        let version1 = root.join("cpu");
        let is_version1 = version1.is_dir();
        let parent = if is_version1 { version1 } else { root.into() };
        if !is_version1 {
            // It may be on already, and then this user need not be able to turn it on.
            let _ = fs::write(root.join("cgroup.subtree_control"), "+cpu");
        }
        let group = Self(parent.join(name));
        fs::create_dir(&group.0)?;
        let limited = if is_version1 {
            let period = fs::write(group.0.join("cpu.cfs_period_us"), PERIOD.to_string());
            period.and_then(|()| fs::write(group.0.join("cpu.cfs_quota_us"), QUOTA.to_string()))
        } else {
            fs::write(group.0.join("cpu.max"), format!("{QUOTA} {PERIOD}"))
        };
        if let Err(error) = limited {
            group.remove();
            return Err(error);
        }
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
/// Microseconds in a period.
const QUOTA: u32 = PERIOD * 128 / WHOLE_PROCESSOR_MB;
/// A function with this much memory has a whole processor.
pub(crate) const WHOLE_PROCESSOR_MB: u32 = 1769;

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the files of a group below a directory that looks like a mount of control groups.
    fn files(root: &Path) -> Vec<(String, String)> {
        let group = CpuShare::create_below(root).unwrap();
        group.enter(7).unwrap();
        let files = fs::read_dir(&group.0).unwrap().map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        });
        let mut files: Vec<(String, String)> = files.collect();
        files.sort();
        files
    }

    fn expected(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        files.iter().map(owned).collect()
    }

    #[test]
    fn a_group_has_seven_per_cent_of_a_processor_in_either_version() {
        let root = tempfile::tempdir().unwrap();
        let version2 = [("cgroup.procs", "7"), ("cpu.max", "1447 20000")];
        assert_eq!(files(root.path()), expected(&version2));
        let turned_on = fs::read_to_string(root.path().join("cgroup.subtree_control"));
        assert_eq!(turned_on.unwrap(), "+cpu");
        fs::create_dir(root.path().join("cpu")).unwrap();
        let version1 = [
            ("cgroup.procs", "7"),
            ("cpu.cfs_period_us", "20000"),
            ("cpu.cfs_quota_us", "1447"),
        ];
        assert_eq!(files(root.path()), expected(&version1));
    }

    #[test]
    fn without_control_groups_there_is_an_error() {
        assert!(CpuShare::create_below(Path::new("/nonexistent")).is_err());
    }
}
