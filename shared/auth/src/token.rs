//! Access tokens: a JWT of the RFC 9068 profile, issued and verified here alone.
//!
//! `jsonwebtoken` checks the signature. Everything around it is ours, because its
//! strictest settings still accept an array as issuer, an `exp` of this very
//! second, unknown `crit`, duplicate members, and more.

mod compact;
mod error;
mod header;
mod sign;
mod validate;
mod verify;

pub use error::TokenError;
pub use sign::{AccessToken, Grant, Issuer, SignError};
pub use verify::Verifier;

/// Longest token in bytes: longer ones are not even decoded. API Gateway allows
/// 10,240 bytes of headers; raising it makes forged tokens dearer to refuse.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests;
