//! The rules of Gatehouse: what a token is, when it is accepted, what a refresh
//! decides, which names and passwords are allowed.
//!
//! Everything here is a function of its arguments: no AWS, no HTTP, no clock,
//! no environment. The feature `tokens` adds keys and tokens, which a function
//! behind the authorizer needs not link; `people` (on by default) identifiers,
//! passwords and Argon2 as well, which the authorizer must not link.

pub mod authorization;
pub mod claims;
#[cfg(feature = "tokens")]
pub mod client;
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
mod newtype;
#[cfg(feature = "people")]
pub mod password;
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
