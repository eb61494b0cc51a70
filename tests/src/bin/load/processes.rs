//! The CPU time and the memory of a stack: this process, which has the gateway and DynamoDB,
//! and the functions' processes.

use std::fs;
use std::time::Duration;

/// Returns the ids of this process and of its children.
fn all() -> Vec<u32> {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = processes.filter_map(|entry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        (parent(id)? == own).then_some(id)
    });
    children.chain([own]).collect()
}

/// Returns the id of a process's parent.
fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name is in parentheses and may contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Returns the CPU time so far of this process and its children, of all threads that run.
pub(crate) fn cpu_time() -> Duration {
    let of_thread = |path: std::path::PathBuf| {
        let statistics = fs::read_to_string(path.join("schedstat")).ok()?;
        statistics.split_whitespace().next()?.parse::<u64>().ok()
    };
    let nanoseconds = all().into_iter().flat_map(|id| {
        let threads = fs::read_dir(format!("/proc/{id}/task"));
        let threads = threads.into_iter().flatten().flatten();
        threads.filter_map(move |thread| of_thread(thread.path()))
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The resident memory in MB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// Of this process.
    pub(crate) host: f64,
    /// Of all functions.
    pub(crate) functions: f64,
    /// How many processes the functions have.
    pub(crate) processes: usize,
}

impl Memory {
    /// Returns the memory now.
    pub(crate) fn now() -> Self {
        let own = std::process::id();
        let mut memory = Self::default();
        for id in all() {
            let megabytes = resident(id).unwrap_or_default();
            if id == own {
                memory.host = megabytes;
            } else {
                memory.functions += megabytes;
                memory.processes += 1;
            }
        }
        memory
    }
}

fn resident(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_its_children_are_measured() -> std::io::Result<()> {
        let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
        assert!(all().contains(&child.id()));
        assert!(all().contains(&std::process::id()));
        assert!(Memory::now().host > 1.0);
        assert!(cpu_time() > Duration::ZERO);
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}
