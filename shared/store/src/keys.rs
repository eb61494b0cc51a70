//! The key ring and the published keys: read by everybody, rotated by one function.

pub(crate) mod error;
pub(crate) mod published;
pub(crate) mod ring;
pub(crate) mod rotation;
pub(crate) mod staging;
pub(crate) mod verifying;
