//! Directories that only their owner may read and that Git ignores: they hold
//! private keys and password hashes. A process can lock one.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Creates a directory with mode 0700 and a `.gitignore` of everything in it.
///
/// # Errors
/// What the file system said.
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

/// Makes sure that a file exists and has mode 0600, whatever it had before.
pub(crate) fn narrow(path: &Path) -> io::Result<()> {
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

/// A directory that belongs to this process until the lock is dropped; the
/// system drops it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Locks a directory, and fails at once if another process holds it.
    ///
    /// # Errors
    /// What the file system said, or which process has the directory.
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
                        "{process} has it open, such as a running `cargo local`: end that first"
                    ),
                ));
            }
        }
        file.set_len(0)?;
        file.write_all(std::process::id().to_string().as_bytes())?;
        Ok(Self { _file: file })
    }

    /// Says whether a process holds the directory.
    #[must_use]
    pub fn is_held(directory: &Path) -> bool {
        let file = File::open(directory.join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// The file that is locked; it names the process that holds it.
const LOCK: &str = "lock";

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_private_is_read_by_its_owner_and_ignored_by_git() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("a/data");
        directory(&data).unwrap();
        directory(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        assert_eq!(fs::read_to_string(data.join(".gitignore")).unwrap(), "*\n");
        let wide = data.join("wide");
        fs::write(&wide, "kept").unwrap();
        fs::set_permissions(&wide, Permissions::from_mode(0o644)).unwrap();
        narrow(&wide).unwrap();
        assert_eq!(mode(&wide), 0o600);
        assert_eq!(fs::read_to_string(&wide).unwrap(), "kept");
    }

    #[test]
    fn a_directory_has_one_holder_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        assert!(!Lock::is_held(place.path()));
        let lock = Lock::take(place.path()).unwrap();
        assert!(Lock::is_held(place.path()));
        let error = Lock::take(place.path()).unwrap_err().to_string();
        let id = std::process::id();
        assert!(
            error.starts_with(&format!("process {id} has it open")),
            "{error}"
        );
        drop(lock);
        assert!(!Lock::is_held(place.path()));
        drop(Lock::take(place.path()).unwrap());
    }
}
