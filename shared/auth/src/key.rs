//! Keys: the ones that sign access tokens, their public halves, and the ones that
//! authenticate refresh tokens; and the states that keys pass through.

mod algorithm;
mod cache;
mod error;
mod floor;
mod kid;
mod mac;
mod material;
mod private;
mod public;
mod published;
mod ring;
mod roca;
mod small_order;
mod state;
mod verifying;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use cache::{HeldBack, KeyCache, KeySource, LONGEST_STALENESS, Lookup};
pub use error::KeyError;
pub use floor::FloorLook;
pub use kid::{Kid, KidError};
pub use mac::{MacKey, MacKid, MacKidError};
pub use private::{SigningError, SigningKey};
pub use public::{PublicJwk, parse_jwk_set};
pub use published::{PublishedKeyEntry, PublishedKeys, UnprovenKey};
pub use ring::{KeyRing, MacKeyEntry, Rotation, RotationRules, RotationStep, SigningKeyEntry};
pub use state::KeyState;
pub use verifying::{VerifyingKey, VerifyingKeys};

#[cfg(test)]
mod known_answers;
#[cfg(test)]
pub(crate) mod testing;
