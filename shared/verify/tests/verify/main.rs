//! A verifier against an issuer on this machine that behaves, and one that does not.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what a test looks for and does not find is its finding"
)]

mod accepted;
mod issuer;
mod misbehaving;
mod policy;
mod together;
