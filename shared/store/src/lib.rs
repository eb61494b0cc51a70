//! The five tables and the key ring of Gatehouse, over the AWS SDK.
//!
//! Conditions, consistent reads and transactions are decided here; rules are
//! not: those are `gatehouse_auth`'s. No HTTP, no clock, no environment.

mod admins;
mod batch;
mod cached;
mod changing;
mod connection;
mod ending;
mod error;
mod item;
mod key_ring;
mod login_lookup;
mod names;
mod passwords;
mod retry;
mod revocations;
mod rotation;
mod sessions;
mod signing_keys;
mod staging;
mod transaction;
mod unlocking;
mod users;
mod verifying_keys;

pub use cached::KeysError;
pub use changing::{Changed, change_user, change_user_by, end_sessions_of};
pub use connection::{
    Budget, Connection, ConnectionSettings, ConnectionSettingsError, Credentials,
};
pub use ending::{Caller, Ended, end_all_sessions, end_other_sessions, end_session};
pub use error::StoreError;
pub use key_ring::{CachedKeyRing, KeyRingSource};
pub use login_lookup::LoginLookup;
pub use passwords::{change_password, reset_password};
pub use revocations::{Revocations, Revoked};
pub use rotation::{Created, KeyRotation, Progress, Removal, RotationError};
pub use sessions::{RotateSession, Sessions};
pub use signing_keys::SigningKeys;
pub use staging::KeyRingVersions;
pub use transaction::ClientRequestToken;
pub use unlocking::unlock;
pub use users::{RegisterError, Users};
pub use verifying_keys::CachedVerifyingKeys;
