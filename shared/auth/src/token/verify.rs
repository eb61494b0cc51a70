//! Verifies access tokens, except for revocation, which needs the table.

use crate::claims::Claims;
use crate::key::VerifyingKeys;
use crate::time::Timestamp;
use crate::token::compact::Compact;
use crate::token::error::TokenError;
use crate::token::header::Header;
use crate::token::validate;

/// Verifies access tokens from one issuer for one audience.
#[derive(Debug, Clone)]
pub struct Verifier {
    issuer: String,
    audience: String,
}

impl Verifier {
    /// Creates a verifier. Issuer and audience are compared byte by byte.
    #[must_use]
    pub fn new(issuer: String, audience: String) -> Self {
        Self { issuer, audience }
    }

    /// Verifies a token and returns its claims.
    ///
    /// A token that this accepts may still have been revoked.
    ///
    /// # Errors
    /// [`TokenError`] for the first rule that the token breaks. After
    /// [`TokenError::UnknownKey`] the caller may re-read the keys and try once more.
    pub fn verify(
        &self,
        token: &str,
        keys: &VerifyingKeys,
        now: Timestamp,
    ) -> Result<Claims, TokenError> {
        let compact = Compact::split(token)?;
        let header = Header::parse(&compact.header)?;
        check_signature(&compact, &header, keys)?;
        if !header.is_access_token() {
            return Err(TokenError::Type);
        }
        validate::claims(&compact.payload, &self.issuer, &self.audience, now)
    }
}

/// Checks the signature with the key that the header names, using that key's own
/// algorithm. The header's `alg` must match it, but never chooses it.
pub(crate) fn check_signature(
    compact: &Compact<'_>,
    header: &Header,
    keys: &VerifyingKeys,
) -> Result<(), TokenError> {
    let Some(key) = keys.get(&header.kid) else {
        return Err(TokenError::UnknownKey(header.kid.clone()));
    };
    if key.algorithm() != header.algorithm {
        return Err(TokenError::AlgorithmMismatch);
    }
    if !key.verify_signature(compact.message, compact.signature) {
        return Err(TokenError::Signature);
    }
    Ok(())
}
