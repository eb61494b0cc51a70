//! The proof that what a ring will sign is what verifiers will accept.

use super::PublishedKeys;
use crate::key::kid::Kid;
use crate::key::ring::KeyRing;
use crate::time::Timestamp;

/// A key signs what nobody would accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what the key `{0}` signs is not verified by the published keys")]
pub struct UnprovenKey(Kid);

impl PublishedKeys {
    /// Signs with every key of the ring that signs or will, and verifies that.
    ///
    /// # Errors
    /// [`UnprovenKey`] names the first key that is not published, or not rightly.
    pub fn prove(&self, ring: &KeyRing, now: Timestamp) -> Result<(), UnprovenKey> {
        let verifying = self.verifying(now);
        for key in ring.signers() {
            let kid = key.kid();
            let signature = key.sign(PROBE).ok();
            let verified = verifying
                .get(kid)
                .zip(signature)
                .is_some_and(|(public, signature)| public.verify_signature(PROBE, &signature));
            if !verified {
                return Err(UnprovenKey(kid.clone()));
            }
        }
        Ok(())
    }
}

/// What is signed for the proof: no token, since those have dots and no spaces.
const PROBE: &[u8] = b"gatehouse: proof of a key ring";
