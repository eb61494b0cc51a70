//! The settings: read once, at cold start, each with a type, bounds and a default.
//!
//! An absent or empty variable takes its default; an odd one stops the start
//! with a sentence that names the variable, and never repeats its value.

mod account;
mod environment;
#[cfg(feature = "tokens")]
mod rotation;
mod token;

pub use account::{BreachSettings, GuessSettings, HashSettings, RegistrationSettings};
pub use environment::{ConfigError, Environment};
#[cfg(feature = "tokens")]
pub use rotation::RotationSettings;
pub use token::{IssuerSettings, SessionSettings, VerifierSettings};

#[cfg(test)]
mod tests;
