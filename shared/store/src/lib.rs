//! The tables and the key ring of Gatehouse, over the AWS SDK.
//!
//! This crate decides on conditions, consistent reads and transactions. The rules are in
//! `gatehouse_auth`. It uses no HTTP of its own, no clock and no environment.
//!
//! # Start here
//!
//! A [`Connection`] has the clients, and each table has a type: [`Users`], [`Sessions`],
//! [`Revocations`], [`LoginAttempts`], [`SigningKeys`], [`Clients`] and [`Outbox`].
//! [`Accounts`] writes to several of them in one transaction.
//!
//! ```
//! use gatehouse_store::{
//!     Accounts, Connection, ConnectionSettings, Ended, Revocations, Revoked, Sessions, Users,
//! };
//! # use gatehouse_auth::id::Jti;
//! # use gatehouse_testing::{Tables, at, session, user};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let tables = Tables::start().await;
//! # let (dynamodb_url, name) = (tables.url(), |table| tables.name(table).to_owned());
//! // Once per process. Clones share the connections.
//! let client = Connection::open(&ConnectionSettings::for_local_stack(dynamodb_url)).tables();
//! let accounts = Accounts::new(
//!     Users::new(client.clone(), name("UsersTable")),
//!     Sessions::new(client.clone(), name("SessionsTable")),
//!     Revocations::new(client, name("RevocationsTable")),
//! );
//!
//! // A registration writes the user and the items of their names; a login, a session.
//! let (ada, session) = (user("ada"), session(1, "ada"));
//! accounts.users.register(&ada).await?;
//! accounts.sessions.create(&session).await?;
//!
//! // Ending a session also revokes its access tokens, in the same transaction.
//! let ended = accounts.end_session(&session.sid, &ada.sub, "logged_out", at(60)).await?;
//! assert_eq!(ended, Ended::Done);
//! let (jti, ver) = (Jti::from_bytes([1; 16]), ada.token_version);
//! let revoked = accounts.revocations.check(&jti, &session.sid, &ada.sub, ver).await?;
//! assert_eq!(revoked, Some(Revoked::Session));
//! # Ok(())
//! # }
//! ```

mod accounts;
mod clients;
mod dynamodb;
mod keys;
mod login_attempts;
mod outbox;
pub mod private_file;
mod revocations;
mod sessions;
mod users;

pub use accounts::{
    Accounts, Changed, CodeSource, Deleted, Ended, ImportBatch, Imported, PendingDeletion, Raised,
    Recoverable, SessionOwner, SurplusSessions, Verified,
};
/// What sends requests to AWS; a test's own one needs no network.
pub use aws_smithy_runtime_api::client::http::SharedHttpClient as HttpClient;
pub use clients::{CachedClients, Clients};
pub use dynamodb::connection::{
    Budget, Connection, ConnectionSettings, ConnectionSettingsError, Credentials,
};
pub use dynamodb::error::StoreError;
pub use keys::error::KeyStoreError;
pub use keys::published::SigningKeys;
pub use keys::ring::{CachedKeyRing, KeyRingSource, KeyRingSourceError};
pub use keys::rotation::{KeyRemoval, KeyRotation, RingCreation, RotationError, RotationProgress};
pub use keys::signer::{CheckedRing, Signer};
pub use keys::staging::KeyRingVersions;
pub use keys::verifying::{CachedVerifyingKeys, PreparedKeys};
pub use login_attempts::{
    AttemptKeys, GrantedLane, Guess, LoginAttempts, LoginLookup, Reservation, Waiting,
};
pub use outbox::{Attempt, NewAttempt, Outbox, OutboxContents, RecipientBucket, SendingPause};
pub use revocations::{Revocation, Revocations, Revoked, TokenIds};
pub use sessions::{RotateSession, Sessions};
pub use users::{Claim, ExportPage, RegisterError, Respelled, Users, UsersPage};
