//! A zip file for Lambda, which depends on nothing but the binary.

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The package of one function.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) zip: Vec<u8>,
}

/// The name that the runtime `provided.al2023` starts.
const BOOTSTRAP: &str = "bootstrap";

/// Lambda runs the file as another user than the one who owns it.
const EXECUTABLE: u32 = 0o755;

impl Package {
    /// Packs a binary, with a fixed name, time and mode.
    pub(super) fn of(binary: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(binary)
            .with_context(|| format!("cargo-lambda did not write {}", binary.display()))?;
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(EXECUTABLE);
        zip.start_file(BOOTSTRAP, options)?;
        zip.write_all(&bytes)?;
        let zip = zip.finish()?.into_inner();
        Ok(Self { zip })
    }

    /// Returns the SHA-256 of the zip file, in hexadecimal.
    pub(super) fn sha256(&self) -> String {
        sha256(&self.zip)
    }
}

/// Returns a SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    hex
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::{Package, sha256};

    #[test]
    fn neither_time_nor_mode_of_the_binary_changes_the_package() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("bootstrap");
        std::fs::write(&binary, "a binary".repeat(100)).unwrap();
        let first = Package::of(&binary).unwrap();
        let file = File::options().write(true).open(&binary).unwrap();
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        file.set_modified(later).unwrap();
        let mut permissions = file.metadata().unwrap().permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).unwrap();
        let second = Package::of(&binary).unwrap();
        assert_eq!(first.zip, second.zip);
        assert!(first.zip.len() < 400, "it is compressed");
    }

    #[test]
    fn a_digest_is_hexadecimal() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), expected);
    }
}
