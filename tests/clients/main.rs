//! Clients against the local stack: existing libraries and resource servers, unchanged, in
//! the versions that `requirements.txt` and `package-lock.json` pin, and the clients in
//! `docs/clients`.

mod collection;
mod copies;
mod gatehouse_client;
mod install;
mod introspection;
mod libraries;
mod matrix;
mod migrating;
mod relay;
mod scenario;
mod schemathesis;
mod verifying;
