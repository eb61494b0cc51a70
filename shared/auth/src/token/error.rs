//! Why an access token is rejected. The reason goes into the log and never to the caller.

use crate::json::JsonError;
use crate::key::Kid;

/// The first rule that an access token breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is longer than 8 KiB.
    #[error("the token is too long")]
    TooLong,
    /// It does not have three parts, or one of them is empty.
    #[error("the token does not have three parts")]
    Parts,
    /// A part is not canonical base64url without padding.
    #[error("the token is not canonical base64url")]
    Encoding,
    /// The header is not strict JSON.
    #[error("the token's header is not strict JSON")]
    HeaderJson(#[source] JsonError),
    /// The header is not an object, or has a member other than `alg`, `kid`, `typ`.
    #[error("the token's header has a member that is not allowed")]
    HeaderMembers,
    /// `alg` is missing, not a string, or not one that we support.
    #[error("the token's algorithm is not supported")]
    Algorithm,
    /// `kid` is missing, not a string, or does not match the pattern.
    #[error("the token's key id is malformed")]
    Kid,
    /// No published key has this id; re-reading the keys may find it.
    #[error("the token's key is not published")]
    UnknownKey(Kid),
    /// `alg` is not the key's algorithm.
    #[error("the token's algorithm does not match its key")]
    AlgorithmMismatch,
    /// The signature is invalid.
    #[error("the token's signature is invalid")]
    Signature,
    /// `typ` is missing, not a string, or not that of an access token.
    #[error("the token is not an access token")]
    Type,
    /// The claims are not strict JSON.
    #[error("the token's claims are not strict JSON")]
    ClaimsJson(#[source] JsonError),
    /// A required claim is missing, or a claim has an invalid type or value.
    #[error("claim `{0}` is missing or malformed")]
    Claim(&'static str),
    /// `iss` is not our issuer.
    #[error("the token is from a different issuer")]
    Issuer,
    /// `aud` neither is nor contains our audience.
    #[error("the token is for a different audience")]
    Audience,
    /// `exp` has been reached.
    #[error("the token has expired")]
    Expired,
    /// `iat` is too far in the future.
    #[error("the token was issued in the future")]
    IssuedAhead,
    /// `nbf` is too far in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp - iat` is longer than a token may live.
    #[error("the token's lifetime is too long")]
    Lifetime,
}

impl TokenError {
    /// True if the signature was checked before this rule, and was valid.
    pub(crate) const fn is_behind_a_valid_signature(&self) -> bool {
        match self {
            Self::TooLong
            | Self::Parts
            | Self::Encoding
            | Self::HeaderJson(_)
            | Self::HeaderMembers
            | Self::Algorithm
            | Self::Kid
            | Self::UnknownKey(_)
            | Self::AlgorithmMismatch
            | Self::Signature => false,
            Self::Type
            | Self::ClaimsJson(_)
            | Self::Claim(_)
            | Self::Issuer
            | Self::Audience
            | Self::Expired
            | Self::IssuedAhead
            | Self::NotYetValid
            | Self::Lifetime => true,
        }
    }

    /// Returns a short, stable name of the reason, for logs.
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
