//! The five tables and the key ring of Gatehouse, over the AWS SDK.
//!
//! Conditions, consistent reads and transactions are decided here; rules are
//! not: those are `gatehouse_auth`'s. No HTTP, no clock, no environment.

mod admins;
mod attempts_about;
mod batch;
mod by_user;
mod cached;
mod cached_clients;
mod changing;
mod clients;
mod connection;
mod deleting;
mod ending;
mod error;
mod everybody;
mod import;
mod item;
mod key_ring;
mod listing;
mod login_attempts;
mod login_lookup;
mod names;
mod passwords;
mod respelling;
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

pub use attempts_about::{AttemptKeys, AttemptsAbout};
pub use cached::KeysError;
pub use cached_clients::CachedClients;
pub use changing::{Changed, change_user, change_user_by, end_sessions_of};
pub use clients::Clients;
pub use connection::{
    Budget, Connection, ConnectionSettings, ConnectionSettingsError, Credentials,
};
pub use deleting::{Deleted, delete_traces, delete_user, remove_user};
pub use ending::{Caller, Ended, end_all_sessions, end_other_sessions, end_session};
pub use error::StoreError;
pub use everybody::Everybody;
pub use import::Imported;
pub use key_ring::{CachedKeyRing, KeyRingSource};
pub use listing::UsersPage;
pub use login_attempts::{Guess, LoginAttempts, LoginReservation, Reservation, ReservedLogin};
pub use login_lookup::{LoginLookup, LookedUp};
pub use passwords::{change_password, reset_password};
pub use respelling::Respelled;
pub use revocations::{Revocation, Revocations, Revoked, TokenNames};
pub use rotation::{Created, KeyRotation, Progress, Removal, RotationError};
pub use sessions::{RotateSession, Sessions};
pub use signing_keys::SigningKeys;
pub use staging::KeyRingVersions;
pub use transaction::ClientRequestToken;
pub use unlocking::unlock;
pub use users::{Claim, RegisterError, Users};
pub use verifying_keys::CachedVerifyingKeys;
