//! Signers and verifiers, while the keys rotate.

use std::collections::BTreeSet;

use crate::world::{MIN_PENDING, PLACES, World, token};

/// Every minute each verifier knows the key of each signer, and no unknown key id has
/// to make it reread. Signers reread every five minutes, at different minutes.
#[tokio::test]
async fn ten_rotations_go_unnoticed() {
    for place in PLACES {
        let world = World::begun(place).await;
        let (mut signers, mut verifiers) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            signers.push(world.signer());
            verifiers.push(world.verifier());
            let now = world.now();
            for signer in &signers {
                signer.ring(now).await.unwrap();
            }
            for verifier in &verifiers {
                verifier.current(now).await.unwrap();
            }
            world.pass(60);
        }
        let mut seen = BTreeSet::new();
        for number in 1..=10 {
            world.rotate(&token(number)).await;
            for _ in 0..WATCHED {
                let now = world.now();
                for signer in &signers {
                    let ring = signer.ring(now).await.unwrap();
                    let (active, mac) = ring.signers(now).unwrap();
                    let active = active.kid();
                    seen.insert(active.clone());
                    for verifier in &verifiers {
                        let keys = verifier.current(now).await.unwrap();
                        assert!(keys.verifying().get(active).is_some(), "{place:?} {number}");
                    }
                    for other in &signers {
                        let known = other.ring(now).await.unwrap();
                        assert!(known.mac(&mac.id()).is_some(), "{place:?} {number}");
                    }
                }
                world.pass(60);
            }
            world.pass(MIN_PENDING - WATCHED * 60);
        }
        assert_eq!(seen.len(), 11);
    }
}

/// Minutes to watch after a rotation: by then all of them have reread twice.
const WATCHED: i64 = 12;
