//! Passwords that other systems hashed exactly as typed.

use crate::world::{HOME, World};

/// Passwords with decomposed letters, a no-break space, a tab, a newline at the end,
/// and one that is too short: PBKDF2 by Python 3.11's hashlib, with 1,000 iterations
/// and the salt `somesalt`.
const AS_TYPED: [(&str, &str); 5] = [
    (
        "gro\u{df}te U\u{308}berraschung im Cafe\u{301}",
        "pbkdf2_sha256$1000$somesalt$8Xbm46erFXZiqJ8OafBRcbT2r8+FynDKE/Gp8w64F3Y=",
    ),
    (
        "no\u{a0}break",
        "pbkdf2_sha256$1000$somesalt$T34o1RUCxOTbi6n9pCvL/uuzz7fAUI4/1QT7lhhMyO8=",
    ),
    (
        "a\ttab",
        "pbkdf2_sha256$1000$somesalt$EkpJ70aHEGu3oSKrMWY67H+b0FnRm8GMCRIduhTwd5g=",
    ),
    (
        "a newline\n",
        "pbkdf2_sha256$1000$somesalt$eLLAtODtHxXMcKR+SlWT/M6OObLffBkneQ5VB6ciL1Q=",
    ),
    (
        "short",
        "pbkdf2_sha256$1000$somesalt$g3FMYrgrr/q5nNaDWizA1mg41FfJrEhmOIbEamrQFC8=",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_password_hashed_as_typed_logs_in_and_is_rehashed() {
    let world = World::start().await;
    for (number, (password, hash)) in AS_TYPED.into_iter().enumerate() {
        let name = format!("ada{number}");
        let user = world.add(&name, Some(hash)).await;
        let first = world.log_in(&name, password, HOME).await;
        assert_eq!(first.status(), 200, "{password:?}");
        let ours = world.hash_of(&user).await;
        assert!(ours.expose().starts_with("$argon2id$v=19$m=19456,"));

        let before = world.hasher.computed();
        let second = world.log_in(&name, password, HOME).await;
        assert_eq!(second.status(), 200, "{password:?}");
        assert_eq!(world.hasher.computed() - before, 1, "{password:?}");
    }
    let composed = "gro\u{df}te \u{dc}berraschung im Caf\u{e9}";
    assert_eq!(world.log_in("ada0", composed, HOME).await.status(), 200);
}

/// Both spellings are compared, but one guess is counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_with_two_spellings_counts_as_one_guess() {
    let world = World::start().await;
    let mut guesses = Vec::new();
    for (name, password) in [("ada", "a wrong one"), ("grace", "a\u{a0}wrong one")] {
        world.add(name, None).await;
        let mut allowed = 0;
        while world.log_in(name, password, HOME).await.status() == 401 {
            allowed += 1;
            assert!(allowed < 1000, "{name} has no limit");
            world.pass(2);
        }
        guesses.push(allowed);
    }
    assert_eq!(guesses[0], guesses[1]);
}
