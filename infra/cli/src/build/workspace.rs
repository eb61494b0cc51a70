//! What Cargo knows about the workspace: folders, licences, origins, checksums.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::process::Command;

/// The workspace, with every crate that `Cargo.lock` lists.
#[derive(Debug)]
pub(super) struct Workspace {
    root: PathBuf,
    pub(super) target_directory: PathBuf,
    crates: BTreeMap<CrateId, Crate>,
}

/// A crate's name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CrateId {
    pub(super) name: String,
    pub(super) version: String,
}

/// What the bill of materials says about a crate.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Crate {
    name: String,
    version: String,
    /// An SPDX expression.
    pub(super) license: Option<String>,
    pub(super) repository: Option<String>,
    /// None for a crate of this workspace.
    pub(super) source: Option<String>,
    manifest_path: PathBuf,
    /// The SHA-256 of the crate's file in the registry, in hexadecimal.
    #[serde(skip)]
    pub(super) checksum: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Workspace {
    /// Runs `cargo metadata`, and reads `Cargo.lock`.
    pub(super) async fn read(root: &Path, target: &str) -> anyhow::Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(root).args(["metadata", "--locked"]);
        cargo.args(["--format-version", "1", "--filter-platform", target]);
        let output = cargo.output().await.context("cannot start cargo")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata failed: {errors}");
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let lock = std::fs::read_to_string(root.join("Cargo.lock"))?;
        let lock: Lock = toml::from_str(&lock).context("cannot read Cargo.lock")?;
        let checksums = lock.package.into_iter().map(|locked| {
            let (name, version) = (locked.name, locked.version);
            (CrateId { name, version }, locked.checksum)
        });
        let mut checksums: BTreeMap<_, _> = checksums.collect();
        let crates = metadata.packages.into_iter().map(|package| {
            let id = CrateId {
                name: package.name.clone(),
                version: package.version.clone(),
            };
            let checksum = checksums.remove(&id).flatten();
            (
                id,
                Crate {
                    checksum,
                    ..package
                },
            )
        });
        Ok(Self {
            root: metadata.workspace_root,
            target_directory: metadata.target_directory,
            crates: crates.collect(),
        })
    }

    /// Returns a crate.
    pub(super) fn crate_of(&self, id: &CrateId) -> anyhow::Result<&Crate> {
        let found = self.crates.get(id);
        found.with_context(|| format!("cargo metadata does not list {} {}", id.name, id.version))
    }

    /// Returns where cargo-lambda puts a function's binary.
    pub(super) fn binary(&self, function: &str) -> PathBuf {
        let folder = self.target_directory.join("lambda").join(function);
        folder.join("bootstrap")
    }

    /// Returns flags for rustc, separated as in `CARGO_ENCODED_RUSTFLAGS`, that keep this
    /// machine's folders out of the binary. The last one that matches a path counts.
    pub(super) fn remapped_paths(&self) -> String {
        let mut flags = Vec::new();
        let mut remap = |from: &Path, to: &str| {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        };
        for registry in self.registries() {
            remap(registry, "/registry");
        }
        remap(&self.root, "/gatehouse");
        remap(&self.target_directory, "/gatehouse/target");
        flags.join("\u{1f}")
    }

    /// The folders with the sources of crates from registries.
    fn registries(&self) -> BTreeSet<&Path> {
        let foreign = self.crates.values().filter(|one| one.source.is_some());
        foreign
            .filter_map(|one| one.manifest_path.parent()?.parent())
            .collect()
    }
}
