//! The numbers of a public key, and which are strong enough to trust.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use crate::digest::sha256;
use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::{roca, small_order};

/// The public numbers of a key, checked. Its type determines the algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Material {
    /// A point on P-256, each coordinate 32 bytes.
    P256 { x: [u8; 32], y: [u8; 32] },
    /// A point on edwards25519.
    Ed25519 { x: [u8; 32] },
    /// A modulus without leading zeros; the exponent is 65537.
    Rsa { n: Vec<u8> },
}

impl Material {
    /// Reads `kty`, `crv` and the numbers of a JWK.
    pub(crate) fn read(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        let crv = || text(jwk, "crv");
        match text(jwk, "kty")? {
            "EC" if crv()? == "P-256" => Self::p256(coordinate(jwk, "x")?, coordinate(jwk, "y")?),
            "OKP" if crv()? == "Ed25519" => Self::ed25519(coordinate(jwk, "x")?),
            "RSA" => Self::rsa(bytes(jwk, "n")?, &bytes(jwk, "e")?),
            _ => Err(KeyError::Algorithm),
        }
    }

    /// Accepts a point as the backend writes it (SEC 1 section 2.3.3, uncompressed).
    pub(crate) fn from_uncompressed(point: &[u8]) -> Result<Self, KeyError> {
        let Some((4, coordinates)) = point.split_first() else {
            return Err(KeyError::Member("x"));
        };
        let (x, y) = coordinates
            .split_first_chunk()
            .ok_or(KeyError::Member("x"))?;
        let y = y.try_into().map_err(|_| KeyError::Member("y"))?;
        Self::p256(*x, y)
    }

    /// Accepts a point if it is on the curve.
    pub(crate) fn p256(x: [u8; 32], y: [u8; 32]) -> Result<Self, KeyError> {
        let point = uncompressed(&x, &y);
        let parsed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).parse();
        parsed.map_err(|_| KeyError::Weak("it is not a point on its curve"))?;
        Ok(Self::P256 { x, y })
    }

    /// Accepts a point unless it is one of the few under which some signature fits
    /// every message. A point off the curve is harmless: no signature verifies under it.
    pub(crate) fn ed25519(x: [u8; 32]) -> Result<Self, KeyError> {
        if small_order::is_weak(&x) {
            return Err(KeyError::Weak("it is a point of small order"));
        }
        Ok(Self::Ed25519 { x })
    }

    /// Accepts a modulus and an exponent within the limits below.
    pub(crate) fn rsa(n: Vec<u8>, e: &[u8]) -> Result<Self, KeyError> {
        if e != RSA_EXPONENT {
            return Err(KeyError::Weak("the exponent of an RSA key must be 65537"));
        }
        let (Some(&first), Some(&last)) = (n.first(), n.last()) else {
            return Err(KeyError::Member("n"));
        };
        if first == 0 {
            return Err(KeyError::Member("n"));
        }
        let bits = 8 * n.len() - first.leading_zeros() as usize;
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::Weak("an RSA key must have 2048 to 4096 bits"));
        }
        if last % 2 == 0 || roca::is_fingerprinted(&n) {
            return Err(KeyError::Weak("its RSA modulus can be factored"));
        }
        Ok(Self::Rsa { n })
    }

    /// Returns the one algorithm that the key is for.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519 { .. } => Algorithm::EdDsa,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// Returns only the members that RFC 7638 section 3.2 requires.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match self {
            Self::P256 { x, y } => vec![
                ("crv", "P-256".to_owned()),
                ("kty", "EC".to_owned()),
                ("x", number(x)),
                ("y", number(y)),
            ],
            Self::Ed25519 { x } => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", number(x)),
            ],
            Self::Rsa { n } => vec![
                ("e", number(&RSA_EXPONENT)),
                ("kty", "RSA".to_owned()),
                ("n", number(n)),
            ],
        };
        let member = |(name, value): (&str, String)| (name.to_owned(), value.into());
        members.into_iter().map(member).collect()
    }

    /// Returns the JWK thumbprint (RFC 7638 section 3): SHA-256 over the required
    /// members without white space, in the order of their names, which is the order
    /// above.
    pub(crate) fn thumbprint(&self) -> String {
        sha256(Value::Object(self.members()).to_string().as_bytes())
    }

    /// Returns the key in the form that `jsonwebtoken` verifies with.
    pub(crate) fn decoding_key(&self) -> DecodingKey {
        match self {
            Self::P256 { x, y } => DecodingKey::from_ec_der(&uncompressed(x, y)),
            Self::Ed25519 { x } => DecodingKey::from_ed_der(x),
            Self::Rsa { n } => DecodingKey::from_rsa_raw_components(n, &RSA_EXPONENT),
        }
    }
}

/// Returns a member that is a string.
pub(crate) fn text<'a>(
    jwk: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a str, KeyError> {
    jwk.get(name)
        .and_then(Value::as_str)
        .ok_or(KeyError::Member(name))
}

/// Returns a member that is canonical base64url without padding.
fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let decoded = URL_SAFE_NO_PAD.decode(text(jwk, name)?);
    decoded.map_err(|_| KeyError::Member(name))
}

/// Returns a coordinate, which always has 32 bytes (RFC 7518 section 6.2.1.2).
fn coordinate(jwk: &Map<String, Value>, name: &'static str) -> Result<[u8; 32], KeyError> {
    bytes(jwk, name)?
        .try_into()
        .map_err(|_| KeyError::Member(name))
}

/// SEC 1 section 2.3.3, without compression.
fn uncompressed(x: &[u8; 32], y: &[u8; 32]) -> Vec<u8> {
    [&[4], x.as_slice(), y].concat()
}

/// The exponent of every key that we generate. With 1, everything is a valid
/// signature; other small exponents turn parsing mistakes into forgeries.
pub(crate) const RSA_EXPONENT: [u8; 3] = [1, 0, 1];
/// Shorter keys are within reach of factoring (RFC 7518 section 3.3).
const MIN_RSA_BITS: usize = 2048;
/// Longer keys make each verification slower, not safer.
const MAX_RSA_BITS: usize = 4096;

#[cfg(test)]
mod tests;
