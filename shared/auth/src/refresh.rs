//! Refresh: the token that a client holds, and the decision that each refresh makes.

mod idempotency;
pub mod step;
mod token;

pub use idempotency::{IdempotencyKey, IdempotencyKeyError};
pub use token::{RefreshToken, RefreshTokenError, UnverifiedParts, UnverifiedRefreshToken};
