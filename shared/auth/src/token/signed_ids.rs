//! Whom a token was issued to, if we signed it, even if it is rejected: for the log, so
//! that an incident can be followed from a denial to its user and session.

use serde_json::Value;

use crate::claims::Claims;
use crate::id::{Jti, SessionId, SubjectId};
use crate::json;
use crate::key::{KeyCache, KeySource, VerifyingKeys};
use crate::time::Timestamp;
use crate::token::compact::Compact;
use crate::token::error::TokenError;
use crate::token::header::{Header, MAX_DEPTH};
use crate::token::verify::check_signature;

/// The ids in a token whose signature is valid; none is known of any other token. They
/// grant nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignedIds {
    /// The user.
    pub sub: Option<SubjectId>,
    /// The session.
    pub sid: Option<SessionId>,
    /// The token's id.
    pub jti: Option<Jti>,
}

impl From<&Claims> for SignedIds {
    fn from(claims: &Claims) -> Self {
        Self {
            sub: Some(claims.sub.clone()),
            sid: Some(claims.sid.clone()),
            jti: Some(claims.jti.clone()),
        }
    }
}

impl SignedIds {
    /// Reads the ids of a token, after it has checked the signature.
    fn read(token: &str, keys: &VerifyingKeys) -> Option<Self> {
        let compact = Compact::split(token).ok()?;
        let header = Header::parse(&compact.header).ok()?;
        check_signature(&compact, &header, keys).ok()?;
        let payload = json::parse(&compact.payload, MAX_DEPTH).ok()?;
        let text = |name| payload.get(name).and_then(Value::as_str);
        Some(Self {
            sub: text("sub").and_then(|sub| SubjectId::parse(sub).ok()),
            sid: text("sid").and_then(|sid| SessionId::parse(sid).ok()),
            jti: text("jti").and_then(|jti| Jti::parse(jti).ok()),
        })
    }
}

impl<S: KeySource<Keys: AsRef<VerifyingKeys>>> KeyCache<S> {
    /// Returns the ids of a token that was rejected for this reason. A forged token costs
    /// nothing here: the reason says whether its signature was valid.
    pub async fn ids_of_rejected(
        &self,
        token: &str,
        reason: &TokenError,
        now: Timestamp,
    ) -> SignedIds {
        if !reason.is_behind_a_valid_signature() {
            return SignedIds::default();
        }
        let keys = self.current(now).await.ok();
        let ids = keys.and_then(|keys| SignedIds::read(token, S::Keys::as_ref(&keys)));
        ids.unwrap_or_default()
    }
}
