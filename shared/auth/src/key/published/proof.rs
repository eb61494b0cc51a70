//! The proof that verifiers will accept what a ring signs.

use super::PublishedKeys;
use crate::key::kid::Kid;
use crate::key::ring::KeyRing;
use crate::time::Timestamp;

/// Verifiers would refuse what a key signs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the published keys do not verify signatures of the key `{0}`")]
pub struct UnprovenKey(Kid);

impl PublishedKeys {
    /// Signs with every key of the ring that signs or will sign, and verifies the
    /// signatures.
    ///
    /// # Errors
    /// [`UnprovenKey`] names the first key that is not published, or published wrongly.
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

/// What is signed for the proof. It cannot be taken for a token: those contain dots
/// and no spaces.
const PROBE: &[u8] = b"gatehouse: proof of a key ring";
