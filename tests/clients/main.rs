//! Existing clients and resource servers against the local stack, unchanged, in the
//! versions that `requirements.txt` and `package-lock.json` pin.

mod install;
mod introspection;
mod libraries;
mod matrix;
mod migrating;
