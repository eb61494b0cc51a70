//! Private keys that sign access tokens, stored as PKCS#8.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::public::PublicJwk;
use crate::newtype::redacted_debug;

mod jwk;
mod pair;

use jwk::PrivateJwk;
use pair::Pair;

/// A key that signs access tokens. Its id is its thumbprint. Never printed.
#[derive(Deserialize)]
#[serde(try_from = "Stored")]
pub struct SigningKey {
    public: PublicJwk,
    pair: Pair,
    pkcs8: Zeroizing<String>,
}

impl SigningKey {
    /// Generates a key; RSA keys have 2048 bits.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the backend fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        Pair::generate(algorithm)?.try_into()
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

    /// Signs a message and returns the signature in base64url.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, SigningError> {
        let signature = self.pair.sign(message).map_err(|_| SigningError)?;
        Ok(URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The backend could not sign.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the backend could not sign")]
pub struct SigningError;

redacted_debug!(SigningKey, |key| key.kid());

impl TryFrom<Pair> for SigningKey {
    type Error = KeyError;

    fn try_from(pair: Pair) -> Result<Self, KeyError> {
        Ok(Self {
            public: PublicJwk::from_material(pair.material()?)?,
            pkcs8: pair.to_pkcs8()?,
            pair,
        })
    }
}

/// A key as the ring stores it, or as a ring stored it before PKCS#8.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Pkcs8(KeyDocument),
    Jwk(PrivateJwk),
}

/// A private key with its id and algorithm. If the three do not match, the ring is
/// corrupt.
#[derive(Serialize, Deserialize)]
struct KeyDocument {
    kid: Kid,
    alg: Algorithm,
    /// DER (RFC 5958) in base64 with padding, as `openssl` reads it.
    pkcs8: Zeroizing<String>,
}

impl TryFrom<Stored> for SigningKey {
    type Error = KeyError;

    fn try_from(stored: Stored) -> Result<Self, KeyError> {
        match stored {
            Stored::Pkcs8(stored) => stored.try_into(),
            Stored::Jwk(jwk) => jwk.to_pair()?.try_into(),
        }
    }
}

impl TryFrom<KeyDocument> for SigningKey {
    type Error = KeyError;

    fn try_from(stored: KeyDocument) -> Result<Self, KeyError> {
        let der = STANDARD.decode(stored.pkcs8.as_bytes());
        let der = Zeroizing::new(der.map_err(|_| KeyError::Member("pkcs8"))?);
        let key = Self::try_from(Pair::from_pkcs8(stored.alg, &der)?)?;
        if *key.kid() == stored.kid {
            Ok(key)
        } else {
            Err(KeyError::Halves)
        }
    }
}

/// Only for the key ring.
impl Serialize for SigningKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = KeyDocument {
            kid: self.kid().clone(),
            alg: self.algorithm(),
            pkcs8: self.pkcs8.clone(),
        };
        stored.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
