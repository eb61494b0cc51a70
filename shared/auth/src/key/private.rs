//! Private keys that sign access tokens, stored as JWKs.

use jsonwebtoken::EncodingKey;
use serde::{Deserialize, Serialize, Serializer};

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::private_jwk::PrivateJwk;
use crate::key::public::PublicJwk;
use crate::newtype::redacted_debug;

/// A key that signs access tokens. Its id is its thumbprint. Never printed.
#[derive(Deserialize)]
#[serde(try_from = "PrivateJwk")]
pub struct SigningKey {
    public: PublicJwk,
    private: PrivateJwk,
    encoding: EncodingKey,
}

impl SigningKey {
    /// Makes a key; RSA keys have 2048 bits.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when the backend cannot.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let private = PrivateJwk::generate(algorithm).map_err(|_| KeyError::Generation)?;
        Self::try_from(private)
    }

    /// Returns the key's id.
    #[must_use]
    pub fn kid(&self) -> &Kid {
        self.public.kid()
    }

    /// Returns the one algorithm that the key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// Returns the public half.
    #[must_use]
    pub fn public(&self) -> PublicJwk {
        self.public.clone()
    }

    /// Signs a message; the signature comes in base64url.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::crypto::sign(message, &self.encoding, self.algorithm().backend())
    }
}

redacted_debug!(SigningKey, |key| key.kid());

/// Serialised for the key ring alone.
impl Serialize for SigningKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.private.serialize(serializer)
    }
}

impl TryFrom<PrivateJwk> for SigningKey {
    type Error = KeyError;

    fn try_from(private: PrivateJwk) -> Result<Self, KeyError> {
        let (material, encoding) = private.prepare()?;
        let public = PublicJwk::of(material)?;
        Ok(Self {
            public,
            private,
            encoding,
        })
    }
}

#[cfg(test)]
mod tests;
