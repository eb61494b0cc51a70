//! The key ring and the published keys. Many functions read them; one rotates them.

pub(crate) mod error;
pub(crate) mod published;
pub(crate) mod ring;
pub(crate) mod rotation;
pub(crate) mod signer;
pub(crate) mod staging;
pub(crate) mod verifying;
