//! The claims of a token with a valid signature: each must be present, have its type,
//! and lie within its bounds (RFC 9068 sections 2.2 and 4).

use std::time::Duration;

use serde_json::{Map, Value};

use crate::claims::{Claims, MAX_LIFETIME};
use crate::id::{Jti, SessionId, SubjectId};
use crate::json;
use crate::role::Roles;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::token::error::TokenError;
use crate::token::header::MAX_DEPTH;
use crate::version::MAX_VERSION;

/// Parses the claims and checks them against our issuer, our audience and the time.
pub(crate) fn claims(
    payload: &[u8],
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    let payload = json::parse(payload, MAX_DEPTH).map_err(TokenError::ClaimsJson)?;
    let payload = Payload(payload.as_object().ok_or(TokenError::Claim("iss"))?);
    check_issuer(&payload, issuer)?;
    check_audience(&payload, audience)?;
    let (iat, exp) = check_times(&payload, now)?;
    Ok(Claims {
        iss: issuer.to_owned(),
        sub: payload.parsed("sub", SubjectId::parse)?,
        aud: audience.to_owned(),
        client_id: payload.text("client_id")?.to_owned(),
        iat,
        exp,
        jti: payload.parsed("jti", Jti::parse)?,
        sid: payload.parsed("sid", SessionId::parse)?,
        ver: payload.version()?,
        auth_time: payload.time("auth_time")?,
        scope: payload.scope()?,
        roles: payload.roles()?,
    })
}

/// A single string. An array that contains our issuer is not our issuer.
fn check_issuer(payload: &Payload<'_>, issuer: &str) -> Result<(), TokenError> {
    if payload.text("iss")? == issuer {
        Ok(())
    } else {
        Err(TokenError::Issuer)
    }
}

/// A string, or an array of strings (RFC 7519 section 4.1.3).
fn check_audience(payload: &Payload<'_>, audience: &str) -> Result<(), TokenError> {
    let named = match payload.get("aud")? {
        Value::String(name) => name == audience,
        Value::Array(names) if names.iter().all(Value::is_string) => {
            names.iter().any(|name| name == audience)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Err(TokenError::Claim("aud"));
        }
    };
    if named {
        Ok(())
    } else {
        Err(TokenError::Audience)
    }
}

/// Returns `iat` and `exp`. `exp` has no leeway: a token expires at the very second
/// (RFC 7519 section 4.1.4).
fn check_times(
    payload: &Payload<'_>,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), TokenError> {
    let (iat, exp) = (payload.time("iat")?, payload.time("exp")?);
    let latest = now.plus(CLOCK_SKEW);
    if exp <= now {
        return Err(TokenError::Expired);
    }
    if iat > latest {
        return Err(TokenError::IssuedAhead);
    }
    if payload.0.contains_key("nbf") && payload.time("nbf")? > latest {
        return Err(TokenError::NotYetValid);
    }
    if exp.since(iat) > MAX_LIFETIME {
        return Err(TokenError::Lifetime);
    }
    Ok((iat, exp))
}

/// The members of a payload, each read as the one type it may have.
struct Payload<'a>(&'a Map<String, Value>);

impl<'a> Payload<'a> {
    fn get(&self, name: &'static str) -> Result<&'a Value, TokenError> {
        self.0.get(name).ok_or(TokenError::Claim(name))
    }

    fn text(&self, name: &'static str) -> Result<&'a str, TokenError> {
        self.get(name)?.as_str().ok_or(TokenError::Claim(name))
    }

    fn parsed<T, E>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, TokenError> {
        parse(self.text(name)?).map_err(|_| TokenError::Claim(name))
    }

    /// A non-negative integer: the ones we issue never have a fraction or an exponent.
    fn number(&self, name: &'static str) -> Result<u64, TokenError> {
        self.get(name)?.as_u64().ok_or(TokenError::Claim(name))
    }

    fn version(&self) -> Result<u64, TokenError> {
        let version = self.number("ver")?;
        if version <= MAX_VERSION {
            Ok(version)
        } else {
            Err(TokenError::Claim("ver"))
        }
    }

    fn time(&self, name: &'static str) -> Result<Timestamp, TokenError> {
        let seconds = i64::try_from(self.number(name)?);
        seconds
            .map(Timestamp::from_unix)
            .map_err(|_| TokenError::Claim(name))
    }

    /// A token without scopes has no `scope`. An empty text, which other
    /// issuers and our own earlier releases write, grants just as little.
    fn scope(&self) -> Result<Scopes, TokenError> {
        if self.0.contains_key("scope") {
            self.parsed("scope", Scopes::parse)
        } else {
            Ok(Scopes::default())
        }
    }

    fn roles(&self) -> Result<Roles, TokenError> {
        let invalid = TokenError::Claim("roles");
        let names = self.get("roles")?.as_array();
        let names: Option<Vec<&str>> =
            names.and_then(|names| names.iter().map(Value::as_str).collect());
        names
            .and_then(|names| Roles::parse(names).ok())
            .ok_or(invalid)
    }
}

/// How far the issuer's clock may run ahead of ours. A larger value lets a token be used
/// too early.
const CLOCK_SKEW: Duration = Duration::from_mins(1);
