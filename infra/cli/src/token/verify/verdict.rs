//! What the verifier decided, as text and as JSON.

use gatehouse_auth::claims::Claims;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::TokenError;
use gatehouse_store::Revoked;
use serde_json::json;

use super::super::decode::distance;
use crate::output::{Output, Status};

/// What the verifier decided.
pub(super) enum Verdict {
    /// Valid by every rule.
    NotRevoked(Box<Claims>),
    /// Valid by every rule but revocation, which a JWK Set says nothing about.
    Valid(Box<Claims>),
    Invalid(TokenError),
    Revoked(Revoked),
}

impl From<Result<Claims, TokenError>> for Verdict {
    fn from(verified: Result<Claims, TokenError>) -> Self {
        match verified {
            Ok(claims) => Self::Valid(Box::new(claims)),
            Err(error) => Self::Invalid(error),
        }
    }
}

impl Verdict {
    pub(super) fn output(&self, token: &str, now: Timestamp) -> Output {
        match self {
            Self::NotRevoked(claims) => valid(claims, true, now),
            Self::Valid(claims) => valid(claims, false, now),
            Self::Invalid(error) => {
                let reason = format!("{:#}", anyhow::Error::new(error.clone()));
                refused(error.reason(), &reason, false, hint(error, token))
            }
            Self::Revoked(revoked) => refused(revoked.reason(), what(*revoked), true, None),
        }
    }
}

fn valid(claims: &Claims, revocation_checked: bool, now: Timestamp) -> Output {
    let revocation = if revocation_checked {
        "It is not revoked."
    } else {
        "Whether it is revoked was not checked: a JWK Set says nothing about that."
    };
    let roles = claims.roles.to_string();
    let scope = claims.scope.to_string();
    let or_none = |text: &str| {
        if text.is_empty() {
            "none".to_owned()
        } else {
            text.to_owned()
        }
    };
    let text = format!(
        "valid\n  issuer  {}\n  sub     {}\n  roles   {}\n  scope   {}\n  exp     {}, {}\n{revocation}\n",
        claims.iss,
        claims.sub,
        or_none(&roles),
        or_none(&scope),
        claims.exp,
        distance(claims.exp, now),
    );
    let json = json!({
        "valid": true,
        "revocation_checked": revocation_checked,
        "claims": claims,
        "expires_at": claims.exp.to_string(),
        "rule": null,
        "reason": null,
    });
    Output::new(text, json)
}

fn refused(rule: &str, reason: &str, revocation_checked: bool, hint: Option<&str>) -> Output {
    let after = hint.map_or_else(String::new, |hint| format!("{hint}\n"));
    let text = format!("invalid: {reason} (rule {rule})\n{after}");
    let json = json!({
        "valid": false,
        "revocation_checked": revocation_checked,
        "claims": null,
        "expires_at": null,
        "rule": rule,
        "reason": reason,
    });
    Output::new(text, json).with_status(Status::Negative)
}

fn what(revoked: Revoked) -> &'static str {
    match revoked {
        Revoked::Token => "the token was revoked",
        Revoked::Session => "the token's session has ended",
        Revoked::Subject => {
            "the token is older than a change to its user, such as other roles, a new password or \
             the end of all sessions"
        }
    }
}

/// Says what to do, if the rule does not make that obvious.
fn hint(error: &TokenError, token: &str) -> Option<&'static str> {
    if token.starts_with("gh_rt_") {
        return Some("This is a refresh token. Only `POST /refresh` verifies it.");
    }
    match error {
        TokenError::UnknownKey(_) => {
            Some("It was signed by another deployment, or its key has been removed.")
        }
        TokenError::Issuer | TokenError::Audience => {
            Some("`token decode` shows what it names; --issuer and --audience expect another.")
        }
        TokenError::TooLong
        | TokenError::Parts
        | TokenError::Encoding
        | TokenError::HeaderJson(_)
        | TokenError::HeaderMembers
        | TokenError::Algorithm
        | TokenError::Kid
        | TokenError::AlgorithmMismatch
        | TokenError::Signature
        | TokenError::Type
        | TokenError::ClaimsJson(_)
        | TokenError::Claim(_)
        | TokenError::Expired
        | TokenError::IssuedAhead
        | TokenError::NotYetValid
        | TokenError::Lifetime => None,
    }
}
