//! Codes that are shown or mailed once: whoever has one can set a password, verify an
//! address or cancel a change, without being logged in.
//!
//! A prefix for its kind, then the base64url of version (1 byte), `sub` (16) and a secret
//! of 32 random bytes. The `sub` finds the user; the tables hold only the secret's digest.

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

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// Sets a new password: mailed, or handed over by an operator.
    Recovery,
    /// Verifies the address that it was mailed to.
    Verification,
    /// Cancels a change of address and ends every session; mailed to the old address.
    Cancellation,
}

/// A code. Never printed.
pub struct MailCode {
    kind: CodeKind,
    sub: SubjectId,
    text: SecretString,
}

/// The text is not a code of this kind, or the subject cannot have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The text does not have the shape of such a code.
    #[error("not a code of this kind")]
    Malformed,
    /// An id that we did not create does not fit into a code.
    #[error("the subject id is not 16 bytes long")]
    ForeignId,
}

/// The digest of a code, as stored in the tables. It is worth nothing where a code is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeDigest(String);

impl CodeKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Recovery, Self::Verification, Self::Cancellation];

    /// Returns the name of the kind, as in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Verification => "verification",
            Self::Cancellation => "cancellation",
        }
    }

    /// Returns how long a mailed code is valid. A longer time helps anyone who finds it in a
    /// mailbox; with a shorter one it may expire before its owner reads it.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Recovery => Duration::from_mins(30),
            Self::Verification | Self::Cancellation => Duration::from_hours(24),
        }
    }

    /// Returns the prefix that lets people and secret scanners recognise a code.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Recovery => "gh_rc_",
            Self::Verification => "gh_ev_",
            Self::Cancellation => "gh_ec_",
        }
    }

    /// Domain separation: the digest of a code is never the digest of anything else.
    const fn domain_tag(self) -> &'static [u8] {
        match self {
            Self::Recovery => b"gatehouse recovery code\0",
            Self::Verification => b"gatehouse verification code\0",
            Self::Cancellation => b"gatehouse cancellation code\0",
        }
    }
}

impl MailCode {
    /// Creates a subject's code from 32 random bytes.
    ///
    /// # Errors
    /// [`CodeError::ForeignId`] unless the subject id is 16 bytes long, as ours are.
    pub fn mint(
        kind: CodeKind,
        sub: &SubjectId,
        secret: [u8; SECRET_BYTES],
    ) -> Result<Self, CodeError> {
        let secret = Zeroizing::new(secret);
        let bytes = sub.to_bytes().ok_or(CodeError::ForeignId)?;
        let mut code = Zeroizing::new(Vec::with_capacity(CODE_BYTES));
        code.push(VERSION);
        code.extend(bytes);
        code.extend(secret.as_slice());
        let mut text = String::with_capacity(TEXT_BYTES);
        text.push_str(kind.prefix());
        URL_SAFE_NO_PAD.encode_string(code.as_slice(), &mut text);
        Ok(Self {
            kind,
            sub: sub.clone(),
            text: text.into(),
        })
    }

    /// Parses a code of this kind without verifying it.
    ///
    /// # Errors
    /// [`CodeError::Malformed`] unless the text is the kind's prefix and 66 characters of
    /// canonical base64url, with a known version.
    pub fn parse(kind: CodeKind, text: &str) -> Result<Self, CodeError> {
        let sub = subject(kind, text).ok_or(CodeError::Malformed)?;
        let text = text.into();
        Ok(Self { kind, sub, text })
    }

    /// Returns what the code is for.
    #[must_use]
    pub fn kind(&self) -> CodeKind {
        self.kind
    }

    /// Returns the user whose code it is, if it is valid.
    #[must_use]
    pub fn sub(&self) -> &SubjectId {
        &self.sub
    }

    /// Returns the text. Show it only to the person whom the code is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the digest that the table stores. SHA-256 of 256 random bits needs neither
    /// a salt nor a work factor, because they cannot be guessed.
    #[must_use]
    pub fn digest(&self) -> CodeDigest {
        let tag = self.kind.domain_tag();
        let tagged = Zeroizing::new([tag, self.expose().as_bytes()].concat());
        CodeDigest(sha256(&tagged))
    }
}

redacted_debug!(MailCode);

impl CodeDigest {
    /// Returns the text, only for the table.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True if it is the digest of this code, compared in constant time.
    #[must_use]
    pub fn is_of(&self, code: &MailCode) -> bool {
        let theirs = code.digest();
        verify_slices_are_equal(self.0.as_bytes(), theirs.0.as_bytes()).is_ok()
    }
}

