//! Whether an access token is accepted, but for revocation, which needs the table.

use crate::claims::Claims;
use crate::key::VerifyingKeys;
use crate::time::Timestamp;
use crate::token::compact::Compact;
use crate::token::error::TokenError;
use crate::token::header::Header;
use crate::token::validate;

/// Verifies access tokens of one issuer for one audience.
#[derive(Debug, Clone)]
pub struct Verifier {
    issuer: String,
    audience: String,
}

impl Verifier {
    /// Names the issuer and the audience, both compared byte by byte.
    #[must_use]
    pub fn new(issuer: String, audience: String) -> Self {
        Self { issuer, audience }
    }

    /// Verifies a token, and returns what it claims.
    ///
    /// An accepted token may still be revoked.
    ///
    /// # Errors
    /// [`TokenError`] for the first rule that the token breaks. After
    /// [`TokenError::UnknownKey`] the caller may reread the keys and try once more.
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

/// Checks the signature with the key that the header names, by that key's own
/// algorithm: what the header says of it must agree, and decides nothing.
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
