//! Everything that meets Lambda and HTTP: settings, requests, responses, the principal,
//! logs.
//!
//! Your own function needs only [`Principal`]; ours also use [`run()`] and [`Request`].
//! Nothing here knows about tables, passwords or keys.

mod account;
mod address;
mod audit;
mod clock;
pub mod config;
#[cfg(feature = "schema")]
pub mod contract;
mod deadline;
mod error;
mod event;
mod function;
mod metric;
mod principal;
mod process;
mod request;
pub mod response;
mod run;
mod serve;
mod step;
pub mod telemetry;
#[cfg(feature = "tokens")]
mod tokens;

pub use account::{Account, EmailSuppression};
pub use address::ClientAddress;
pub use audit::{Audit, AuditEvent};
pub use clock::Clock;
pub use deadline::{BUDGET, deadline, warm_up};
pub use error::{FieldError, OauthError, Problem};
pub use event::EventError;
pub use function::StartError;
pub use principal::Principal;
pub use process::{end_if_expired, handle_events, is_over};
pub use request::{Fields, REFRESH_COOKIE, RepeatedCookie, Request};
pub use run::{run, run_with, run_with_schedule};
pub use serve::respond;
pub use step::Step;
#[cfg(feature = "tokens")]
pub use tokens::{RefreshDelivery, Tokens};

/// The response that a handler returns.
pub type Response = http::Response<lambda_http::Body>;
