//! Verifies access tokens, except for revocation, which needs the table.

use crate::claims::Claims;
use crate::key::{KeyCache, KeySource, VerifyingKeys};
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

impl<S: KeySource<Keys: AsRef<VerifyingKeys>>> KeyCache<S> {
    /// Verifies an access token, but not its revocation. An unknown key id fetches
    /// the keys once more.
    ///
    /// # Errors
    /// The source's error if the keys could not be fetched. What is wrong with the
    /// token itself is the inner error.
    pub async fn verify(
        &self,
        verifier: &Verifier,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<Claims, TokenError>, S::Error> {
        let keys = self.current(now).await?;
        match verifier.verify(token, S::Keys::as_ref(&keys), now) {
            Err(TokenError::UnknownKey(kid)) => Ok(match self.with_kid(&kid, now).await? {
                Some(keys) => verifier.verify(token, S::Keys::as_ref(&keys), now),
                None => Err(TokenError::UnknownKey(kid)),
            }),
            verdict => Ok(verdict),
        }
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
