//! Recovery codes: whoever has one can set a new password once, without the old one.
//!
//! `gh_rc_`, then the base64url of version (1 byte), `sub` (16) and a secret of 32
//! random bytes. The `sub` finds the user; the table holds the secret's digest.

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::digest::sha256;
use crate::id::SubjectId;
use crate::newtype::redacted_debug;
use crate::time::Timestamp;

/// How long a recovery code is valid. A longer time helps anyone who finds it in a mailbox
/// or a chat; with a shorter one it may expire before it reaches its owner.
pub const RECOVERY_LIFETIME: Duration = Duration::from_mins(30);

/// A recovery code. Never printed.
pub struct RecoveryCode {
    sub: SubjectId,
    text: SecretString,
}

/// The text is not a recovery code, or the subject cannot have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// The text does not have the shape of a recovery code.
    #[error("not a recovery code")]
    Malformed,
    /// An id that we did not create does not fit into a code.
    #[error("the subject id is not 16 bytes long")]
    ForeignId,
}

/// The digest of a recovery code, as stored in the table. It cannot set a password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryDigest(String);

/// A recovery that was granted but not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recovery {
    /// The digest of the issued code.
    #[serde(rename = "recovery_digest")]
    pub digest: RecoveryDigest,
    /// When the code expires.
    #[serde(rename = "recovery_expires_at")]
    pub expires_at: Timestamp,
}

impl RecoveryCode {
    /// Creates a subject's code from 32 random bytes.
    ///
    /// # Errors
    /// [`RecoveryCodeError::ForeignId`] unless the subject id is 16 bytes long, as ours are.
    pub fn mint(sub: &SubjectId, secret: [u8; SECRET_BYTES]) -> Result<Self, RecoveryCodeError> {
        let secret = Zeroizing::new(secret);
        let bytes = sub.to_bytes().ok_or(RecoveryCodeError::ForeignId)?;
        let mut code = Zeroizing::new(Vec::with_capacity(CODE_BYTES));
        code.push(VERSION);
        code.extend(bytes);
        code.extend(secret.as_slice());
        let mut text = String::with_capacity(TEXT_BYTES);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(code.as_slice(), &mut text);
        let sub = sub.clone();
        let text = text.into();
        Ok(Self { sub, text })
    }

    /// Parses a code without verifying it.
    ///
    /// # Errors
    /// [`RecoveryCodeError::Malformed`] unless the text is the prefix and 66 characters
    /// of canonical base64url, with a known version.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        let sub = subject(text).ok_or(RecoveryCodeError::Malformed)?;
        let text = text.into();
        Ok(Self { sub, text })
    }

    /// Returns the user whose password the code resets, if it is valid.
    #[must_use]
    pub fn sub(&self) -> &SubjectId {
        &self.sub
    }

    /// Returns the text. Show it only to the person who is recovering the account.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the digest that the table stores. SHA-256 of 256 random bits needs neither
    /// a salt nor a work factor, because they cannot be guessed.
    #[must_use]
    pub fn digest(&self) -> RecoveryDigest {
        let tagged = Zeroizing::new([DOMAIN_TAG, self.expose().as_bytes()].concat());
        RecoveryDigest(sha256(&tagged))
    }
}

redacted_debug!(RecoveryCode);

impl RecoveryDigest {
    /// Returns the text, only for the table.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_debug!(RecoveryDigest);

impl Recovery {
    /// Grants a recovery to whoever holds the code, starting now.
    #[must_use]
    pub fn grant(code: &RecoveryCode, now: Timestamp) -> Self {
        Self {
            digest: code.digest(),
            expires_at: now.plus(RECOVERY_LIFETIME),
        }
    }

    /// True if the code is the issued one (compared in constant time) and has not expired.
    #[must_use]
    pub fn accepts(&self, code: &RecoveryCode, now: Timestamp) -> bool {
        let (ours, theirs) = (&self.digest.0, code.digest().0);
        let same = verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes()).is_ok();
        same && now < self.expires_at
    }
}

