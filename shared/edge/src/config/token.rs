//! Settings for issuing and verifying access tokens, and for sessions.

use std::time::Duration;

use gatehouse_auth::role::{GrantableRoles, RoleScopes};
use gatehouse_auth::url::is_authentic;
use http::Uri;

use super::environment::{ConfigError, Environment};
use crate::deadline::BUDGET;
use crate::error::LONGEST_RETRY;

/// What a function needs to verify access tokens.
#[derive(Debug, Clone)]
pub struct VerifierSettings {
    /// `ISSUER`: the claim `iss`, a URL without a trailing slash.
    pub issuer: String,
    /// `AUDIENCE`: the claim `aud`.
    pub audience: String,
    /// `KEY_CACHE_SECONDS`: how long the published keys are cached.
    pub key_cache: Duration,
}

/// Seconds. Longer delays the moment from which a removed key no longer verifies;
/// shorter costs a read unit more often.
pub(super) const KEY_CACHE: u32 = 10;

impl VerifierSettings {
    /// Reads `ISSUER`, `AUDIENCE` and `KEY_CACHE_SECONDS`.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: issuer(environment)?,
            audience: word(environment, "AUDIENCE")?,
            key_cache: environment.seconds("KEY_CACHE_SECONDS", KEY_CACHE, 1..=300)?,
        })
    }
}

/// What a function needs to issue access tokens.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// `ISSUER`: the claim `iss`, a URL without a trailing slash.
    pub issuer: String,
    /// `AUDIENCE`: the claim `aud`.
    pub audience: String,
    /// `CLIENT_ID`: the claim `client_id`.
    pub client_id: String,
    /// `ACCESS_TOKEN_TTL_SECONDS`: the lifetime of an access token.
    pub access_ttl: Duration,
    /// `ROLE_SCOPES`: the scopes that each role grants, and those that every user has.
    pub role_scopes: RoleScopes,
}

/// Seconds. Longer keeps a token valid after its user lost their roles, wherever
/// revocations are not checked.
const ACCESS_TTL: u32 = 900;
/// The scopes that each role grants, and under `*` those that every user has. Another scope
/// here is another permission for everyone with that role.
const ROLE_SCOPES: &str = r#"{"*":["profile"],"admin":["admin","introspect"]}"#;

impl IssuerSettings {
    /// Reads `ISSUER`, `AUDIENCE`, `CLIENT_ID`, `ACCESS_TOKEN_TTL_SECONDS` and
    /// `ROLE_SCOPES`.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let role_scopes = environment.text("ROLE_SCOPES").unwrap_or(ROLE_SCOPES);
        Ok(Self {
            issuer: issuer(environment)?,
            audience: word(environment, "AUDIENCE")?,
            client_id: word(environment, "CLIENT_ID")?,
            access_ttl: environment.seconds("ACCESS_TOKEN_TTL_SECONDS", ACCESS_TTL, 60..=3600)?,
            role_scopes: RoleScopes::parse(role_scopes).map_err(ConfigError::RoleScopes)?,
        })
    }
}

/// Reads `GRANTABLE_ROLES`: the roles that a caller of the admin API may grant.
///
/// # Errors
/// If it is invalid; the message names it.
pub fn grantable_roles(environment: &Environment) -> Result<GrantableRoles, ConfigError> {
    let Some(text) = environment.text("GRANTABLE_ROLES") else {
        return Ok(GrantableRoles::default());
    };
    GrantableRoles::parse(text).map_err(|_| {
        let expected = "at most 32 roles, separated by commas without spaces";
        ConfigError::invalid("GRANTABLE_ROLES", expected)
    })
}

/// How long a session lives, and how long a client can repeat a refresh whose response
/// was lost.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    /// `REFRESH_IDLE_TTL_SECONDS`: how long a session survives without a refresh.
    pub idle: Duration,
    /// `REFRESH_ABSOLUTE_TTL_SECONDS`: the maximum lifetime of a session.
    pub absolute: Duration,
    /// `REFRESH_GRACE_SECONDS`: how long a spent refresh token still returns its
    /// successor.
    pub grace: Duration,
}

