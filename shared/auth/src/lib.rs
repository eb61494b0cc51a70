//! The rules of Gatehouse: what a token is and when it is accepted, what a refresh
//! decides, which names and passwords are allowed.
//!
//! Everything here is a function of its arguments: no AWS, no HTTP, no clock, no
//! environment. To start, create keys, issue a token and verify it:
//!
//! ```
//! use std::time::Duration;
//!
//! use gatehouse_auth::id::{Jti, SessionId, SubjectId};
//! use gatehouse_auth::key::{Algorithm, KeyRing};
//! use gatehouse_auth::random;
//! use gatehouse_auth::role::Roles;
//! use gatehouse_auth::scope::Scopes;
//! use gatehouse_auth::time::Timestamp;
//! use gatehouse_auth::token::{Grant, Issuer, TokenError, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (name, audience) = ("https://auth.example.com", "api");
//! let lifetime = Duration::from_mins(15);
//! let now = Timestamp::from_unix(1_800_000_000);
//!
//! // A function that issues tokens has the key ring, with the private keys.
//! let ring = KeyRing::first(Algorithm::Es256, now)?;
//! let issuer = Issuer::new(name.into(), audience.into(), "web".into(), lifetime);
//! let grant = Grant {
//!     sub: SubjectId::from_bytes(random::bytes()?),
//!     sid: SessionId::from_bytes(random::bytes()?),
//!     jti: Jti::from_bytes(random::bytes()?),
//!     ver: 0,
//!     auth_time: now,
//!     scope: Scopes::parse("profile")?,
//!     roles: Roles::parse(["user"])?,
//! };
//! let key = ring.active().ok_or("the ring has no active key")?;
//! let token = issuer.issue(grant, key, now)?;
//!
//! // A service that verifies tokens has only the published keys.
//! let keys = ring.published().verifying(now);
//! let verifier = Verifier::new(name.into(), audience.into());
//! let claims = verifier.verify(token.expose(), &keys, now)?;
//! assert!(claims.roles.contains("user"));
//!
//! let late = now.plus(lifetime);
//! let expired = verifier.verify(token.expose(), &keys, late);
//! assert_eq!(expired, Err(TokenError::Expired));
//! # Ok(())
//! # }
//! ```
//!
//! The feature `tokens` adds keys and tokens, which functions behind the authorizer do
//! not need to link. The feature `people` (on by default) also adds identifiers,
//! passwords and Argon2, which the authorizer must not link.

pub mod authorization;
pub mod claims;
#[cfg(feature = "tokens")]
pub mod client;
#[cfg(feature = "tokens")]
pub mod code;
pub mod deadline;
#[cfg(feature = "tokens")]
pub mod digest;
#[cfg(feature = "people")]
pub mod email;
pub mod external_id;
pub mod failure;
pub mod guessing;
pub mod id;
#[cfg(feature = "people")]
pub mod identifier;
pub mod item_key;
pub mod json;
#[cfg(feature = "tokens")]
pub mod key;
pub mod mail;
mod newtype;
#[cfg(feature = "people")]
pub mod password;
#[cfg(test)]
mod property;
#[cfg(feature = "tokens")]
pub mod random;
#[cfg(feature = "tokens")]
pub mod recovery;
#[cfg(feature = "tokens")]
pub mod refresh;
pub mod role;
pub mod scope;
pub mod session;
pub mod time;
#[cfg(feature = "tokens")]
pub mod token;
pub mod url;
pub mod user;
#[cfg(feature = "people")]
pub mod username;
pub mod version;