redacted_debug!(CodeDigest);

fn subject(kind: CodeKind, text: &str) -> Option<SubjectId> {
    if text.len() != TEXT_BYTES {
        return None;
    }
    let decoded = URL_SAFE_NO_PAD.decode(text.strip_prefix(kind.prefix())?);
    let bytes = Zeroizing::new(decoded.ok()?);
    let (version, rest) = bytes.split_first()?;
    let (sub, _) = rest.split_first_chunk()?;
    (*version == VERSION).then(|| SubjectId::from_bytes(*sub))
}

/// Changes with the layout, so that no code is read with the rules of another layout.
const VERSION: u8 = 1;
/// 256 bits: fewer could be guessed, since the digest has no salt.
const SECRET_BYTES: usize = 32;
const CODE_BYTES: usize = 1 + 16 + SECRET_BYTES;
/// Every prefix has as many characters as this one.
const TEXT_BYTES: usize = CodeKind::Recovery.prefix().len() + (CODE_BYTES * 4).div_ceil(3);

#[cfg(test)]
mod tests {
    use super::*;

    fn code(kind: CodeKind, of: u8, secret: u8) -> MailCode {
        MailCode::mint(kind, &SubjectId::from_bytes([of; 16]), [secret; 32]).unwrap()
    }

    #[test]
    fn a_code_has_72_characters_and_names_its_subject() {
        for kind in CodeKind::ALL {
            let code = code(kind, 1, 7);
            assert_eq!(code.expose().len(), 72);
            let read = MailCode::parse(kind, code.expose()).unwrap();
            assert_eq!(read.sub(), &SubjectId::from_bytes([1; 16]));
            assert_eq!(read.kind(), kind);
            assert_eq!(read.digest(), code.digest());
        }
    }

    #[test]
    fn a_code_is_of_one_kind_only() {
        for kind in CodeKind::ALL {
            let valid = code(kind, 1, 7);
            for other in CodeKind::ALL.into_iter().filter(|other| *other != kind) {
                let read = MailCode::parse(other, valid.expose());
                assert_eq!(read.err(), Some(CodeError::Malformed), "{kind:?} {other:?}");
                assert!(!valid.digest().is_of(&code(other, 1, 7)));
            }
        }
    }

    /// A digest that was stored by an earlier release must stay valid.
    #[test]
    fn the_digest_of_a_recovery_code_is_pinned() {
        let code = code(CodeKind::Recovery, 1, 7);
        insta::assert_snapshot!(code.digest().expose(), @"mOS9faXYxPvdFCMS5o7PoMMaUXkdnp53QirTWL41ODw");
    }

    #[test]
    fn another_secret_or_another_subject_is_another_code() {
        let kind = CodeKind::Verification;
        let digest = code(kind, 1, 7).digest();
        assert!(digest.is_of(&code(kind, 1, 7)));
        assert!(!digest.is_of(&code(kind, 1, 8)));
        assert!(!digest.is_of(&code(kind, 2, 7)));
    }

    #[test]
    fn texts_of_any_other_form_are_not_codes() {
        let valid = code(CodeKind::Recovery, 1, 7).expose().to_owned();
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
            let read = MailCode::parse(CodeKind::Recovery, text);
            assert_eq!(read.err(), Some(CodeError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_code_has_one_spelling() {
        let kind = CodeKind::Recovery;
        let valid = code(kind, 1, 7).expose().to_owned();
        let alphabet = ('A'..='Z')
            .chain('a'..='z')
            .chain('0'..='9')
            .chain(['-', '_']);
        let mut read = 0;
        for last in alphabet {
            // Only two of the last character's six bits count; the other four must be zero.
            let text = format!("{}{last}", &valid[..71]);
            read += usize::from(MailCode::parse(kind, &text).is_ok());
        }
        assert_eq!(read, 4);
    }

    #[test]
    fn a_foreign_subject_id_cannot_have_a_code() {
        let foreign = SubjectId::parse("somebody").unwrap();
        let refused = MailCode::mint(CodeKind::Recovery, &foreign, [7; 32]);
        assert_eq!(refused.err(), Some(CodeError::ForeignId));
    }

    #[test]
    fn neither_a_code_nor_its_digest_prints() {
        let code = code(CodeKind::Recovery, 1, 7);
        for printed in [format!("{code:?}"), format!("{:?}", code.digest())] {
            assert!(printed.contains("redacted"), "{printed}");
            assert!(!printed.contains(code.expose()), "{printed}");
            assert!(!printed.contains(code.digest().expose()), "{printed}");
        }
    }
}
