//! The settings of a verifier.

use std::time::Duration;

use gatehouse_auth::key::LONGEST_STALENESS;
use gatehouse_fetch::is_authentic;
use http::Uri;

use crate::error::SettingsError;

/// The issuer and the audience of the tokens, and where the keys are.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) jwks_uri: Option<String>,
    pub(crate) max_age: Duration,
    pub(crate) timeout: Duration,
}

impl Settings {
    /// Creates settings for an issuer (the stack's output `TokenIssuer`) and an audience
    /// (`TokenAudience`). Both are compared byte by byte with a token's claims.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            jwks_uri: None,
            max_age: MAX_AGE,
            timeout: TIMEOUT,
        }
    }

    /// Sets the URL of the keys, if it is not the issuer's `/.well-known/jwks.json`.
    #[must_use]
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.jwks_uri = Some(uri.into());
        self
    }

    /// Sets the age at which the keys are fetched again: 300 s by default, at most an hour.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Sets how long the issuer may take to respond: 5 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the URL of the keys if every setting is valid.
    pub(crate) fn check(&self) -> Result<Uri, SettingsError> {
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err(SettingsError::Empty);
        }
        if self.max_age < Duration::from_secs(1) || self.max_age > LONGEST_STALENESS {
            return Err(SettingsError::MaxAge);
        }
        let address = match &self.jwks_uri {
            Some(uri) => uri.clone(),
            None => format!("{}/.well-known/jwks.json", self.issuer),
        };
        let uri: Uri = address.parse().map_err(|_| SettingsError::Address)?;
        // Anyone who can change the response in transit chooses the keys.
        if is_authentic(&uri) && !address.contains('#') {
            Ok(uri)
        } else {
            Err(SettingsError::Address)
        }
    }
}

/// Age at which the keys are fetched again. Longer lets a removed key verify for longer.
/// The `max-age` of the JWK Set.
const MAX_AGE: Duration = Duration::from_mins(5);
/// How long the issuer may take. Longer lets a slow issuer hold up the request that
/// fetches.
const TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_at_the_issuer_unless_another_url_is_given() {
        let settings = Settings::new("https://auth.example/v1", "api");
        let uri = settings.check().unwrap().to_string();
        assert_eq!(uri, "https://auth.example/v1/.well-known/jwks.json");
        let elsewhere = settings.jwks_uri("https://keys.example/set?x=1");
        let uri = elsewhere.check().unwrap().to_string();
        assert_eq!(uri, "https://keys.example/set?x=1");
    }

    #[test]
    fn keys_are_fetched_over_https_or_from_this_machine() {
        for valid in [
            "https://a.example",
            "http://localhost:3000",
            "http://[::1]:1",
        ] {
            assert!(Settings::new(valid, "api").check().is_ok(), "{valid}");
        }
        for bad in [
            "http://a.example",
            "http://localhost.a.example",
            "http://127.0.0.1.a.example",
            "http://localhost@a.example",
            "ftp://localhost",
            "a.example",
            "/path",
            "https://a.example#",
        ] {
            let refused = Settings::new(bad, "api").check();
            assert!(matches!(refused, Err(SettingsError::Address)), "{bad}");
        }
    }

    #[test]
    fn an_empty_name_and_an_invalid_age_are_refused() {
        let empty = Settings::new("https://a.example", "").check();
        assert!(matches!(empty, Err(SettingsError::Empty)));
        for age in [Duration::ZERO, LONGEST_STALENESS + Duration::from_secs(1)] {
            let invalid = Settings::new("https://a.example", "api").max_age(age);
            assert!(
                matches!(invalid.check(), Err(SettingsError::MaxAge)),
                "{age:?}"
            );
        }
    }
}
