//! The keys under which an access token may be revoked, and the results.

use gatehouse_auth::claims::Claims;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::item_key::ItemKey;

/// The ids of an access token by which it may be revoked.
#[derive(Debug, Clone, Copy)]
pub struct TokenIds<'a> {
    /// The token's own id.
    pub jti: &'a Jti,
    /// Its session.
    pub sid: &'a SessionId,
    /// Its subject.
    pub sub: &'a SubjectId,
    /// The subject's token version when the token was issued.
    pub ver: u64,
}

impl<'a> From<&'a Claims> for TokenIds<'a> {
    fn from(claims: &'a Claims) -> Self {
        Self {
            jti: &claims.jti,
            sid: &claims.sid,
            sub: &claims.sub,
            ver: claims.ver,
        }
    }
}

/// The three keys of one access token.
pub(super) struct TokenKeys {
    pub(super) jti: ItemKey,
    pub(super) sid: ItemKey,
    pub(super) sub: ItemKey,
    pub(super) ver: u64,
}

impl From<TokenIds<'_>> for TokenKeys {
    fn from(token: TokenIds<'_>) -> Self {
        Self {
            jti: ItemKey::token_revocation(token.jti),
            sid: ItemKey::session_revocation(token.sid),
            sub: ItemKey::subject_revocation(token.sub),
            ver: token.ver,
        }
    }
}

impl TokenKeys {
    pub(super) fn all(&self) -> [&ItemKey; 3] {
        [&self.jti, &self.sid, &self.sub]
    }
}

/// What revokes an access token, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revoked {
    /// The token's own id.
    Token,
    /// Its session.
    Session,
    /// Its subject, with a higher version than the token's.
    Subject,
}

impl Revoked {
    /// Returns the word for logs.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Token => "token_revoked",
            Self::Session => "session_revoked",
            Self::Subject => "version_revoked",
        }
    }
}
