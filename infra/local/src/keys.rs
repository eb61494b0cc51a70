//! The key ring of a stack: the private keys in a file, the public ones in a table.

use std::fs;
use std::io;
use std::path::Path;

use gatehouse_auth::key::{Algorithm, KeyRing, PublishedKeys, SigningKey};
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{Connection, ConnectionSettings, SigningKeys, private_file};
use secrecy::ExposeSecret as _;

use crate::error::StackError;
use crate::{clock, private};

/// The file of the key ring, in the directory of the stack.
pub(crate) const FILE: &str = "key-ring.json";

/// Creates a directory that only its owner can read.
pub(crate) fn make_directory(path: &Path) -> Result<(), StackError> {
    private::directory(path).map_err(|e| StackError::Data {
        path: path.to_owned(),
        reason: e.to_string(),
    })
}

/// Reads the key ring at `path`, or creates one there.
///
/// An existing ring is kept, so that tokens stay valid after a restart. If it
/// signs with another algorithm, `replace` decides whether a new ring replaces it.
pub(crate) fn prepare(
    path: &Path,
    algorithm: Option<&str>,
    replace: bool,
) -> Result<KeyRing, StackError> {
    let failed = failure(path);
    if let Some(ring) = existing(path, algorithm, replace)? {
        return Ok(ring);
    }
    let wanted = parse(path, algorithm)?;
    let ring = KeyRing::first(wanted.unwrap_or(Algorithm::Es256), now())
        .map_err(|e| failed(e.to_string()))?;
    private_file::write(path, ring.to_json().expose_secret()).map_err(|e| failed(e.to_string()))?;
    Ok(ring)
}

/// Checks that the keys of a data directory, if it has any, sign with `algorithm`.
/// Changes nothing.
///
/// # Errors
/// [`StackError`] if the keys sign with another algorithm or cannot be read.
pub fn check_keys(data_dir: &Path, algorithm: Option<&String>) -> Result<(), StackError> {
    let path = data_dir.join(FILE);
    existing(&path, algorithm.map(String::as_str), false)?;
    Ok(())
}

/// Returns the existing ring, unless there is none or it is to be replaced.
fn existing(
    path: &Path,
    algorithm: Option<&str>,
    replace: bool,
) -> Result<Option<KeyRing>, StackError> {
    let failed = failure(path);
    let wanted = parse(path, algorithm)?;
    let json = match fs::read_to_string(path) {
        Ok(json) => json,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let ring = KeyRing::parse(&json).map_err(|e| failed(e.to_string()))?;
    let signs = ring.active().map(SigningKey::algorithm);
    if wanted.is_none() || signs == wanted {
        return Ok(Some(ring));
    }
    if replace {
        return Ok(None);
    }
    let signs = signs.map_or("nothing", Algorithm::name);
    Err(failed(format!(
        "it signs with {signs}; to sign with another algorithm, choose another --data-dir"
    )))
}

fn parse(path: &Path, algorithm: Option<&str>) -> Result<Option<Algorithm>, StackError> {
    let failed = failure(path);
    let parse = |name: &str| {
        let parsed = name.parse();
        parsed.map_err(|_| failed(format!("{name} is not a signing algorithm")))
    };
    algorithm.map(parse).transpose()
}

fn failure(path: &Path) -> impl Fn(String) -> StackError {
    |reason| StackError::KeyRing {
        path: path.to_owned(),
        reason,
    }
}

/// Writes the ring's public keys to the table, if they are not there yet, and
/// completes what an interrupted rotation left unwritten.
pub(crate) async fn publish(ring: &KeyRing, dynamodb: &str, table: &str) -> Result<(), StackError> {
    let failed = |reason: String| StackError::Table {
        table: table.to_owned(),
        reason,
    };
    let settings = ConnectionSettings::for_local_stack(dynamodb);
    let client = Connection::open(&settings).tables();
    let keys = SigningKeys::new(client, table.to_owned());
    let before = keys.published().await.map_err(|e| failed(e.to_string()))?;
    let expected = before.as_ref().map(PublishedKeys::version);
    let before = before.unwrap_or_else(PublishedKeys::empty);
    if !before.admit(ring) {
        return Err(failed(
            "a key was removed from a later version of the key ring: restore that version"
                .to_owned(),
        ));
    }
    let Some(published) = before.settled(ring, now()) else {
        return Ok(());
    };
    let written = keys.publish(&published, expected).await;
    if written.map_err(|e| failed(e.to_string()))? {
        return Ok(());
    }
    Err(failed(
        "another process has just changed the keys".to_owned(),
    ))
}

fn now() -> Timestamp {
    let seconds = clock::now_millis() / 1000;
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}
