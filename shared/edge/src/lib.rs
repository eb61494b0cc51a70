//! What meets Lambda and HTTP: settings, requests, answers, the principal, logs.
//!
//! A function of yours needs [`Principal`] alone; ours use [`serve()`] and
//! [`Request`] too. Nothing here knows a table, a password or a key.

pub mod account;
pub mod address;
pub mod audit;
pub mod clock;
pub mod config;
mod event;
mod metric;
pub mod oauth;
pub mod principal;
pub mod problem;
pub mod request;
pub mod response;
pub mod serve;
pub mod telemetry;
#[cfg(feature = "tokens")]
pub mod tokens;

pub use account::Account;
pub use address::ClientAddress;
pub use audit::{Audit, AuditEvent};
pub use event::EventError;
pub use oauth::OauthError;
pub use principal::Principal;
pub use problem::{FieldError, Problem};
pub use request::{Fields, Request};
pub use response::Response;
pub use serve::serve;
