//! A rehash never replaces a newer password.

use std::sync::Arc;

use gatehouse_auth::password::{Argon2Params, Hasher, Password};

use gatehouse_testing::NOW;

use crate::world::{HOME, PASSWORD, World};

/// Returns a hash of the same password with parameters of years ago.
async fn older() -> String {
    let hasher = Hasher::new(Argon2Params::new(12_288, 3).unwrap(), 1);
    let password = Password::parse(PASSWORD).unwrap();
    let hash = hasher.hash(password, [9; 16]).await.unwrap();
    hash.expose().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_logins_leave_one_new_hash() {
    let world = Arc::new(World::start().await);
    let older = older().await;
    let user = world.add("ada", Some(&older)).await;
    let (one, other) = tokio::join!(
        world.log_in("ada", PASSWORD, HOME),
        world.log_in("ada", PASSWORD, HOME)
    );
    assert_eq!((one.status().as_u16(), other.status().as_u16()), (200, 200));
    let now = world.hash_of(&user).await;
    assert!(now.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
}

/// Whether the password changes before, during or after the rehash, the changed
/// password is what remains.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_changed_during_a_rehash_stays_changed() {
    let world = Arc::new(World::start().await);
    let older = older().await;
    let changed = {
        let password = Password::parse("eleven loud herons at dusk").unwrap();
        world.hasher.hash(password, [8; 16]).await.unwrap()
    };
    for round in 0..8 {
        let name = format!("ada{round}");
        let user = world.add(&name, Some(&older)).await;
        let login = {
            let (world, name) = (Arc::clone(&world), name.clone());
            tokio::spawn(async move { world.log_in(&name, PASSWORD, HOME).await.status() })
        };
        // A change replaces the current hash, whichever that is.
        loop {
            let before = world.hash_of(&user).await;
            let change = world.users.replace_hash(&user.sub, &before, &changed, NOW);
            if change.await.unwrap() {
                break;
            }
        }
        login.await.unwrap();
        assert_eq!(world.hash_of(&user).await.expose(), changed.expose());
    }
}
