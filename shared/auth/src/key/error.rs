//! Why keys are unusable. No message contains any part of a key.

use crate::key::algorithm::UnknownAlgorithm;
use crate::key::kid::{Kid, KidError};
use crate::random::RandomError;

/// Why a key, a JWK Set or a key ring is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key ring is not JSON, or does not have the expected structure. The
    /// parser's own message is left out because it quotes the text.
    #[error("the key ring is malformed at line {line}, column {column}")]
    Ring {
        /// Line of the first error, from 1.
        line: usize,
        /// Column of the first error.
        column: usize,
    },
    /// The set is not an object with an array `keys`.
    #[error("a JWK Set must be an object with an array `keys`")]
    Set,
    /// A member is missing, has the wrong type, or is not canonical base64url.
    #[error("member `{0}` of a key is missing or malformed")]
    Member(&'static str),
    /// A public key has a member that belongs to a private or symmetric key.
    #[error("a public key contains the private member `{0}`")]
    Private(&'static str),
    /// `use` or `key_ops` say that the key is not for verifying signatures.
    #[error("a key is not for verifying signatures")]
    Use,
    /// `kty`, `crv` and `alg` do not match one supported algorithm.
    #[error("the type, curve and algorithm of a key do not match")]
    Algorithm,
    /// The key can be broken; the text says how.
    #[error("a key is weak: {0}")]
    Weak(&'static str),
    /// The private half does not match the public one.
    #[error("the private and public halves of a key do not match")]
    Halves,
    /// The key's id is invalid.
    #[error("a key has an invalid id")]
    Kid(#[from] KidError),
    /// Two keys of a set have the same id.
    #[error("two keys have the id `{0}`")]
    DuplicateKid(Kid),
    /// Two refresh MAC keys have the same id.
    #[error("two refresh MAC keys have the same id")]
    DuplicateMacKid,
    /// More than one key of a kind is active, so which one signs would be chance.
    #[error("more than one key of a kind is active")]
    SeveralActive,
    /// The backend could not generate a key.
    #[error("a key could not be generated")]
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