fn subject(text: &str) -> Option<SubjectId> {
    if text.len() != TEXT_BYTES {
        return None;
    }
    let decoded = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    let bytes = Zeroizing::new(decoded);
    let (version, rest) = bytes.split_first()?;
    let (sub, _) = rest.split_first_chunk()?;
    (*version == VERSION).then(|| SubjectId::from_bytes(*sub))
}

/// Prefix that lets people and secret scanners recognise a recovery code.
const PREFIX: &str = "gh_rc_";
/// Changes with the layout, so that no code is read with the rules of another layout.
const VERSION: u8 = 1;
/// 256 bits: fewer could be guessed, since the digest has no salt.
const SECRET_BYTES: usize = 32;
/// Domain separation: the digest of a code is never the digest of anything else.
const DOMAIN_TAG: &[u8] = b"gatehouse recovery code\0";
const CODE_BYTES: usize = 1 + 16 + SECRET_BYTES;
const TEXT_BYTES: usize = PREFIX.len() + (CODE_BYTES * 4).div_ceil(3);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn code(of: u8, secret: u8) -> RecoveryCode {
        RecoveryCode::mint(&SubjectId::from_bytes([of; 16]), [secret; 32]).unwrap()
    }

    #[test]
    fn a_code_has_72_characters_and_names_its_subject() {
        let code = code(1, 7);
        assert_eq!(code.expose().len(), 72);
        let read = RecoveryCode::parse(code.expose()).unwrap();
        assert_eq!(read.sub(), &SubjectId::from_bytes([1; 16]));
        assert_eq!(read.digest().expose(), code.digest().expose());
    }

    #[test]
    fn a_code_is_valid_for_exactly_30_minutes() {
        let granted = Recovery::grant(&code(1, 7), NOW);
        let at = |seconds| Timestamp::from_unix(NOW.unix() + seconds);
        assert!(granted.accepts(&code(1, 7), NOW));
        assert!(granted.accepts(&code(1, 7), at(1799)));
        assert!(!granted.accepts(&code(1, 7), at(1800)));
    }

    #[test]
    fn another_secret_or_another_subject_is_another_code() {
        let granted = Recovery::grant(&code(1, 7), NOW);
        assert!(!granted.accepts(&code(1, 8), NOW));
        assert!(!granted.accepts(&code(2, 7), NOW));
    }

    #[test]
    fn texts_of_any_other_form_are_not_codes() {
        let valid = code(1, 7).expose().to_owned();
        let other_version = format!("gh_rc_Ag{}", &valid[8..]);
        let wrong = [
            "",
            "gh_rc_",
            &valid[..71],
            &format!("{valid}A"),
            &valid.replace("gh_rc_", "gh_rt_"),
            &valid.replace("gh_rc_", "GH_RC_"),
            &format!("{}=", &valid[..71]),
            &other_version,
        ];
        for text in wrong {
            let read = RecoveryCode::parse(text);
            assert_eq!(read.err(), Some(RecoveryCodeError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_code_has_one_spelling() {
        let valid = code(1, 7).expose().to_owned();
        let alphabet = ('A'..='Z')
            .chain('a'..='z')
            .chain('0'..='9')
            .chain(['-', '_']);
        let mut read = 0;
        for last in alphabet {
            // Only two of the last character's six bits count; the other four must be zero.
            read += usize::from(RecoveryCode::parse(&format!("{}{last}", &valid[..71])).is_ok());
        }
        assert_eq!(read, 4);
    }

    #[test]
    fn a_foreign_subject_id_cannot_have_a_code() {
        let foreign = SubjectId::parse("somebody").unwrap();
        let refused = RecoveryCode::mint(&foreign, [7; 32]);
        assert_eq!(refused.err(), Some(RecoveryCodeError::ForeignId));
    }

    #[test]
    fn neither_a_code_nor_its_digest_prints() {
        let code = code(1, 7);
        let granted = Recovery::grant(&code, NOW);
        for printed in [format!("{code:?}"), format!("{granted:?}")] {
            assert!(printed.contains("redacted"), "{printed}");
            assert!(!printed.contains(code.expose()), "{printed}");
            assert!(!printed.contains(granted.digest.expose()), "{printed}");
        }
    }
}
