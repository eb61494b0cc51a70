//! Refresh: the token that a client holds, and what a refresh decides.

pub mod step;
mod token;

pub use token::{RefreshToken, RefreshTokenError, UnverifiedRefreshToken};
