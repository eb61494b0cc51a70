//! The five tables and the key ring of Gatehouse, over the AWS SDK.
//!
//! Conditions, consistent reads and transactions are decided here; rules are
//! not: those are `gatehouse_auth`'s. No HTTP, no clock, no environment.

mod accounts;
mod clients;
mod dynamodb;
mod keys;
mod login_attempts;
pub mod private_file;
mod revocations;
mod sessions;
mod users;

pub use accounts::{Accounts, Changed, Deleted, Ended, Imported, SessionOwner};
pub use clients::{CachedClients, Clients};
pub use dynamodb::connection::{
    Budget, Connection, ConnectionSettings, ConnectionSettingsError, Credentials,
};
pub use dynamodb::error::StoreError;
pub use keys::error::KeyStoreError;
pub use keys::published::SigningKeys;
pub use keys::ring::{CachedKeyRing, KeyRingSource, KeyRingSourceError};
pub use keys::rotation::{KeyRemoval, KeyRotation, RingCreation, RotationError, RotationProgress};
pub use keys::staging::KeyRingVersions;
pub use keys::verifying::{CachedVerifyingKeys, PreparedKeys};
pub use login_attempts::{
    AttemptKeys, Guess, LoginAttempts, LoginLookup, LoginReservation, Reservation, ReservedLogin,
};
pub use revocations::{Revocation, Revocations, Revoked, TokenNames};
pub use sessions::{RotateSession, Sessions};
pub use users::{Claim, ExportPage, RegisterError, Respelled, Users, UsersPage};
