//! Tokens that no login issues: correctly signed, and still invalid.

use std::time::Duration;

use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::key::{Algorithm, KeyRing, SigningKey};
use gatehouse_auth::random;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::{Grant, Issuer};

use anyhow::Context;

use crate::clock::now;
use crate::person::Person;
use crate::service::Service;

/// Issues tokens with the service's own key ring.
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
    /// If the ring cannot be read.
    pub async fn of(service: &Service) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: service.issuer().to_owned(),
            ring: KeyRing::parse(&service.key_ring().await?)?,
            now: now()?,
        })
    }

    /// Issues a valid token: the control for the others.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn valid(&self, person: &Person) -> anyhow::Result<String> {
        Self::sign(person, &self.issuer, "gatehouse", self.active()?, self.now)
    }

    /// Issues a valid token with these scopes and roles, each separated by spaces,
    /// whatever the person's are. Without a login it belongs to a session that does not
    /// exist.
    ///
    /// # Errors
    /// If a scope or a role is invalid, or it cannot be signed.
    pub fn with_rights(&self, person: &Person, scope: &str, roles: &str) -> anyhow::Result<String> {
        let names = roles.split(' ').filter(|name| !name.is_empty());
        let sid = if person.access_token.is_empty() {
            SessionId::from_bytes(random::bytes()?)
        } else {
            SessionId::parse(&person.session())?
        };
        let grant = Grant {
            sid,
            scope: Scopes::parse(scope)?,
            roles: Roles::parse(names)?,
            ..Self::grant(person, self.now)?
        };
        Self::issue(grant, &self.issuer, "gatehouse", self.active()?, self.now)
    }

    /// Issues a token that expired a second ago.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn expired(&self, person: &Person) -> anyhow::Result<String> {
        let begun = self.now.minus(LIFETIME + Duration::from_secs(1));
        Self::sign(person, &self.issuer, "gatehouse", self.active()?, begun)
    }

    /// Issues a token that expires in at most two seconds.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn almost_expired(&self, person: &Person) -> anyhow::Result<String> {
        let begun = self.now.minus(LIFETIME).plus(Duration::from_secs(2));
        Self::sign(person, &self.issuer, "gatehouse", self.active()?, begun)
    }

    /// Issues a token from another issuer.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn foreign_issuer(&self, person: &Person) -> anyhow::Result<String> {
        let other = format!("{}/", self.issuer);
        Self::sign(person, &other, "gatehouse", self.active()?, self.now)
    }

    /// Issues a token for another audience.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn wrong_audience(&self, person: &Person) -> anyhow::Result<String> {
        Self::sign(
            person,
            &self.issuer,
            "another-audience",
            self.active()?,
            self.now,
        )
    }

    /// Issues a token that is signed with an unpublished key.
    ///
    /// # Errors
    /// If it cannot be signed.
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
        Self::issue(Self::grant(person, now)?, issuer, audience, key, now)
    }

    fn grant(person: &Person, now: Timestamp) -> anyhow::Result<Grant> {
        Ok(Grant {
            sub: SubjectId::parse(&person.id)?,
            sid: SessionId::from_bytes([1; 16]),
            jti: Jti::from_bytes([2; 16]),
            ver: 0,
            auth_time: now,
            scope: Scopes::parse("profile")?,
            roles: Roles::parse(["user", "admin"])?,
        })
    }

    fn issue(
        grant: Grant,
        issuer: &str,
        audience: &str,
        key: &SigningKey,
        now: Timestamp,
    ) -> anyhow::Result<String> {
        let issuer = Issuer::new(issuer.into(), audience.into(), "gatehouse".into(), LIFETIME);
        Ok(issuer.issue(grant, key, now)?.expose().to_owned())
    }
}

/// The default lifetime of an access token.
const LIFETIME: Duration = Duration::from_mins(15);
