//! The directory that keeps tables and keys between two runs of `cargo local`.
//!
//! Only `local` and `import` create one. To every other command a directory
//! without a database is a mistake, since it would answer from an empty one.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gatehouse_local::DATABASE;
use gatehouse_local::private::Lock;

use crate::project::DATA_DIR;

/// A data directory that was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Reads the option: without a value it is the project's own directory.
    pub(crate) fn from_option(typed: Option<&Path>, root: &Path) -> anyhow::Result<Self> {
        typed.map_or_else(|| Ok(Self::project_default(root)), Self::from_path)
    }

    /// The default, in the project.
    pub(crate) fn project_default(root: &Path) -> Self {
        Self {
            path: root.join(DATA_DIR),
        }
    }

    /// A path as it was typed: relative to the current directory, like any other.
    pub(crate) fn from_path(typed: &Path) -> anyhow::Result<Self> {
        if typed.as_os_str().is_empty() {
            bail!("--data-dir is empty: name a directory, such as {DATA_DIR}");
        }
        let path = std::path::absolute(typed);
        let path = path.context("the current directory cannot be read")?;
        // Without `.` and the like, so that one directory is always one path.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Ok(Self { path })
    }

    /// The absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Says whether it has a database.
    pub(crate) fn has_database(&self) -> bool {
        self.path.join(DATABASE).is_file()
    }

    /// Fails unless it has a database.
    pub(crate) fn check_exists(&self, root: &Path) -> anyhow::Result<()> {
        if self.has_database() {
            return Ok(());
        }
        self.check_moved(root)?;
        bail!(
            "there is no database in {self} (no {DATABASE}): check --data-dir; only `cargo local` and `import` create one"
        )
    }

    /// Fails if a database cannot be created or opened here: before a build, and
    /// before anything else is written.
    pub(crate) fn check_usable(&self, root: &Path) -> anyhow::Result<()> {
        if !self.has_database() {
            self.check_moved(root)?;
            self.check_empty()?;
        }
        if Lock::is_held(&self.path) {
            bail!(
                "another process has {self} open, such as a running `cargo local`: end that first"
            );
        }
        let existing = self.path.ancestors().find(|path| path.exists());
        let existing = existing.with_context(|| format!("{self} cannot be created"))?;
        // The one test that is true of every file system and every user.
        let probe = tempfile::Builder::new()
            .prefix(".gatehouse-")
            .tempfile_in(existing);
        drop(
            probe
                .with_context(|| format!("{self} cannot be written: choose another --data-dir"))?,
        );
        Ok(())
    }

    /// A directory of something else must not fill up with a database and be
    /// ignored by Git.
    fn check_empty(&self) -> anyhow::Result<()> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("{self} cannot be used as a --data-dir: name a directory")
                });
            }
        };
        let ours = |name: &std::ffi::OsStr| OURS.iter().any(|our| name == *our);
        for entry in entries {
            let name = entry?.file_name();
            if !ours(&name) {
                bail!(
                    "{self} holds other files ({}) and no database: choose a new or empty --data-dir",
                    name.display()
                );
            }
        }
        Ok(())
    }

    /// Before 2026-11-26 the default was the directory around today's.
    fn check_moved(&self, root: &Path) -> anyhow::Result<()> {
        let before = root.join(".gatehouse");
        if self.path == root.join(DATA_DIR) && before.join(DATABASE).is_file() {
            bail!(
                "the database is in .gatehouse, where --data-dir used to be: move it with \
                 `mkdir -p {DATA_DIR} && mv .gatehouse/{DATABASE}* .gatehouse/key-ring.* {DATA_DIR}/`, \
                 or name it with --data-dir .gatehouse"
            );
        }
        Ok(())
    }
}

/// As short as it is unambiguous: from the current directory, if it is below.
impl fmt::Display for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let short = self.path.strip_prefix(here).ok();
        let short = short.filter(|path| !path.as_os_str().is_empty());
        write!(f, "{}", short.unwrap_or(&self.path).display())
    }
}

/// What a database that was never finished may have left.
const OURS: [&str; 3] = [".gitignore", "lock", "key-ring.json"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_a_database_is_an_error_that_names_it() {
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
    fn a_database_of_the_old_default_is_named_and_not_passed_over() {
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
    fn a_directory_of_something_else_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let other = root.path().join("src");
        fs::create_dir(&other).unwrap();
        let named = DataDir::from_path(&other).unwrap();
        named.check_usable(root.path()).unwrap();
        fs::write(other.join("main.rs"), "").unwrap();
        let error = named.check_usable(root.path()).unwrap_err().to_string();
        assert!(error.contains("main.rs"), "{error}");
        let file = DataDir::from_path(&other.join("main.rs")).unwrap();
        assert!(file.check_usable(root.path()).is_err());
        assert!(DataDir::from_path(Path::new("")).is_err());
    }
}
