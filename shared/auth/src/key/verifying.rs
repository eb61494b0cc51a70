//! Public keys, ready to verify with.

use std::collections::HashMap;
use std::fmt;

use jsonwebtoken::DecodingKey;

use crate::key::algorithm::Algorithm;
use crate::key::kid::Kid;
use crate::key::public::PublicJwk;

/// The keys that access tokens are verified with, by id.
#[derive(Debug, Default)]
pub struct VerifyingKeys(HashMap<Kid, VerifyingKey>);

impl VerifyingKeys {
    /// Prepares keys once for many tokens.
    #[must_use]
    pub fn from_jwks(keys: Vec<PublicJwk>) -> Self {
        let prepare = |key: PublicJwk| {
            let verifying = VerifyingKey {
                algorithm: key.algorithm(),
                key: key.material().decoding_key(),
            };
            (key.kid().clone(), verifying)
        };
        Self(keys.into_iter().map(prepare).collect())
    }

    /// Returns the key with this id.
    #[must_use]
    pub fn get(&self, kid: &Kid) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }
}

impl AsRef<Self> for VerifyingKeys {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A public key and its algorithm.
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl VerifyingKey {
    /// Returns the algorithm, which no header can change (RFC 8725 section 3.1).
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// True if `signature`, in base64url, is this key's over `message`.
    ///
    /// This says nothing about what was signed: to verify a token, use
    /// [`Verifier`](crate::token::Verifier).
    #[must_use]
    pub fn verify_signature(&self, message: &[u8], signature: &str) -> bool {
        let algorithm = self.algorithm.backend();
        jsonwebtoken::crypto::verify(signature, message, &self.key, algorithm).unwrap_or(false)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.algorithm)
    }
}
