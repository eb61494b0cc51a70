//! Refresh: the token that a client holds, and the decision that each refresh makes.

pub mod step;
mod token;

pub use token::{RefreshToken, RefreshTokenError, UnverifiedRefreshToken};
