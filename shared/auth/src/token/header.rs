//! The header of a token: three members and nothing else.

use serde_json::Value;

use crate::json;
use crate::key::{Algorithm, Kid};
use crate::token::error::TokenError;

/// A token's header. Nothing in it is verified.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Kid,
    /// `typ`, if it is a string.
    typ: Option<String>,
}

impl Header {
    /// Parses a header and rejects any member but the three: `crit`, `b64` and `zip`
    /// change what is signed; `jwk`, `jku`, `x5u` and `x5c` would let the token bring
    /// its own key (RFC 8725 sections 3.1, 3.10).
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let header = json::parse(bytes, MAX_DEPTH).map_err(TokenError::HeaderJson)?;
        let members = header.as_object().ok_or(TokenError::HeaderMembers)?;
        if !members.keys().all(|name| MEMBERS.contains(&name.as_str())) {
            return Err(TokenError::HeaderMembers);
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let algorithm = text("alg").and_then(|name| name.parse().ok());
        let kid = text("kid").and_then(|kid| Kid::parse(kid).ok());
        Ok(Self {
            algorithm: algorithm.ok_or(TokenError::Algorithm)?,
            kid: kid.ok_or(TokenError::Kid)?,
            typ: text("typ").map(str::to_owned),
        })
    }

    /// True if `typ` is that of an access token (RFC 9068 section 4). Media types are
    /// compared case-insensitively (RFC 7515 section 4.1.9).
    pub(crate) fn is_access_token(&self) -> bool {
        self.typ.as_ref().is_some_and(|typ| {
            typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
        })
    }
}

const MEMBERS: [&str; 3] = ["alg", "kid", "typ"];

/// Maximum nesting depth of header and claims. More would only make forged tokens more
/// expensive to reject.
pub(crate) const MAX_DEPTH: usize = 8;
