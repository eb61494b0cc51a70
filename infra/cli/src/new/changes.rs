//! Files to create and to change, all of them or none.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Files with their new contents, by their paths from the project's root.
#[derive(Debug)]
pub(super) struct Changes {
    root: PathBuf,
    files: Vec<(String, String)>,
}

impl Changes {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: Vec::new(),
        }
    }

    /// Reads a file of the project.
    pub(super) fn read(&self, file: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.root.join(file)).with_context(|| {
            format!("cannot read {file}: run the command in a clone of the whole project")
        })
    }

    /// Adds a file.
    pub(super) fn add(&mut self, file: impl Into<String>, text: impl Into<String>) {
        self.files.push((file.into(), text.into()));
    }

    /// Returns the files and their contents.
    #[cfg(test)]
    pub(super) fn files(&self) -> &[(String, String)] {
        &self.files
    }

    /// Writes every file next to its place, and then moves all of them there.
    ///
    /// # Errors
    /// If one of them cannot be written; then nothing has changed.
    pub(super) fn write(self) -> anyhow::Result<Vec<String>> {
        let mut staged = Staged::default();
        for (file, text) in &self.files {
            let place = self.root.join(file);
            staged
                .write(&place, text)
                .with_context(|| format!("cannot write {file}: nothing was changed"))?;
        }
        staged.commit()?;
        Ok(self.files.into_iter().map(|(file, _)| file).collect())
    }
}

/// What was written so far. Dropping it removes that again.
#[derive(Debug, Default)]
struct Staged {
    folders: Vec<PathBuf>,
    /// Each file, with the place to which it moves.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    fn write(&mut self, place: &Path, text: &str) -> std::io::Result<()> {
        let mut missing = Vec::new();
        let mut folder = place.parent();
        while let Some(path) = folder.filter(|path| !path.exists()) {
            missing.push(path.to_owned());
            folder = path.parent();
        }
        for path in missing.into_iter().rev() {
            fs::create_dir(&path)?;
            self.folders.push(path);
        }
        let mut beside = place.as_os_str().to_owned();
        beside.push(".gatehouse-new");
        let beside = PathBuf::from(beside);
        self.files.push((beside.clone(), place.to_owned()));
        fs::write(&beside, text)?;
        if let Ok(old) = place.metadata() {
            fs::set_permissions(&beside, old.permissions())?;
        }
        Ok(())
    }

    fn commit(mut self) -> anyhow::Result<()> {
        self.folders.clear();
        for (beside, place) in &self.files {
            fs::rename(beside, place)
                .with_context(|| format!("cannot replace {}", place.display()))?;
        }
        self.files.clear();
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (beside, _) in &self.files {
            // It may not exist, because it could not be written.
            drop(fs::remove_file(beside));
        }
        for folder in self.folders.iter().rev() {
            drop(fs::remove_dir(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Changes;

    #[test]
    fn if_one_file_cannot_be_written_no_file_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("old"), "as it was").unwrap();
        let mut changes = Changes::new(folder.path());
        changes.add("old", "changed");
        changes.add("new/deep/file", "created");
        // A file cannot be a folder.
        changes.add("old/file", "impossible");
        let error = format!("{:#}", changes.write().unwrap_err());
        assert!(
            error.contains("cannot write old/file: nothing was changed"),
            "{error}"
        );
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        let old = std::fs::read_to_string(folder.path().join("old")).unwrap();
        assert_eq!(old, "as it was");
    }
}
