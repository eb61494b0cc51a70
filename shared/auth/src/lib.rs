//! The rules of Gatehouse: what a token is, when it is accepted, what a refresh
//! decides, which names and passwords are allowed.
//!
//! Everything here is a function of its arguments: no AWS, no HTTP, no clock,
//! no environment. The feature `people` (on by default) adds identifiers,
//! passwords and Argon2, which the authorizer must not link.

pub mod claims;
pub mod cursor;
pub mod digest;
#[cfg(feature = "people")]
pub mod email;
pub mod failure;
pub mod guessing;
pub mod id;
#[cfg(feature = "people")]
pub mod identifier;
pub mod json;
pub mod key;
#[cfg(feature = "people")]
pub mod password;
pub mod random;
pub mod recovery;
pub mod refresh;
pub mod role;
pub mod scope;
pub mod session;
pub mod time;
pub mod token;
pub mod user;
#[cfg(feature = "people")]
pub mod username;
