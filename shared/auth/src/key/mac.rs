//! Keys that authenticate refresh tokens: HMAC-SHA-256.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::error::KeyError;
use crate::newtype::{redacted_debug, string_conversions};
use crate::random;

/// Id of a refresh MAC key: 8 random bytes, 11 characters in base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacKid([u8; 8]);

/// The text is not the id of a refresh MAC key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a refresh MAC key must be 8 bytes in base64url")]
pub struct MacKidError;

impl MacKid {
    /// Parses an id.
    ///
    /// # Errors
    /// [`MacKidError`] unless it is 8 bytes in canonical base64url.
    pub fn parse(text: &str) -> Result<Self, MacKidError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| MacKidError)?;
        bytes.try_into().map(Self).map_err(|_| MacKidError)
    }

    /// Creates an id from its bytes, as a refresh token contains them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, as a refresh token contains them.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for MacKid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

string_conversions!(MacKid, MacKidError);

/// A key that computes and verifies the MACs of refresh tokens. Never printed.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "Document", into = "Document")]
pub struct MacKey {
    id: MacKid,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    key: hmac::Key,
}

impl MacKey {
    /// Generates a key of 256 random bits.
    ///
    /// # Errors
    /// [`KeyError::Random`] if the system's random generator fails.
    pub fn generate() -> Result<Self, KeyError> {
        let id = MacKid(random::bytes()?);
        Ok(Self::new(id, Zeroizing::new(random::bytes()?)))
    }

    fn new(id: MacKid, bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes.as_ref());
        Self { id, bytes, key }
    }

    /// Returns the key's id.
    #[must_use]
    pub fn id(&self) -> MacKid {
        self.id
    }

    /// Returns the MAC of `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.key, message);
        let mut mac = [0; 32];
        mac.copy_from_slice(tag.as_ref());
        mac
    }

    /// True if `mac` is the MAC of `message`; compared in constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.key, message, mac).is_ok()
    }
}

impl Clone for MacKey {
    fn clone(&self) -> Self {
        Self::new(self.id, self.bytes.clone())
    }
}

redacted_debug!(MacKey, |key| key.id);

/// A key as the ring stores it.
#[derive(Serialize, Deserialize)]
struct Document {
    id: MacKid,
    k: Zeroizing<String>,
}

impl From<MacKey> for Document {
    fn from(key: MacKey) -> Self {
        let k = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.bytes.as_ref()));
        Self { id: key.id, k }
    }
}

impl TryFrom<Document> for MacKey {
    type Error = KeyError;

    fn try_from(document: Document) -> Result<Self, KeyError> {
        let decoded = URL_SAFE_NO_PAD.decode(document.k.as_bytes());
        let decoded = Zeroizing::new(decoded.map_err(|_| KeyError::Member("k"))?);
        let bytes = decoded.as_slice().try_into();
        let bytes = bytes.map_err(|_| KeyError::Weak("a MAC key must have 32 bytes"))?;
        Ok(Self::new(document.id, Zeroizing::new(bytes)))
    }
}

/// Length of a key: as long as the hash. With fewer bytes, forging refresh tokens
/// becomes easier than guessing the hash (RFC 7518 section 3.2).
const KEY_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_valid_only_for_its_message_and_key() {
        let (key, other) = (MacKey::generate().unwrap(), MacKey::generate().unwrap());
        let mac = key.sign(b"message");
        assert!(key.verify(b"message", &mac));
        assert!(!key.verify(b"massage", &mac));
        assert!(!other.verify(b"message", &mac));
        assert!(!key.verify(b"message", &mac[..31]));
        assert!(!key.verify(b"message", b""));
    }

    #[test]
    fn a_key_survives_the_ring_and_does_not_print() {
        let key = MacKey::generate().unwrap();
        let json = serde_json::to_value(key.clone()).unwrap();
        let read: MacKey = serde_json::from_value(json.clone()).unwrap();
        assert_eq!((read.id(), read.sign(b"m")), (key.id(), key.sign(b"m")));
        assert!(!format!("{key:?}").contains(json["k"].as_str().unwrap()));
    }

    #[test]
    fn keys_of_0_1_31_and_33_bytes_are_refused() {
        for (length, accepted) in [(0, false), (1, false), (31, false), (32, true), (33, false)] {
            let k = URL_SAFE_NO_PAD.encode(vec![7; length]);
            let key = serde_json::json!({"id": "AAAAAAAAAAA", "k": k});
            let read = serde_json::from_value::<MacKey>(key);
            assert_eq!(read.is_ok(), accepted, "{length}");
        }
    }

    #[test]
    fn ids_are_8_bytes_in_canonical_base64url() {
        let id = MacKid::from_bytes([255; 8]);
        assert_eq!(MacKid::parse(&id.to_string()), Ok(id));
        for bad in [
            "",
            "AAAAAAAAAA",
            "AAAAAAAAAAB",
            "AAAAAAAAAAA=",
            "AAAAAAAAAAAA",
            "AAAAA/AAAAA",
        ] {
            assert_eq!(MacKid::parse(bad), Err(MacKidError), "{bad:?}");
        }
    }

    /// RFC 4231 section 4.2.
    #[test]
    fn the_mac_is_hmac_sha_256() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[0x0b; 20]);
        let tag = hmac::sign(&key, b"Hi There");
        assert_eq!(&tag.as_ref()[..4], [0xb0, 0x34, 0x4c, 0x61]);
    }
}
