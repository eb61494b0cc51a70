//! Public keys as JWKs, parsed strictly.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::material::{Material, text};

/// A public key for verifying access tokens (RFC 7517), checked for strength.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct PublicJwk {
    kid: Kid,
    material: Material,
}

impl PublicJwk {
    /// Parses a JWK. Unknown members are ignored (RFC 7517 section 4).
    ///
    /// # Errors
    /// [`KeyError`] unless `kty`, `crv` and `alg` match one supported algorithm,
    /// there is a `kid`, `use` and `key_ops` allow verification, there is no private
    /// member, and the key is strong.
    pub fn parse(jwk: &Value) -> Result<Self, KeyError> {
        let jwk = jwk.as_object().ok_or(KeyError::Member("kty"))?;
        if let Some(name) = PRIVATE_MEMBERS
            .into_iter()
            .find(|name| jwk.contains_key(*name))
        {
            return Err(KeyError::Private(name));
        }
        if !may_verify(jwk) {
            return Err(KeyError::Use);
        }
        let kid = Kid::parse(text(jwk, "kid")?)?;
        let algorithm: Algorithm = text(jwk, "alg")?.parse()?;
        let material = Material::read(jwk)?;
        if material.algorithm() != algorithm {
            return Err(KeyError::Algorithm);
        }
        Ok(Self { kid, material })
    }

    /// Creates a JWK whose id is its thumbprint.
    pub(crate) fn from_material(material: Material) -> Result<Self, KeyError> {
        let kid = Kid::parse(&material.thumbprint())?;
        Ok(Self { kid, material })
    }

    /// Returns the key's id.
    #[must_use]
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Returns the one algorithm that the key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.material.algorithm()
    }

    /// Returns the JWK as published: public members, `kid`, `alg`, `use`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut jwk = self.material.members();
        jwk.insert("kid".into(), self.kid.as_str().into());
        jwk.insert("alg".into(), self.algorithm().name().into());
        jwk.insert("use".into(), "sig".into());
        Value::Object(jwk)
    }

    pub(crate) fn material(&self) -> &Material {
        &self.material
    }
}

impl TryFrom<Value> for PublicJwk {
    type Error = KeyError;

    fn try_from(jwk: Value) -> Result<Self, KeyError> {
        Self::parse(&jwk)
    }
}

impl From<PublicJwk> for Value {
    fn from(jwk: PublicJwk) -> Value {
        jwk.to_json()
    }
}

/// Parses a JWK Set: all its keys or none.
///
/// # Errors
/// [`KeyError`] if it is not a set, if one of its keys is refused, or if two keys
/// have the same id.
pub fn parse_jwk_set(set: &Value) -> Result<Vec<PublicJwk>, KeyError> {
    let keys = set
        .get("keys")
        .and_then(Value::as_array)
        .ok_or(KeyError::Set)?;
    let keys: Vec<PublicJwk> = keys
        .iter()
        .map(PublicJwk::parse)
        .collect::<Result<_, _>>()?;
    refuse_duplicates(keys.iter().map(PublicJwk::kid))?;
    Ok(keys)
}

/// Fails if an id occurs twice, because which key it means would be chance.
pub(crate) fn refuse_duplicates<'a>(
    mut kids: impl Iterator<Item = &'a Kid>,
) -> Result<(), KeyError> {
    let mut seen = HashSet::new();
    match kids.find(|kid| !seen.insert(*kid)) {
        Some(kid) => Err(KeyError::DuplicateKid(kid.clone())),
        None => Ok(()),
    }
}

/// RFC 7517 sections 4.2 and 4.3: both members are optional, but must allow what we
/// do with the key.
fn may_verify(jwk: &Map<String, Value>) -> bool {
    let usage = jwk.get("use").is_none_or(|usage| usage == "sig");
    let operations = jwk.get("key_ops").is_none_or(|operations| {
        let operations = operations.as_array();
        operations.is_some_and(|names| names.iter().any(|name| name == "verify"))
    });
    usage && operations
}

/// Members of private and symmetric keys (RFC 7518 sections 6.2.2, 6.3.2, 6.4).
/// A key with one of them must never reach the published set.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[cfg(test)]
mod tests;
