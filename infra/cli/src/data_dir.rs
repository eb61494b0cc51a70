//! The directory that keeps tables and keys between runs of `cargo local`.
//!
//! Only `local` and `import` create one. For every other command, a directory without a
//! database is probably a typing mistake, and an empty database would hide it.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gatehouse_local::DATABASE;
use gatehouse_local::private::Lock;

use crate::error::ErrorCode;
use crate::project::DATA_DIR;

/// The data directory that the command line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataDir {
    path: PathBuf,
}

/// Files that an unfinished creation of a database may leave behind.
const OURS: [&str; 3] = [".gitignore", "lock", "key-ring.json"];

impl DataDir {
    /// Interprets the option; without a value, it means the project's default.
    pub(crate) fn from_option(typed: Option<&Path>, root: &Path) -> anyhow::Result<Self> {
        typed.map_or_else(|| Ok(Self::project_default(root)), Self::from_path)
    }

    /// Returns the project's default data directory.
    pub(crate) fn project_default(root: &Path) -> Self {
        Self {
            path: root.join(DATA_DIR),
        }
    }

    /// Resolves a path relative to the current directory, like any other path.
    pub(crate) fn from_path(typed: &Path) -> anyhow::Result<Self> {
        if typed.as_os_str().is_empty() {
            return Err(ErrorCode::Usage.error(format!(
                "--data-dir is empty: give a directory, such as {DATA_DIR}"
            )));
        }
        let path = std::path::absolute(typed);
        let path = path.context("cannot read the current directory")?;
        // Resolves `.` and the like, so that each directory has only one path.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Ok(Self { path })
    }

    /// Returns the absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether it has a database.
    pub(crate) fn has_database(&self) -> bool {
        self.path.join(DATABASE).is_file()
    }

    /// Fails unless it has a database.
    pub(crate) fn check_exists(&self, root: &Path) -> anyhow::Result<()> {
        if self.has_database() {
            return Ok(());
        }
        self.check_moved(root)?;
        Err(ErrorCode::NoStack.error(format!(
            "{self} has no database ({DATABASE}): check --data-dir; only `cargo local` and `import` create one"
        )))
    }

    /// Fails if a database cannot be created or opened here. It is called before a build, and
    /// before anything is written.
    pub(crate) fn check_usable(&self, root: &Path) -> anyhow::Result<()> {
        if !self.has_database() {
            self.check_moved(root)?;
            self.check_empty()?;
        }
        if Lock::is_held(&self.path) {
            return Err(ErrorCode::Conflict.error(format!(
                "another process, such as a running `cargo local`, is using {self}: stop it first"
            )));
        }
        let existing = self.path.ancestors().find(|path| path.exists());
        let existing = existing.with_context(|| format!("cannot create {self}"))?;
        // Only writing a file shows reliably whether this user can write here.
        let probe = tempfile::Builder::new()
            .prefix(".gatehouse-")
            .tempfile_in(existing);
        drop(probe.with_context(|| format!("cannot write to {self}: choose another --data-dir"))?);
        Ok(())
    }

    /// Refuses a directory that holds something else: a database must not end up in it, nor a
    /// `.gitignore` that hides everything.
    fn check_empty(&self) -> anyhow::Result<()> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot use {self} as --data-dir: it must be a directory")
                });
            }
        };
        let ours = |name: &std::ffi::OsStr| OURS.iter().any(|our| name == *our);
        for entry in entries {
            let name = entry?.file_name();
            if !ours(&name) {
                bail!(
                    "{self} contains other files ({}) and no database: choose a new or empty --data-dir",
                    name.display()
                );
            }
        }
        Ok(())
    }

    /// Before 2026-11-26, the default was the parent of today's default.
    fn check_moved(&self, root: &Path) -> anyhow::Result<()> {
        let before = root.join(".gatehouse");
        if self.path == root.join(DATA_DIR) && before.join(DATABASE).is_file() {
            bail!(
                "the database is in .gatehouse, the former default of --data-dir: move it with \
                 `mkdir -p {DATA_DIR} && mv .gatehouse/{DATABASE}* .gatehouse/key-ring.* {DATA_DIR}/`, \
                 or pass --data-dir .gatehouse"
            );
        }
        Ok(())
    }
}

/// Displays the path relative to the current directory, if it is below.
impl fmt::Display for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let short = self.path.strip_prefix(here).ok();
        let short = short.filter(|path| !path.as_os_str().is_empty());
        write!(f, "{}", short.unwrap_or(&self.path).display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_a_directory_without_a_database_names_it() {
        let root = tempfile::tempdir().unwrap();
        let typo = DataDir::from_path(&root.path().join("mistyped")).unwrap();
        let error = typo.check_exists(root.path()).unwrap_err().to_string();
        assert!(
            error.contains("mistyped") && error.contains("dynamodb.sqlite"),
            "{error}"
        );
        assert!(!typo.path().exists());
        typo.check_usable(root.path()).unwrap();
        assert!(!typo.path().exists());
    }

    #[test]
    fn a_database_in_the_former_default_directory_is_pointed_out() {
        let root = tempfile::tempdir().unwrap();
        let old = root.path().join(".gatehouse");
        fs::create_dir(&old).unwrap();
        fs::write(old.join(DATABASE), "").unwrap();
        let default = DataDir::project_default(root.path());
        for refused in [
            default.check_exists(root.path()),
            default.check_usable(root.path()),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("mv .gatehouse/dynamodb.sqlite*"), "{error}");
        }
        DataDir::from_path(&old)
            .unwrap()
            .check_exists(root.path())
            .unwrap();
    }

    #[test]
    fn a_directory_with_other_files_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let other = root.path().join("src");
        fs::create_dir(&other).unwrap();
        let named = DataDir::from_path(&other).unwrap();
        named.check_usable(root.path()).unwrap();
        fs::write(other.join("main.rs"), "").unwrap();
        let error = named.check_usable(root.path()).unwrap_err().to_string();
        assert!(error.contains("main.rs"), "{error}");
        let file = DataDir::from_path(&other.join("main.rs")).unwrap();
        let error = file.check_usable(root.path()).unwrap_err().to_string();
        assert!(error.ends_with("it must be a directory"), "{error}");
        assert!(DataDir::from_path(Path::new("")).is_err());
    }
}