/// Seconds, 14 days. Longer keeps a forgotten device logged in.
const IDLE_TTL: u32 = 1_209_600;
/// Seconds, 30 days. Longer lets a stolen session live on.
const ABSOLUTE_TTL: u32 = 2_592_000;
/// Seconds. Longer lets a thief who stays close behind the owner go unnoticed; shorter logs
/// out clients that an outage kept waiting.
const GRACE: u32 = 30;
const LONGEST_GRACE: u32 = 60;
/// Responses of 503 in a row that an honest client survives.
const FAILURES: u64 = 3;
/// Seconds that a client takes to repeat a request, beyond the wait it was asked for.
const CLIENT_DELAY: u64 = 1;
/// Seconds by which clocks differ, and by which a response is under way.
const MARGIN: u64 = 2;
/// Seconds. Each failure takes a request's budget and a fifth of it, the longest
/// `Retry-After`, and the client's own delay. With a shorter window, a slow store makes
/// honest clients look like thieves.
const SHORTEST_GRACE: u32 = 29;
const _: () = assert!(
    SHORTEST_GRACE as u64
        >= FAILURES * (BUDGET.as_secs() * 6 / 5 + LONGEST_RETRY.as_secs() + CLIENT_DELAY) + MARGIN
);

impl SessionSettings {
    /// Reads the three `REFRESH_…_SECONDS`.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let lifetime = |name, default| environment.seconds(name, default, 300..=31_536_000);
        Ok(Self {
            idle: lifetime("REFRESH_IDLE_TTL_SECONDS", IDLE_TTL)?,
            absolute: lifetime("REFRESH_ABSOLUTE_TTL_SECONDS", ABSOLUTE_TTL)?,
            grace: grace(environment)?,
        })
    }
}

/// Sessions. More let a deletion take longer than its request; fewer end sessions that
/// people still use.
const MAX_SESSIONS: u32 = 100;

/// Reads `MAX_SESSIONS`: how many sessions a user can have; the oldest end beyond that.
///
/// # Errors
/// If it is out of bounds; the message names it.
pub fn max_sessions(environment: &Environment) -> Result<u16, ConfigError> {
    const NAME: &str = "MAX_SESSIONS";
    let max = environment.number(NAME, MAX_SESSIONS, 1..=1000)?;
    u16::try_from(max).map_err(|_| ConfigError::invalid(NAME, "a whole number from 1 to 1000"))
}

/// 0 detects every repetition, and logs out every client that lost a response.
fn grace(environment: &Environment) -> Result<Duration, ConfigError> {
    const NAME: &str = "REFRESH_GRACE_SECONDS";
    let shortest = Duration::from_secs(SHORTEST_GRACE.into());
    let grace = environment.seconds(NAME, GRACE, 0..=LONGEST_GRACE).ok();
    grace
        .filter(|grace| grace.is_zero() || *grace >= shortest)
        .ok_or_else(|| ConfigError::invalid(NAME, "0, or a whole number from 29 to 60"))
}

/// RFC 8414 section 2: https, without query and fragment; plain http only on this
/// machine. An emulator gives each API a host of its own under `localhost`. A trailing
/// slash would make two spellings of one issuer.
fn issuer(environment: &Environment) -> Result<String, ConfigError> {
    let text = environment.required("ISSUER")?;
    let sound = text.parse::<Uri>().is_ok_and(|uri| {
        let (scheme, host) = (uri.scheme_str(), uri.host());
        let emulated = host.is_some_and(|host| host.ends_with(".localhost"));
        let trusted = is_authentic(scheme, host) || (emulated && scheme == Some("http"));
        trusted && uri.query().is_none()
    });
    if sound && !text.ends_with('/') && !text.contains('#') {
        Ok(text.to_owned())
    } else {
        Err(ConfigError::invalid(
            "ISSUER",
            "an https URL without query, fragment and trailing slash",
        ))
    }
}

fn word(environment: &Environment, name: &'static str) -> Result<String, ConfigError> {
    let text = environment.text(name).unwrap_or("gatehouse");
    if text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(ConfigError::invalid(
            name,
            "at most 128 printable ASCII characters without spaces",
        ))
    }
}
