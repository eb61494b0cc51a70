//! Tokens that a login never gives: signed as they should be, and yet not good.

use std::time::Duration;

use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::key::{Algorithm, KeyRing, SigningKey};
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::{Grant, Issuer};

use anyhow::Context;

use crate::person::Person;
use crate::service::Service;

/// Makes tokens with the service's own key ring.
#[derive(Debug)]
pub struct Mint {
    issuer: String,
    ring: KeyRing,
    now: Timestamp,
}

impl Mint {
    /// Reads the service's key ring.
    ///
    /// # Errors
    /// When the ring cannot be read.
    pub async fn of(service: &Service) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: service.issuer().to_owned(),
            ring: KeyRing::parse(&service.key_ring().await?)?,
            now: now()?,
        })
    }

    /// Makes a token that is good: the control of the others.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn good(&self, person: &Person) -> anyhow::Result<String> {
        Self::sign(person, &self.issuer, "gatehouse", self.active()?, self.now)
    }

    /// Makes a token that ended a second ago.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn expired(&self, person: &Person) -> anyhow::Result<String> {
        let begun = self.now.minus(LIFETIME + Duration::from_secs(1));
        Self::sign(person, &self.issuer, "gatehouse", self.active()?, begun)
    }

    /// Makes a token that ends in two seconds at most.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn ends_in_a_second(&self, person: &Person) -> anyhow::Result<String> {
        let begun = self.now.minus(LIFETIME).plus(Duration::from_secs(2));
        Self::sign(person, &self.issuer, "gatehouse", self.active()?, begun)
    }

    /// Makes a token of another issuer.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn foreign_issuer(&self, person: &Person) -> anyhow::Result<String> {
        let other = format!("{}/", self.issuer);
        Self::sign(person, &other, "gatehouse", self.active()?, self.now)
    }

    /// Makes a token for another audience.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn wrong_audience(&self, person: &Person) -> anyhow::Result<String> {
        Self::sign(
            person,
            &self.issuer,
            "somebody-else",
            self.active()?,
            self.now,
        )
    }

    /// Makes a token signed with a key that is not published.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn foreign_key(&self, person: &Person) -> anyhow::Result<String> {
        let key = SigningKey::generate(Algorithm::Es256)?;
        Self::sign(person, &self.issuer, "gatehouse", &key, self.now)
    }

    fn active(&self) -> anyhow::Result<&SigningKey> {
        self.ring.active().context("the ring has no active key")
    }

    fn sign(
        person: &Person,
        issuer: &str,
        audience: &str,
        key: &SigningKey,
        now: Timestamp,
    ) -> anyhow::Result<String> {
        let grant = Grant {
            sub: SubjectId::parse(&person.id)?,
            sid: SessionId::from_bytes([1; 16]),
            jti: Jti::from_bytes([2; 16]),
            ver: 0,
            auth_time: now,
            scope: Scopes::parse("profile")?,
            roles: Roles::parse(["user", "admin"])?,
        };
        let issuer = Issuer::new(issuer.into(), audience.into(), "gatehouse".into(), LIFETIME);
        Ok(issuer.issue(grant, key, now)?.expose().to_owned())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' clock is the machine's"
)]
fn now() -> anyhow::Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Timestamp::from_unix(i64::try_from(since.as_secs())?))
}

/// The default lifetime of an access token.
const LIFETIME: Duration = Duration::from_mins(15);
