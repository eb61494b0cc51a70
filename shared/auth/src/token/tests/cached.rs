use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::forge::{AUDIENCE, ISSUER, claims, claims_with, sign_claims, valid, verify};
use crate::key::testing::{ALGORITHMS, NOW, key};
use crate::key::{HeldBack, KeyCache, KeySource, VerifyingKeys};
use crate::time::Timestamp;
use crate::token::{SignedIds, TokenError, Verifier};

/// Counts how often the keys are read.
#[derive(Default)]
struct Source(AtomicU32);

impl KeySource for Arc<Source> {
    type Keys = VerifyingKeys;
    type Error = HeldBack;

    async fn fetch(&self, _: Timestamp) -> Result<VerifyingKeys, HeldBack> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let keys = ALGORITHMS.map(|algorithm| key(algorithm).public());
        Ok(VerifyingKeys::from_jwks(keys.into()))
    }
}

fn cache() -> (Arc<Source>, KeyCache<Arc<Source>>) {
    let source = Arc::new(Source::default());
    let cache = KeyCache::new(Arc::clone(&source), Duration::from_mins(5));
    (source, cache)
}

#[tokio::test]
async fn a_token_is_verified_with_the_keys_of_the_source() {
    let (source, cache) = cache();
    let verifier = Verifier::new(ISSUER.into(), AUDIENCE.into());
    let verdict = cache.verify(&verifier, &valid(), NOW).await.unwrap();
    let read = serde_json::to_value(verdict.unwrap());
    assert_eq!(read.unwrap(), claims());
    assert_eq!(source.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_rejected_token_that_was_signed_by_us_has_its_ids() {
    let (_, cache) = cache();
    let token = sign_claims(&claims_with("exp", NOW.unix() - 600));
    let ids = cache.ids_of_rejected(&token, &TokenError::Expired, NOW);
    assert_eq!(ids.await, SignedIds::from(&verify(&valid()).unwrap()));
}

#[tokio::test]
async fn a_forged_token_has_no_ids_and_causes_no_read_of_the_keys() {
    let (source, cache) = cache();
    let token = valid();
    let ids = cache.ids_of_rejected(&token, &TokenError::Signature, NOW);
    assert_eq!(ids.await, SignedIds::default());
    assert_eq!(source.0.load(Ordering::Relaxed), 0);
}
