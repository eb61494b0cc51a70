//! The five tables and the key ring of Gatehouse, over the AWS SDK.
//!
//! Conditions, consistent reads and transactions are decided here; rules are
//! not: those are `gatehouse_auth`'s. No HTTP, no clock, no environment.

mod batch;
mod cached;
mod connection;
mod ending;
mod error;
mod everybody;
mod item;
mod key_ring;
mod login_attempts;
mod login_lookup;
mod retry;
mod revocations;
mod rotation;
mod sessions;
mod signing_keys;
mod staging;
mod transaction;
mod users;
mod verifying_keys;

pub use cached::KeysError;
pub use connection::{
    Budget, Connection, ConnectionSettings, ConnectionSettingsError, Credentials,
};
pub use ending::{Caller, Ended, end_all_sessions, end_other_sessions, end_session};
pub use error::StoreError;
pub use everybody::Everybody;
pub use key_ring::{CachedKeyRing, KeyRingSource};
pub use login_attempts::{Guess, LoginAttempts, LoginReservation, Reservation, ReservedLogin};
pub use login_lookup::{LoginLookup, LookedUp};
pub use revocations::{Revocations, Revoked};
pub use rotation::{Created, KeyRotation, Progress, Removal, RotationError};
pub use sessions::{RotateSession, Sessions};
pub use signing_keys::SigningKeys;
pub use staging::KeyRingVersions;
pub use transaction::ClientRequestToken;
pub use users::{RegisterError, Users};
pub use verifying_keys::CachedVerifyingKeys;
