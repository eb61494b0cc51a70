//! Access tokens: JWTs of the RFC 9068 profile. Only this module issues and verifies
//! them.
//!
//! `jsonwebtoken` checks the signature. We do everything around it ourselves, because
//! even its strictest settings accept an array as issuer, an `exp` equal to the current
//! second, an unknown `crit`, duplicate members, and more.

mod compact;
mod error;
mod header;
mod sign;
mod signed_ids;
mod validate;
mod verify;

pub use error::TokenError;
pub use sign::{AccessToken, Grant, Issuer, SignError};
pub use signed_ids::SignedIds;
pub use verify::Verifier;

/// Maximum length of a token in bytes; longer ones are not even decoded. API Gateway
/// allows 10,240 bytes of headers. Raising this makes forged tokens more expensive to
/// reject.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests;
