//! The five tables and the key ring of Gatehouse, over the AWS SDK.
//!
//! Conditions, consistent reads and transactions are decided here; rules are
//! not: those are `gatehouse_auth`'s. No HTTP, no clock, no environment.

mod accounts;
mod clients;
mod dynamodb;
mod keys;
mod login_attempts;
mod revocations;
mod sessions;
mod users;

pub use accounts::change::{Changed, change_user, change_user_by, end_sessions_of};
pub use accounts::deletion::{Deleted, delete_traces, delete_user, remove_user};
pub use accounts::import::Imported;
pub use accounts::password::{change_password, reset_password};
pub use accounts::sign_out::{Caller, Ended, end_all_sessions, end_other_sessions, end_session};
pub use clients::Clients;
pub use clients::cache::CachedClients;
pub use dynamodb::connection::{
    Budget, Connection, ConnectionSettings, ConnectionSettingsError, Credentials,
};
pub use dynamodb::error::StoreError;
pub use keys::cache::KeysError;
pub use keys::published::SigningKeys;
pub use keys::ring::{CachedKeyRing, KeyRingSource};
pub use keys::rotation::{Created, KeyRotation, Progress, Removal, RotationError};
pub use keys::staging::KeyRingVersions;
pub use keys::verifying::CachedVerifyingKeys;
pub use login_attempts::lookup::{LoginLookup, LookedUp};
pub use login_attempts::person::{AttemptKeys, AttemptsAbout};
pub use login_attempts::unlock::unlock;
pub use login_attempts::{Guess, LoginAttempts, LoginReservation, Reservation, ReservedLogin};
pub use revocations::{Revocation, Revocations, Revoked, TokenNames};
pub use sessions::{RotateSession, Sessions};
pub use users::export::Everybody;
pub use users::page::UsersPage;
pub use users::respelling::Respelled;
pub use users::{Claim, RegisterError, Users};
