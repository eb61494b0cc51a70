//! Every route, over real HTTP, against real function processes.

#![expect(
    clippy::indexing_slicing,
    reason = "what a test looks for and does not find is its finding"
)]

mod bodies;
mod dependencies;
mod documents;
mod events;
mod every_endpoint;
mod jwks;
mod login;
mod logout;
mod outage;
mod protected;
mod races;
mod refresh;
mod register;
mod revoke;
mod secrets;
mod template;
mod walk;
