//! What tests share, so that each of them starts with the same world.
//!
//! [`Tables`] holds the tables of `infra/template.yaml`, in memory; [`user`] and
//! [`session`] build what goes into them. [`TestClock`] moves time, and [`StubServer`]
//! imitates a server that misbehaves. [`Faults`] breaks calls to AWS, either in process,
//! as the SDK's HTTP client, or at the wire, as a proxy. [`Took`] compares times. This crate is only ever a
//! dev-dependency, and depends on no function.
//!
//! # Start here
//!
//! ```
//! use gatehouse_testing::{Fault, Tables, at_call, user};
//!
//! # #[tokio::main]
//! # async fn main() {
//! let ada = user("ada");
//! let tables = Tables::start_with(&[&ada]).await;
//!
//! // The connection breaks once DynamoDB has carried out the next read...
//! tables.faults().inject(at_call(0).of("GetItem").after(), Fault::Cut);
//! let found = tables.users().get(&ada.sub).await.unwrap();
//!
//! // ... and the SDK repeats it.
//! assert!(found.is_some());
//! assert_eq!(tables.faults().take_calls(), ["GetItem", "GetItem"]);
//! # }
//! ```
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test whose world does not start has failed"
)]

mod backend;
mod clock;
mod connector;
mod faults;
mod forger;
mod invariants;
mod logs;
mod mail;
mod memory;
mod policy;
mod recorder;
mod secrets;
mod statistic;
mod stub;
mod tables;
mod users;
mod wire;

pub use backend::{Backend, Call, ConnectionCut, Outcome, operation};
pub use clock::TestClock;
pub use faults::{At, Fault, Faults, at_call};
pub use forger::{Forger, base64url, message, sign_with_hmac};
pub use invariants::broken_invariants;
pub use logs::LogBuffer;
pub use mail::{MailServices, QueueEntry};
pub use memory::{Contents, MemoryTables};
pub use policy::{Policy, PolicyCase};
pub use recorder::{RecordedCall, Recorder};
pub use secrets::{SECRET_ARN, Secrets};
pub use statistic::{Took, auc, median};
pub use stub::{Reply, StubServer};
pub use tables::{Item, Tables, connect};
pub use users::{NOW, at, mac_kid, session, subject, user};
