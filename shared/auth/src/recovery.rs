//! The recovery that an operator grants: its code sets a new password once, without the
//! old one. It has its own place in the user's item, besides the mailed ones.

use serde::{Deserialize, Serialize};

use crate::code::{CodeDigest, CodeKind, MailCode};
use crate::time::Timestamp;

/// A recovery that was granted but not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recovery {
    /// The digest of the issued code.
    #[serde(rename = "recovery_digest")]
    pub digest: CodeDigest,
    /// When the code expires.
    #[serde(rename = "recovery_expires_at")]
    pub expires_at: Timestamp,
}

impl Recovery {
    /// Grants a recovery to whoever holds the code, starting now.
    #[must_use]
    pub fn grant(code: &MailCode, now: Timestamp) -> Self {
        Self {
            digest: code.digest(),
            expires_at: now.plus(CodeKind::Recovery.lifetime()),
        }
    }

    /// True if the code is the issued one (compared in constant time) and has not expired.
    #[must_use]
    pub fn accepts(&self, code: &MailCode, now: Timestamp) -> bool {
        self.digest.is_of(code) && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SubjectId;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn code(of: u8, secret: u8) -> MailCode {
        let sub = SubjectId::from_bytes([of; 16]);
        MailCode::mint(CodeKind::Recovery, &sub, [secret; 32]).unwrap()
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
    fn a_granted_recovery_does_not_print_its_digest() {
        let granted = Recovery::grant(&code(1, 7), NOW);
        let printed = format!("{granted:?}");
        assert!(printed.contains("redacted"), "{printed}");
        assert!(!printed.contains(granted.digest.expose()), "{printed}");
    }
}
