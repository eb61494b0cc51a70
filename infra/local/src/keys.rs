//! The key ring of a stack: one file, and its public half in the table.

use std::fs;
use std::io;
use std::path::Path;

use gatehouse_auth::key::{Algorithm, KeyRing, PublishedKeys, SigningKey};
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{Connection, ConnectionSettings, SigningKeys, private_file};
use secrecy::ExposeSecret as _;

use crate::error::StackError;
use crate::{clock, private};

/// Makes a directory for private things.
pub(crate) fn make_directory(path: &Path) -> Result<(), StackError> {
    private::directory(path).map_err(|e| StackError::Data {
        path: path.to_owned(),
        reason: e.to_string(),
    })
}

/// Reads the key ring of `path`, or makes one there.
///
/// A ring that is there is kept, so that tokens outlive a restart; only where
/// `replace` allows it, one that signs with another algorithm is made anew.
pub(crate) fn prepare(
    path: &Path,
    algorithm: Option<&str>,
    replace: bool,
) -> Result<KeyRing, StackError> {
    let failed = failure(path);
    if let Some(ring) = kept(path, algorithm, replace)? {
        return Ok(ring);
    }
    let wanted = parse(path, algorithm)?;
    let ring = KeyRing::first(wanted.unwrap_or(Algorithm::Es256), now())
        .map_err(|e| failed(e.to_string()))?;
    private_file::write(path, ring.to_json().expose_secret()).map_err(|e| failed(e.to_string()))?;
    Ok(ring)
}

/// Checks that a stack can sign with `algorithm` and the keys that a data
/// directory has, if it has any; changes nothing.
///
/// # Errors
/// [`StackError`] if the keys are of another algorithm or cannot be read.
pub fn check_keys(data_dir: &Path, algorithm: Option<&String>) -> Result<(), StackError> {
    let path = data_dir.join(FILE);
    kept(&path, algorithm.map(String::as_str), false)?;
    Ok(())
}

/// The ring that is there; none if there is none, or one that may be replaced.
fn kept(
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
        "it signs with {signs}; for another algorithm choose another --data-dir"
    )))
}

fn parse(path: &Path, algorithm: Option<&str>) -> Result<Option<Algorithm>, StackError> {
    let failed = failure(path);
    let parse = |name: &str| {
        let parsed = name.parse();
        parsed.map_err(|_| failed(format!("there is no algorithm {name}")))
    };
    algorithm.map(parse).transpose()
}

fn failure(path: &Path) -> impl Fn(String) -> StackError {
    |reason| StackError::KeyRing {
        path: path.to_owned(),
        reason,
    }
}

/// Puts the ring's public half into the table, where it is not there yet, and
/// writes what an interrupted rotation left unwritten.
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
    let Some(published) = before.settled(ring, now()) else {
        return Ok(());
    };
    let written = keys.publish(&published, expected).await;
    if written.map_err(|e| failed(e.to_string()))? {
        return Ok(());
    }
    Err(failed(
        "another process has just written the keys".to_owned(),
    ))
}

/// The key ring's file, within the directory of the stack.
pub(crate) const FILE: &str = "key-ring.json";

fn now() -> Timestamp {
    let seconds = clock::now_millis() / 1000;
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}
