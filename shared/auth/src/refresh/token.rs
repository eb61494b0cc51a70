//! The refresh token: opaque to clients, authenticated by a MAC, and stored nowhere.
//!
//! `gh_rt_`, then the base64url of version (1 byte), MAC key id (8), `sub` (16),
//! `sid` (16), generation (4, big-endian) and HMAC-SHA-256 (32).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::id::{SessionId, SubjectId};
use crate::key::{MacKey, MacKid};
use crate::newtype::redacted_debug;

/// A refresh token with a valid MAC: whose session it refreshes, from which generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    sub: SubjectId,
    sid: SessionId,
    generation: u32,
}

/// A well-formed refresh token, not yet verified. Until its MAC is checked it only
/// reveals which key to check it with.
pub struct UnverifiedRefreshToken {
    content: [u8; CONTENT_BYTES],
    mac: Zeroizing<[u8; MAC_BYTES]>,
    mac_kid: MacKid,
    unverified: RefreshToken,
}

/// What a refresh token says about itself without its MAC, which is not verified: for
/// people who look for an error. It is text, because nothing may act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedParts {
    /// The version of the layout.
    pub version: u8,
    /// The id of the MAC key.
    pub mac_kid: String,
    /// The user.
    pub sub: String,
    /// The session.
    pub sid: String,
    /// The generation.
    pub generation: u32,
}

/// Why a refresh token could not be read or created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshTokenError {
    /// The text does not have the shape of a refresh token.
    #[error("not a refresh token")]
    Malformed,
    /// The MAC is invalid under this key.
    #[error("the refresh token's MAC is invalid")]
    Forged,
    /// An id that we did not create does not fit into a token.
    #[error("the subject id or the session id is not 16 bytes long")]
    ForeignId,
}

/// If it is not the client's fault, retrying does not help: an operator has to act.
impl Failure for RefreshTokenError {
    fn is_transient(&self) -> bool {
        false
    }
}

impl RefreshToken {
    /// Parses a token without verifying it. Never makes a call, whatever the text.
    ///
    /// # Errors
    /// [`RefreshTokenError::Malformed`] unless the text is the prefix and 103 characters
    /// of canonical base64url, with a known version.
    pub fn parse(text: &str) -> Result<UnverifiedRefreshToken, RefreshTokenError> {
        read(text).ok_or(RefreshTokenError::Malformed)
    }

    /// Creates the token of one generation of a session. The same arguments always
    /// create the same token, so all concurrent attempts get the same successor.
    ///
    /// # Errors
    /// [`RefreshTokenError::ForeignId`] unless both ids are 16 bytes long, as ours are.
    pub fn mint(
        key: &MacKey,
        sub: &SubjectId,
        sid: &SessionId,
        generation: u32,
    ) -> Result<SecretString, RefreshTokenError> {
        let mut token = Zeroizing::new(Vec::with_capacity(TOKEN_BYTES));
        token.push(VERSION);
        token.extend(key.id().to_bytes());
        token.extend(sub.to_bytes().ok_or(RefreshTokenError::ForeignId)?);
        token.extend(sid.to_bytes().ok_or(RefreshTokenError::ForeignId)?);
        token.extend(generation.to_be_bytes());
        let mac = key.sign(&tagged(&token));
        token.extend(mac);

        let mut text = String::with_capacity(TEXT_BYTES);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(token.as_slice(), &mut text);
        Ok(text.into())
    }

    /// Returns the user whose session it is.
    #[must_use]
    pub fn sub(&self) -> &SubjectId {
        &self.sub
    }

    /// Returns the session.
    #[must_use]
    pub fn sid(&self) -> &SessionId {
        &self.sid
    }

    /// Returns the token's generation; the first is 0.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }
}

impl UnverifiedRefreshToken {
    /// Returns the id of the key that the token claims to be authenticated with.
    #[must_use]
    pub fn mac_kid(&self) -> MacKid {
        self.mac_kid
    }

    /// Returns what the token says about itself, without its MAC.
    #[must_use]
    pub fn parts(&self) -> UnverifiedParts {
        UnverifiedParts {
            version: VERSION,
            mac_kid: self.mac_kid.to_string(),
            sub: self.unverified.sub.to_string(),
            sid: self.unverified.sid.to_string(),
            generation: self.unverified.generation,
        }
    }

    /// Checks the MAC, in constant time.
    ///
    /// # Errors
    /// [`RefreshTokenError::Forged`] if the MAC is invalid under `key`.
    pub fn verify(self, key: &MacKey) -> Result<RefreshToken, RefreshTokenError> {
        if key.verify(&tagged(&self.content), self.mac.as_slice()) {
            Ok(self.unverified)
        } else {
            Err(RefreshTokenError::Forged)
        }
    }
}

// Leaves out the MAC, which would turn the rest into a usable token.
redacted_debug!(UnverifiedRefreshToken, |token| token.mac_kid);

fn read(text: &str) -> Option<UnverifiedRefreshToken> {
    if text.len() != TEXT_BYTES {
        return None;
    }
    let decoded = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    let bytes = Zeroizing::new(decoded);
    let (content, mac) = bytes.split_first_chunk::<CONTENT_BYTES>()?;
    let mac = Zeroizing::new(mac.try_into().ok()?);

    let (version, rest) = content.split_first()?;
    let (mac_kid, rest) = rest.split_first_chunk()?;
    let (sub, rest) = rest.split_first_chunk()?;
    let (sid, rest) = rest.split_first_chunk()?;
    let generation = rest.try_into().ok()?;

    (*version == VERSION).then(|| UnverifiedRefreshToken {
        content: *content,
        mac,
        mac_kid: MacKid::from_bytes(*mac_kid),
        unverified: RefreshToken {
            sub: SubjectId::from_bytes(*sub),
            sid: SessionId::from_bytes(*sid),
            generation: u32::from_be_bytes(generation),
        },
    })
}

/// The input of the MAC.
fn tagged(content: &[u8]) -> Vec<u8> {
    [DOMAIN_TAG, content].concat()
}

/// Prefix that lets people and secret scanners recognise a refresh token.
const PREFIX: &str = "gh_rt_";
/// Changes with the layout, so that no token is read with the rules of another layout.
const VERSION: u8 = 1;
/// Domain separation: a MAC over a refresh token is never valid for anything else that
/// a MAC key may authenticate, and vice versa.
const DOMAIN_TAG: &[u8] = b"gatehouse refresh token\0";
/// The full length of HMAC-SHA-256; fewer bytes make guessing a MAC cheaper.
const MAC_BYTES: usize = 32;
const CONTENT_BYTES: usize = 1 + 8 + 16 + 16 + 4;
const TOKEN_BYTES: usize = CONTENT_BYTES + MAC_BYTES;
const TEXT_BYTES: usize = PREFIX.len() + (TOKEN_BYTES * 4).div_ceil(3);

#[cfg(test)]
mod tests;
