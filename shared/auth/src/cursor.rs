//! Cursors: the place of a page, sealed so that nobody reads or makes one.
//!
//! AES-256-GCM over a place, bound to who it was given to. The key guards no
//! right: who forged one would read on from another place of the same list.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::id::SubjectId;

/// The key that seals cursors: 32 random bytes. Never printed.
pub struct CursorKey {
    text: SecretString,
    key: LessSafeKey,
}

/// The text is no cursor of ours, or not of who shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that was given out")]
pub struct CursorError;

impl CursorKey {
    /// Makes a key of 32 random bytes.
    ///
    /// # Errors
    /// [`CursorError`] never for 32 bytes; the backend's type says it may fail.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Result<Self, CursorError> {
        let bytes = Zeroizing::new(bytes);
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice()).map_err(|_| CursorError)?;
        Ok(Self {
            text: URL_SAFE_NO_PAD.encode(bytes.as_slice()).into(),
            key: LessSafeKey::new(key),
        })
    }

    /// Returns the key as text, for the table alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Seals a place for one reader. The nonce is 12 random bytes, new each time.
    ///
    /// # Errors
    /// [`CursorError`] if the backend fails.
    pub fn seal(
        &self,
        place: &str,
        reader: &SubjectId,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, CursorError> {
        let mut sealed = place.as_bytes().to_vec();
        let once = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(once, bound_to(reader), &mut sealed)
            .map_err(|_| CursorError)?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens a cursor that was sealed for this reader.
    ///
    /// # Errors
    /// [`CursorError`] for anything else.
    pub fn open(&self, cursor: &str, reader: &SubjectId) -> Result<String, CursorError> {
        if cursor.len() > MAX_TEXT_BYTES {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError)?;
        let (nonce, sealed) = bytes.split_first_chunk().ok_or(CursorError)?;
        let once = Nonce::assume_unique_for_key(*nonce);
        let mut sealed = sealed.to_vec();
        let place = self
            .key
            .open_in_place(once, bound_to(reader), &mut sealed)
            .map_err(|_| CursorError)?;
        String::from_utf8(place.to_vec()).map_err(|_| CursorError)
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey([redacted])")
    }
}

impl<'de> Deserialize<'de> for CursorKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let odd = || serde::de::Error::custom("not a key of 32 bytes");
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = URL_SAFE_NO_PAD.decode(text.as_str()).map_err(|_| odd())?;
        let bytes = Zeroizing::new(bytes);
        let bytes = bytes.as_slice().try_into().map_err(|_| odd())?;
        Self::new(bytes).map_err(|_| odd())
    }
}

/// What a cursor is authenticated with, beside its place.
fn bound_to(reader: &SubjectId) -> Aad<Vec<u8>> {
    Aad::from([DOMAIN_TAG, reader.as_str().as_bytes()].concat())
}

/// 256 bits.
const KEY_BYTES: usize = 32;
/// Random and 96 bits long: a key may seal some 2^32 cursors.
const NONCE_BYTES: usize = 12;
/// Keeps a cursor of one list from being one of another.
const DOMAIN_TAG: &[u8] = b"gatehouse cursor of users\0";
/// Longer is no place of ours: a key of a table has 2,048 bytes at most.
const MAX_TEXT_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(number: u8) -> SubjectId {
        SubjectId::from_bytes([number; 16])
    }

    fn key(number: u8) -> CursorKey {
        CursorKey::new([number; 32]).unwrap()
    }

    #[test]
    fn a_cursor_opens_for_its_reader_alone_and_under_its_key_alone() {
        let place = "email#ada@example.org";
        let cursor = key(1).seal(place, &reader(1), [9; 12]).unwrap();
        assert_eq!(key(1).open(&cursor, &reader(1)).as_deref(), Ok(place));
        assert_eq!(key(1).open(&cursor, &reader(2)), Err(CursorError));
        assert_eq!(key(2).open(&cursor, &reader(1)), Err(CursorError));
    }

    #[test]
    fn a_cursor_tells_nothing_of_its_place() {
        let cursor = key(1).seal("email#ada", &reader(1), [9; 12]).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert!(!bytes.windows(3).any(|part| part == b"ada"), "{cursor}");
    }

    #[test]
    fn no_cursor_with_one_character_changed_opens() {
        let cursor = key(1).seal("user#A", &reader(1), [9; 12]).unwrap();
        for position in 0..cursor.len() {
            for other in ["A", "B", "-", "_", "=", "."] {
                let mut changed = cursor.clone();
                changed.replace_range(position..=position, other);
                let opened = key(1).open(&changed, &reader(1));
                assert_eq!(opened.is_ok(), changed == cursor, "{changed}");
            }
        }
        for odd in ["", "A", &"A".repeat(5000), &cursor[..cursor.len() - 4]] {
            assert_eq!(key(1).open(odd, &reader(1)), Err(CursorError), "{odd}");
        }
    }

    #[test]
    fn a_key_does_not_print_and_is_read_back_from_its_text() {
        let one = key(7);
        assert_eq!(format!("{one:?}"), "CursorKey([redacted])");
        let json = serde_json::Value::from(one.expose());
        let read: CursorKey = serde_json::from_value(json).unwrap();
        assert_eq!(read.expose(), one.expose());
        assert!(serde_json::from_str::<CursorKey>("\"AAAA\"").is_err());
    }
}
