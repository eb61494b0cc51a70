//! Why an access token is refused. The log reads it; the caller never does.

use crate::json::JsonError;
use crate::key::Kid;

/// The first thing about an access token that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has more than 8 KiB.
    #[error("the token is too long")]
    TooLong,
    /// It has not three parts, or one is empty.
    #[error("the token has not three parts")]
    Parts,
    /// A part is no canonical base64url without padding.
    #[error("the token is not in canonical base64url")]
    Encoding,
    /// The header is no strict JSON.
    #[error("the token's header is no strict JSON")]
    HeaderJson(#[source] JsonError),
    /// The header is no object, or has a member other than `alg`, `kid`, `typ`.
    #[error("the token's header has members that it must not have")]
    HeaderMembers,
    /// `alg` is missing, no text, or none of ours.
    #[error("the token's algorithm is none of ours")]
    Algorithm,
    /// `kid` is missing, no text, or not of the pattern.
    #[error("the token's key id is malformed")]
    Kid,
    /// No published key has this id; one more look at the keys may find it.
    #[error("the token's key is not published")]
    UnknownKey(Kid),
    /// `alg` is not the key's own algorithm.
    #[error("the token's algorithm is not its key's")]
    AlgorithmMismatch,
    /// The signature does not hold.
    #[error("the token's signature does not hold")]
    Signature,
    /// `typ` is missing, no text, or not that of an access token.
    #[error("the token is of another type")]
    Type,
    /// The claims are no strict JSON.
    #[error("the token's claims are no strict JSON")]
    ClaimsJson(#[source] JsonError),
    /// A required claim is missing, or a claim has an odd type or value.
    #[error("claim `{0}` is missing or malformed")]
    Claim(&'static str),
    /// `iss` is not ours.
    #[error("the token is of another issuer")]
    Issuer,
    /// `aud` is not ours and does not hold ours.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` is reached.
    #[error("the token has expired")]
    Expired,
    /// `iat` lies too far ahead.
    #[error("the token was issued in the future")]
    IssuedAhead,
    /// `nbf` lies too far ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp - iat` is too long.
    #[error("the token lives too long")]
    Lifetime,
}

impl TokenError {
    /// Returns a short, stable name of the refusal, for logs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Parts => "token_parts",
            Self::Encoding => "token_encoding",
            Self::HeaderJson(_) => "header_json",
            Self::HeaderMembers => "header_members",
            Self::Algorithm => "algorithm",
            Self::Kid => "kid",
            Self::UnknownKey(_) => "unknown_key",
            Self::AlgorithmMismatch => "algorithm_mismatch",
            Self::Signature => "signature",
            Self::Type => "token_type",
            Self::ClaimsJson(_) => "claims_json",
            Self::Claim(_) => "claim",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::IssuedAhead => "issued_ahead",
            Self::NotYetValid => "not_yet_valid",
            Self::Lifetime => "lifetime",
        }
    }
}
