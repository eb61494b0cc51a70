//! What a package links, according to Cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::ensure;

use crate::binaries::root;

/// Returns the features of each dependency of the workspace in a build of these edges, such as
/// `normal,build`. Cargo compiles a dependency again for other features.
///
/// # Errors
/// If Cargo fails.
pub fn features(edges: &str) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--workspace", "--locked", "--edges", edges])
        .args(["--prefix", "none", "--format", "{p}\t{f}"])
        .output()?;
    ensure!(output.status.success(), "cargo tree failed");
    let mut features = BTreeMap::<String, BTreeSet<String>>::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        // A package of the workspace has its path behind it.
        let Some((name, enabled)) = line.trim_end_matches(" (*)").split_once('\t') else {
            continue;
        };
        if !name.contains('(') || name.ends_with("(proc-macro)") {
            let enabled = enabled.to_owned();
            features.entry(name.to_owned()).or_default().insert(enabled);
        }
    }
    Ok(features)
}

/// The crates that a package links: name and version, as `argon2 v0.5.3`.
#[derive(Debug)]
pub struct Crates {
    package: String,
    linked: BTreeSet<String>,
}

impl Crates {
    /// Asks Cargo.
    ///
    /// # Errors
    /// If there is no such package.
    pub fn of(package: &str) -> anyhow::Result<Self> {
        let output = Command::new(env!("CARGO"))
            .current_dir(root())
            .args(["tree", "--edges", "normal", "--prefix", "none"])
            .args(["--package", package])
            .output()?;
        ensure!(output.status.success(), "cargo tree failed for {package}");
        // A crate that is listed again has ` (*)` behind it.
        let crates = String::from_utf8(output.stdout)?;
        let crates = crates.lines().map(|line| line.trim_end_matches(" (*)"));
        Ok(Self {
            package: package.to_owned(),
            linked: crates.map(str::to_owned).collect(),
        })
    }

    /// Returns how many crates are linked, each version counted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.linked.len()
    }

    /// Returns how many versions of a crate are linked.
    #[must_use]
    pub fn versions(&self, name: &str) -> usize {
        let name = format!("{name} v");
        self.linked.iter().filter(|c| c.starts_with(&name)).count()
    }

    /// # Panics
    /// If one of these crates is linked.
    #[track_caller]
    pub fn assert_lacks(&self, names: &[&str]) {
        for name in names {
            assert_eq!(self.versions(name), 0, "{} links {name}", self.package);
        }
    }
}
