//! A file with the bytes, for what reads files.

use std::cell::OnceCell;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// In memory, if this machine has such a folder.
const MEMORY: &str = "/dev/shm";

/// Calls `read` with the path of a file that holds the bytes. Each thread has its own.
pub(crate) fn holding<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    thread_local! {
        static DIRECTORY: OnceCell<TempDir> = const { OnceCell::new() };
    }
    DIRECTORY.with(|directory| {
        let directory = directory.get_or_init(|| {
            tempfile::tempdir_in(MEMORY)
                .or_else(|_| tempfile::tempdir())
                .unwrap()
        });
        let path = directory.path().join("bytes");
        fs::write(&path, bytes).unwrap();
        read(&path)
    })
}
