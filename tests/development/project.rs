//! A copy of the project, to run commands in and to edit.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use gatehouse_tests::binaries::{root, target_folder};
use gatehouse_tests::settings::setting;
use gatehouse_tests::venv;
use tempfile::TempDir;

/// The copy, which is deleted on drop.
pub(crate) struct Project {
    _folder: TempDir,
    path: PathBuf,
    /// The folder of cargo-lambda.
    tools: PathBuf,
}

impl Project {
    /// Copies the project for tests that edit `protected`.
    pub(crate) fn copy() -> anyhow::Result<Self> {
        let project = Self::copy_as("project")?;
        project.own_artifacts("protected", "functions/protected", &["src/lib.rs"])?;
        Ok(project)
    }

    /// Copies the project as it is now into a folder of this name, and installs
    /// cargo-lambda.
    pub(crate) fn copy_as(name: &str) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let path = folder.path().join(name);
        std::fs::create_dir(&path)?;
        for entry in std::fs::read_dir(root())? {
            let source = entry?.path();
            let name = source.file_name().unwrap_or_default();
            if name != "target" && name != ".git" && name != ".gatehouse" {
                copy(&source, &path.join(name))?;
            }
        }
        Ok(Self {
            _folder: folder,
            path,
            tools: venv::sam()?,
        })
    }

    /// Keeps the artifacts of a package that the copy changes apart from the project's.
    ///
    /// Cargo considers an artifact current if it is newer than its sources. So the package
    /// gets its own version, which gives it its own files in the target directory, and
    /// sources that are newer than those of the last run.
    pub(crate) fn own_artifacts(
        &self,
        package: &str,
        folder: &str,
        sources: &[&str],
    ) -> anyhow::Result<()> {
        for source in sources {
            let source = self.path().join(folder).join(source);
            std::fs::write(&source, std::fs::read(&source)?)?;
        }
        self.edit(
            &format!("{folder}/Cargo.toml"),
            "\nversion.workspace = true",
            "\nversion = \"0.1.0-copy\"",
        )?;
        self.edit(
            "Cargo.lock",
            &format!("name = \"{package}\"\nversion = \"0.1.0\""),
            &format!("name = \"{package}\"\nversion = \"0.1.0-copy\""),
        )
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the only occurrence of a text in a file of the copy.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) -> anyhow::Result<()> {
        let path = self.path().join(file);
        let text = std::fs::read_to_string(&path)?;
        ensure!(
            text.matches(old).count() == 1,
            "{file} does not contain exactly one {old}"
        );
        std::fs::write(path, text.replace(old, new))?;
        Ok(())
    }

    /// Returns a command that runs in the copy, with cargo-lambda on its path.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let path = setting("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env("PATH", format!("{}:{path}", self.tools.display()))
            .env("CARGO_TARGET_DIR", target_folder());
        command
    }

    /// Returns the command lines of the processes that run in the copy, if the
    /// system has `/proc`.
    pub(crate) fn processes(&self) -> anyhow::Result<Vec<String>> {
        let Ok(entries) = std::fs::read_dir("/proc") else {
            return Ok(Vec::new());
        };
        let here = self.path().canonicalize()?;
        let mut found = Vec::new();
        for entry in entries {
            let process = entry?.path();
            // A process may exit while they are listed.
            let Ok(folder) = std::fs::read_link(process.join("cwd")) else {
                continue;
            };
            if folder.starts_with(&here) {
                let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
                found.push(String::from_utf8_lossy(&line).replace('\0', " "));
            }
        }
        Ok(found)
    }
}

/// Copies a file or a folder with its times, from which Cargo sees what has changed.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_dir() {
        std::fs::create_dir(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    std::fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    let modified = from.metadata()?.modified()?;
    File::options()
        .write(true)
        .open(to)?
        .set_modified(modified)?;
    Ok(())
}
