//! Directories that only their owner may read and that Git ignores: they hold
//! private keys and password hashes. A process can lock one.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Creates a directory with mode 0700 and a `.gitignore` of everything in it.
///
/// # Errors
/// The file system's error.
pub fn directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path.join(".gitignore"))
    {
        Ok(mut file) => file.write_all(b"*\n"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Creates a file with mode 0600, or sets the mode of an existing one.
pub(crate) fn restrict(path: &Path) -> io::Result<()> {
    let options = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .clone();
    let file = options.open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Reserves a directory for this process until it is dropped. The system releases
/// the lock when the process exits, even if it is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The locked file, which contains the id of the process.
const LOCK: &str = "lock";

impl Lock {
    /// Locks a directory, or fails immediately if another process has locked it.
    ///
    /// # Errors
    /// The file system's error, or the id of the process that has the lock.
    pub fn take(directory: &Path) -> io::Result<Self> {
        let path = directory.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.mode(0o600).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {
                let process = fs::read_to_string(&path).unwrap_or_default();
                let process = match process.trim() {
                    "" => "another process".to_owned(),
                    id => format!("process {id}"),
                };
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    format!(
                        "{process} has it open, such as a running `cargo local`: stop that first"
                    ),
                ));
            }
        }
        file.set_len(0)?;
        file.write_all(std::process::id().to_string().as_bytes())?;
        Ok(Self { _file: file })
    }

    /// Reports whether a process has locked the directory.
    #[must_use]
    pub fn is_held(directory: &Path) -> bool {
        let file = File::open(directory.join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn private_data_is_readable_only_by_its_owner_and_ignored_by_git() {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("a/data");
        directory(&data).unwrap();
        directory(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        assert_eq!(fs::read_to_string(data.join(".gitignore")).unwrap(), "*\n");
        let wide = data.join("wide");
        fs::write(&wide, "kept").unwrap();
        fs::set_permissions(&wide, Permissions::from_mode(0o644)).unwrap();
        restrict(&wide).unwrap();
        assert_eq!(mode(&wide), 0o600);
        assert_eq!(fs::read_to_string(&wide).unwrap(), "kept");
    }

    #[test]
    fn only_one_process_can_lock_a_directory() {
        let temporary = tempfile::tempdir().unwrap();
        assert!(!Lock::is_held(temporary.path()));
        let lock = Lock::take(temporary.path()).unwrap();
        assert!(Lock::is_held(temporary.path()));
        let error = Lock::take(temporary.path()).unwrap_err().to_string();
        let id = std::process::id();
        assert!(
            error.starts_with(&format!("process {id} has it open")),
            "{error}"
        );
        drop(lock);
        assert!(!Lock::is_held(temporary.path()));
        drop(Lock::take(temporary.path()).unwrap());
    }
}
