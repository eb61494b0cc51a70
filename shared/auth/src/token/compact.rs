//! The outer form of a token: three parts in base64url (RFC 7515 section 7.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::token::MAX_TOKEN_BYTES;
use crate::token::error::TokenError;

/// A token split into its parts. Nothing in it is verified.
pub(crate) struct Compact<'a> {
    /// The signed part: the first two parts and the dot between them.
    pub(crate) message: &'a [u8],
    pub(crate) header: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    /// Canonical base64url.
    pub(crate) signature: &'a str,
}

impl<'a> Compact<'a> {
    /// Splits a token; checks its length first, before it decodes anything.
    pub(crate) fn split(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Parts)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Parts)?;
        if payload.contains('.') || [header, payload, signature].contains(&"") {
            return Err(TokenError::Parts);
        }
        decode(signature)?;
        Ok(Self {
            message: message.as_bytes(),
            header: decode(header)?,
            payload: decode(payload)?,
            signature,
        })
    }
}

/// RFC 7515 section 2: no padding, no other characters, no spare bits.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Encoding)
}
