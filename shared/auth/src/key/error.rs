//! Why keys cannot be used. No text here holds a part of a key.

use crate::key::algorithm::UnknownAlgorithm;
use crate::key::kid::{Kid, KidError};
use crate::random::RandomError;

/// Why a key, a set of keys or a key ring is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key ring is no JSON of the shape that it has. What the parser says
    /// is left out, since it quotes the text.
    #[error("the key ring is malformed at line {line}, column {column}")]
    Ring {
        /// Line of the first odd thing, from 1.
        line: usize,
        /// Column of the first odd thing.
        column: usize,
    },
    /// The set is no object with an array `keys`.
    #[error("a JWK Set is an object with an array `keys`")]
    Set,
    /// A member is missing, of another type, or no canonical base64url.
    #[error("member `{0}` of a key is missing or malformed")]
    Member(&'static str),
    /// A public key has a member of a private or a symmetric one.
    #[error("a public key holds the private member `{0}`")]
    Private(&'static str),
    /// `use` or `key_ops` say that the key does not verify signatures.
    #[error("a key is not meant to verify signatures")]
    Use,
    /// `kty`, `crv` and `alg` are not those of one algorithm of ours.
    #[error("type, curve and algorithm of a key do not belong together")]
    Algorithm,
    /// The key can be broken: the text says how.
    #[error("a key is weak: {0}")]
    Weak(&'static str),
    /// The private half does not belong to the public one.
    #[error("the halves of a key do not belong together")]
    Halves,
    /// The key's id is none.
    #[error("a key's id is malformed")]
    Kid(#[from] KidError),
    /// Two keys of a set have one id.
    #[error("two keys have the id `{0}`")]
    DuplicateKid(Kid),
    /// Two refresh MAC keys have one id.
    #[error("two refresh MAC keys have one id")]
    DuplicateMacKid,
    /// More than one key of a kind is active, so that who signs would be chance.
    #[error("more than one key of a kind is active")]
    SeveralActive,
    /// The backend could not make a key.
    #[error("a key could not be made")]
    Generation,
    /// The system's random generator failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<UnknownAlgorithm> for KeyError {
    fn from(_: UnknownAlgorithm) -> Self {
        Self::Algorithm
    }
}
