//! Callgrind, the tool of Valgrind that counts instructions.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::steps;
use crate::subject::Subject;

/// What counts depend on besides the program.
#[derive(Debug)]
pub(crate) struct Callgrind {
    machine: String,
}

impl Callgrind {
    /// Starts Valgrind once.
    ///
    /// # Errors
    /// If it is not installed.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let output = Command::new(VALGRIND)
            .args(["-v", "--tool=none", "/bin/true"])
            .output()
            .with_context(|| format!("{VALGRIND} could not be started: install valgrind"))?;
        let valgrind = String::from_utf8_lossy(&output.stderr);
        let libc = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
        let libc = libc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let machine = describe(&valgrind, &libc.unwrap_or_default());
        Ok(Self {
            machine: machine.context("valgrind does not name its processor")?,
        })
    }

    /// Returns Valgrind's version, the processor that it emulates, and the version of libc.
    /// Programs choose their code by the processor's features, and the counts of functions
    /// include those of libc.
    pub(crate) fn machine(&self) -> &str {
        &self.machine
    }

    /// Returns a subject as Valgrind starts it, which writes counts to files with this name.
    pub(crate) fn around(subject: &Subject, file: &Path) -> Subject {
        let mut wrapped = subject.clone();
        wrapped.program = VALGRIND.into();
        wrapped.arguments = options(file);
        let program = subject.program.to_string_lossy().into_owned();
        wrapped.arguments.push(program);
        wrapped.arguments.extend(subject.arguments.iter().cloned());
        // How often keys are read depends on the time, which is no part of the count.
        let longest = ("KEY_CACHE_SECONDS".to_owned(), "300".to_owned());
        wrapped.environment.push(longest);
        wrapped
    }

    /// Begins to count the instructions of a process that Valgrind runs.
    ///
    /// # Errors
    /// If Valgrind cannot be reached.
    pub(crate) fn reset(process: u32) -> anyhow::Result<()> {
        command(process, "zero")
    }

    /// Returns the instructions of a process since [`reset`](Self::reset), given the file from
    /// [`around`](Self::around).
    ///
    /// # Errors
    /// If Valgrind cannot be reached.
    pub(crate) fn count(process: u32, file: &Path) -> anyhow::Result<u64> {
        command(process, "dump")?;
        read(&file.with_added_extension("1"))
    }

    /// Returns the instructions of this program when it does a step many times.
    ///
    /// # Errors
    /// If it fails.
    pub(crate) fn count_step(file: &Path, step: &str, calls: usize) -> anyhow::Result<u64> {
        let output = Command::new(VALGRIND)
            .args(options(file))
            .arg(std::env::current_exe()?)
            .args([steps::ARGUMENT, step, &calls.to_string()])
            .output()?;
        let message = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{message}");
        read(file)
    }
}

/// Sends a command to the Valgrind of a process.
fn command(process: u32, command: &str) -> anyhow::Result<()> {
    let output = Command::new(VGDB)
        .args([&format!("--pid={process}"), command])
        .output()
        .with_context(|| format!("{VGDB} could not be started"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{VGDB} failed: {message}");
    Ok(())
}

/// Reads the count in a file of Callgrind, which then is removed.
fn read(file: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(file);
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    fs::remove_file(file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.context("valgrind wrote no count")?.trim().parse()?)
}

const VGDB: &str = "/usr/bin/vgdb";
const VALGRIND: &str = "/usr/bin/valgrind";

fn options(file: &Path) -> Vec<String> {
    vec![
        "--tool=callgrind".to_owned(),
        "--quiet".to_owned(),
        format!("--callgrind-out-file={}", file.display()),
    ]
}

/// Finds the version and the processor in what `valgrind -v` prints.
fn describe(valgrind: &str, libc: &str) -> Option<String> {
    let after = |name: &str| {
        let found = valgrind.lines().find_map(|line| line.split_once(name));
        found.map(|(_, rest)| rest.trim())
    };
    let version = after("Using Valgrind-")?.split(['-', ' ']).next()?;
    let processor = after("Arch and hwcaps:")?.rsplit(", ").next()?;
    Some(format!("valgrind {version}, {processor}, {libc}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_that_valgrind_emulates_is_found() {
        let printed = "==7== Using Valgrind-3.19.0-8d3c8034b8-20220411 and LibVEX; rerun\n\
                       --7-- Arch and hwcaps: AMD64, LittleEndian, amd64-cx16-avx-avx2\n";
        let machine = "valgrind 3.19.0, amd64-cx16-avx-avx2, glibc 2.36";
        assert_eq!(describe(printed, "glibc 2.36").as_deref(), Some(machine));
        assert_eq!(describe("==7== Nulgrind", "glibc 2.36"), None);
    }

    #[test]
    fn a_count_is_read_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("count");
        fs::write(&file, "events: Ir\nfn=(0)\n16 2\n\ntotals: 12345\n").unwrap();
        assert_eq!(read(&file).unwrap(), 12345);
        assert!(read(&file).is_err());
    }
}
