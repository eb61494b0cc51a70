//! Those who sign and those who verify, while the keys rotate under them.

use std::collections::BTreeSet;

use crate::world::{MIN_PENDING, PLACES, World, token};

/// Each minute every signer's key is known to every verifier, without an unknown
/// key id having to make it reread. They reread every five minutes, each at a
/// minute of its own.
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
                signer.current(now).await.unwrap();
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
                    let ring = signer.current(now).await.unwrap();
                    let active = ring.active().unwrap().kid();
                    seen.insert(active.clone());
                    for verifier in &verifiers {
                        let keys = verifier.current(now).await.unwrap();
                        assert!(keys.verifying().get(active).is_some(), "{place:?} {number}");
                    }
                    let mac = ring.active_mac().unwrap().id();
                    for other in &signers {
                        let known = other.current(now).await.unwrap();
                        assert!(known.mac(&mac).is_some(), "{place:?} {number}");
                    }
                }
                world.pass(60);
            }
            world.pass(MIN_PENDING - WATCHED * 60);
        }
        assert_eq!(seen.len(), 11);
    }
}

/// For so many minutes after a rotation; by then everybody has reread twice.
const WATCHED: i64 = 12;
