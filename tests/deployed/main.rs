//! What takes minutes by its nature, or needs a deployment.

#![expect(
    clippy::indexing_slicing,
    reason = "what a test looks for and does not find is its finding"
)]

mod own_apis;
mod rotations;
