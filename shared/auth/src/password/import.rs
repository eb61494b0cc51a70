//! Password hashes as other systems' files have them.

use super::HashError;
use super::hasher::describe;
use crate::user::StoredHash;

/// Why a hash from another system cannot be imported. It repeats nothing of the hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct UnusableHash(#[from] HashError);

/// Reads a hash from another system, `None` if its account has no password: an empty
/// text, or one that begins with `!`, as Django and `shadow` write it.
///
/// # Errors
/// [`UnusableHash`] with a reason for people if no login could check it.
pub fn import(text: &str) -> Result<Option<StoredHash>, UnusableHash> {
    if text.is_empty() || text.starts_with('!') {
        return Ok(None);
    }
    let stored = StoredHash::new(text.to_owned());
    describe(&stored)?;
    Ok(Some(stored))
}
