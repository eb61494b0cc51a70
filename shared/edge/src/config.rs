//! The settings: read once, at cold start; each has a type, bounds and a default.
//!
//! A missing or empty variable takes its default. An invalid one stops the start with a
//! message that names the variable and never repeats its value.

mod account;
mod cookie;
mod environment;
mod mail;
#[cfg(feature = "tokens")]
mod rotation;
mod token;

pub use account::{
    BreachSettings, GuessSettings, HashSettings, MailRequestSettings, RegistrationSettings,
};
pub use cookie::{CookieSettings, uses_refresh_cookie};
pub use environment::{ConfigError, Environment};
pub use mail::{MailLink, MailSettings, OutboxSettings, requires_verified_email};
#[cfg(feature = "tokens")]
pub use rotation::RotationSettings;
pub use token::{IssuerSettings, SessionSettings, VerifierSettings, grantable_roles, max_sessions};

#[cfg(test)]
mod tests;
