use std::time::{Duration, Instant};

use argon2::{Algorithm, Version};

use super::*;
use crate::deadline::Deadline;
use crate::failure::Failure as _;

mod known_answer;
mod resources;

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn typed(text: &str) -> TypedPassword {
    TypedPassword::new(text)
}

async fn verify(hasher: &Hasher, text: &str, stored: &StoredHash) -> Verified {
    let verified = hasher.verify(typed(text), Some(stored.clone())).await;
    verified.unwrap()
}

/// The cheapest parameters that are allowed.
fn cheap() -> Hasher {
    Hasher::new(Argon2Params::new(7_168, 5).unwrap(), 2)
}

#[tokio::test]
async fn a_password_verifies_only_against_its_own_hash() {
    let hasher = cheap();
    let stored = hasher.hash(password("one"), [7; 16]).await.unwrap();
    let phc = stored.expose();
    assert!(phc.starts_with("$argon2id$v=19$m=7168,t=5,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
    assert_eq!(verify(&hasher, "one", &stored).await, Verified::Right);
    assert_eq!(verify(&hasher, "two", &stored).await, Verified::Wrong);
}

/// Byte 73 (bcrypt's end), byte 129, a space at the end, case, normalisation.
#[tokio::test]
async fn every_part_of_a_password_counts_in_its_hash() {
    let hasher = cheap();
    for (one, other, same) in [
        ("x".repeat(72) + "a", "x".repeat(72) + "b", false),
        ("x".repeat(128) + "a", "x".repeat(128) + "b", false),
        ("x".repeat(1023) + "a", "x".repeat(1023) + "b", false),
        ("\u{1f980}".repeat(256), "\u{1f980}".repeat(255), false),
        ("secret".to_owned(), "secret ".to_owned(), false),
        ("secret".to_owned(), "Secret".to_owned(), false),
        ("caf\u{e9}".to_owned(), "cafe\u{301}".to_owned(), true),
    ] {
        let stored = hasher.hash(password(&one), [7; 16]).await.unwrap();
        let verified = verify(&hasher, &other, &stored).await;
        assert_eq!(verified.is_right(), same, "{other:.80}");
    }
}

#[tokio::test]
async fn a_hash_with_older_parameters_verifies_and_is_to_be_replaced() {
    let (older, live) = (cheap(), Hasher::new(Argon2Params::default(), 1));
    let stored = older.hash(password("one"), [7; 16]).await.unwrap();
    assert_eq!(verify(&live, "one", &stored).await, Verified::Outdated);
    assert_eq!(verify(&older, "one", &stored).await, Verified::Right);

    // More memory than the live parameters have, and other lanes.
    let imported = "$argon2id$v=19$m=32768,t=1,p=4$c29tZXNhbHQ$";
    let output = {
        let params = argon2::Params::new(32_768, 1, 4, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut output = [0; 16];
        argon2
            .hash_password_into(b"one", b"somesalt", &mut output)
            .unwrap();
        argon2::password_hash::phc::Output::new(&output).unwrap()
    };
    let imported = StoredHash::new(format!("{imported}{output}"));
    assert_eq!(verify(&live, "one", &imported).await, Verified::Outdated);
    assert_eq!(verify(&live, "two", &imported).await, Verified::Wrong);
}

/// None of these may cost memory or time, whoever poisoned the table.
#[tokio::test]
async fn a_hash_that_requires_too_much_work_is_never_computed() {
    let hasher = cheap();
    let mut parsing = Duration::ZERO;
    for asked in [
        "m=4194304,t=2,p=1".to_owned(),
        "m=4294967295,t=2,p=1".to_owned(),
        "m=19456,t=4294967295,p=1".to_owned(),
        "m=99999999999,t=5,p=1".to_owned(),
        "m=134217720,t=1,p=16777215".to_owned(),
        "m=262148,t=1,p=1".to_owned(),
        "m=262144,t=8,p=1".to_owned(),
        "m=8,t=4294967295,p=1".to_owned(),
    ] {
        let phc = format!("$argon2id$v=19${asked}$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAA");
        let stored = StoredHash::new(phc);
        let started = Instant::now();
        let described = describe(&stored);
        parsing += started.elapsed();
        assert!(matches!(described, Err(HashError::TooCostly(_))), "{asked}");
        let refused = hasher.verify(typed("one"), Some(stored)).await;
        assert_eq!(refused, Ok(Verified::Unusable), "{asked}");
    }
    assert!(parsing < Duration::from_secs(1));
}

#[tokio::test]
async fn a_malformed_hash_or_another_algorithm_is_refused() {
    let hasher = cheap();
    let valid = hasher.hash(password("one"), [7; 16]).await.unwrap();
    let valid = valid.expose();
    let mut invalid: Vec<String> = (0..valid.len() - 28)
        .map(|end| valid[..end].to_owned())
        .collect();
    invalid.extend([
        valid.replace("argon2id", "argon2"),
        valid.replace("argon2id", "argon3id"),
        valid.replace("argon2id", "scrypt"),
        valid.replace("v=19", "v=17"),
        valid.replace("$m=7168,t=5,p=1", ""),
        valid.replace("t=5,", ""),
        valid.replace("p=1", "p=0"),
        valid.replace("t=5", "t=0"),
        valid.replace("m=7168", "m=7"),
        valid.replace("m=7168", "m=-1"),
        valid.replace("p=1", "p=1,keyid=AAAA"),
        valid.replace("p=1", "p=1,p=1"),
        format!("{valid}$"),
        format!("{valid}="),
        format!("{valid}\n"),
        format!("{valid}{}", "A".repeat(400_000)),
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        "$1$somesalt$abcdefghijklmnopqrstuv".to_owned(),
        "!unusable".to_owned(),
        String::new(),
        "one".to_owned(),
    ]);
    for phc in invalid {
        let stored = StoredHash::new(phc.clone());
        assert_eq!(describe(&stored), Err(HashError::Malformed), "{phc:.120}");
    }
}

/// Runs a future for a request that has this much time left.
async fn within<F: Future>(left: Duration, future: F) -> F::Output {
    Deadline::after(left).scope(future).await
}

/// Otherwise the response and its time would reveal that the account exists.
#[tokio::test]
async fn a_hash_that_cannot_be_verified_costs_as_much_as_an_unknown_user() {
    let hasher = cheap();
    let costly = "$2b$31$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    for unusable in [
        "",
        "one",
        "!",
        costly,
        "$argon2id$v=19$m=4194304,t=2,p=1$x$y",
    ] {
        for (text, hashes) in [("plain", 1), ("no\u{a0}break", 2)] {
            let before = hasher.computed();
            let stored = StoredHash::new(unusable.to_owned());
            let verified = hasher.verify(typed(text), Some(stored)).await;
            assert_eq!(verified, Ok(Verified::Unusable));
            assert_eq!(hasher.computed() - before, hashes, "{unusable}");
        }
    }
}

/// It was begun if two of *our* hashes fitted in, and the response came seconds too late.
#[tokio::test]
async fn a_costly_hash_needs_its_own_time_before_it_begins() {
    let hasher = cheap();
    hasher.warm_up();
    // Half a second of the slowest processor, for each spelling.
    let costly = "$2b$12$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    let costly = StoredHash::new(costly.to_owned());
    let cost = Readable::parse(&costly).unwrap().cost(3).time();
    for (text, left, expected) in [
        ("one", cost, Err(HashError::Busy)),
        ("a\u{a0}b", cost * 2, Err(HashError::Busy)),
        ("one", cost * 2, Ok(Verified::Wrong)),
    ] {
        let before = hasher.computed();
        let verify = async {
            assert_eq!(hasher.ready(), Ok(()));
            hasher.verify(typed(text), Some(costly.clone())).await
        };
        let verified = within(left, verify).await;
        assert_eq!(verified, expected, "{text}, {left:?}");
        assert_eq!(hasher.computed() - before, u64::from(expected.is_ok()));
    }
}

/// phpass hashes the whole password in each of the rounds.
#[tokio::test]
async fn a_password_that_makes_a_hash_too_costly_does_not_match() {
    let hasher = cheap();
    let stored = StoredHash::new("$P$IIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned());
    let long = "x".repeat(4096);
    let before = hasher.computed();
    let verified = hasher.verify(typed(&long), Some(stored)).await;
    assert_eq!(verified, Ok(Verified::Unusable));
    assert_eq!(hasher.computed() - before, 1);
}

#[tokio::test]
async fn an_unknown_user_costs_as_much_as_a_known_one() {
    let hasher = Hasher::new(Argon2Params::default(), 1);
    hasher.warm_up();
    let stored = hasher.hash(password("one"), [7; 16]).await.unwrap();
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..8 {
        let started = Instant::now();
        verify(&hasher, "two", &stored).await;
        quickest[0] = quickest[0].min(started.elapsed());
        let started = Instant::now();
        hasher.verify(typed("two"), None).await.unwrap();
        quickest[1] = quickest[1].min(started.elapsed());
    }
    let [known, unknown] = quickest;
    assert!(unknown > known / 2 && known > unknown / 2, "{quickest:?}");
}

/// The second spelling is hashed too, whether there is an account or not, and the time
/// required covers both.
#[tokio::test]
async fn a_password_with_two_spellings_costs_two_hashes_for_known_and_unknown_users() {
    let hasher = cheap();
    let stored = hasher.hash(password("one"), [7; 16]).await.unwrap();
    for (text, hashes) in [("plain", 1), ("no\u{a0}break", 2), ("u\u{308}ber", 2)] {
        for account in [Some(stored.clone()), None] {
            let before = hasher.computed();
            let verified = hasher.verify(typed(text), account).await;
            assert_eq!(verified, Ok(Verified::Wrong));
            assert_eq!(hasher.computed() - before, hashes, "{text}");
        }
    }
    hasher.warm_up();
    let left = hasher.pace.typical() * 5 / 2;
    let ready = async |text| hasher.ready_to_verify(&typed(text));
    assert_eq!(within(left, ready("plain")).await, Ok(()));
    let busy = within(left, ready("no\u{a0}break")).await;
    assert_eq!(busy, Err(HashError::Busy));
}

/// Another library with our parameters: the hash looks like ours, and is of what was
/// typed. It must become one of the normalised spelling, which later logins compare.
#[tokio::test]
async fn argon2_of_an_unnormalised_spelling_matches_and_is_outdated() {
    let hasher = cheap();
    for raw in ["gro\u{df}e U\u{308}berraschung", "a\u{a0}b", "cafe\u{301}"] {
        let elsewhere = Password(secrecy::SecretString::from(raw));
        let stored = hasher.hash(elsewhere, [7; 16]).await.unwrap();
        assert_eq!(verify(&hasher, raw, &stored).await, Verified::Outdated);
        let normalised = typed(raw).normalised();
        let ours = hasher.hash(normalised, [7; 16]).await.unwrap();
        assert_eq!(verify(&hasher, raw, &ours).await, Verified::Right);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_returns_its_permit() {
    let hasher = Hasher::new(Argon2Params::new(7_168, 5).unwrap(), 1);
    for _ in 0..3 {
        let hash = hasher.hash(password("one"), [7; 16]);
        // Polled once, so that the thread has begun, then dropped.
        let begun = tokio::select! {
            biased;
            _ = hash => false,
            () = std::future::ready(()) => true,
        };
        assert!(begun);
    }
    assert!(hasher.hash(password("one"), [7; 16]).await.is_ok());
    assert_eq!(hasher.permits.available_permits(), 1);
}

#[tokio::test]
async fn a_caller_with_less_time_than_two_hashes_take_gets_no_hash() {
    let hasher = cheap();
    hasher.warm_up();
    let before = hasher.computed();
    let typical = hasher.pace.typical();
    assert!(typical > Duration::ZERO);
    for left in [Duration::ZERO, typical, typical + typical / 2] {
        let refused = within(left, hasher.verify(typed("one"), None)).await;
        assert_eq!(refused, Err(HashError::Busy), "{left:?}");
        assert_eq!(
            within(left, async { hasher.ready() }).await,
            Err(HashError::Busy)
        );
    }
    assert!(HashError::Busy.is_transient());
    assert_eq!(hasher.computed(), before);
    let left = Duration::from_mins(1);
    assert_eq!(within(left, async { hasher.ready() }).await, Ok(()));
    assert_eq!(
        within(left, hasher.verify(typed("one"), None)).await,
        Ok(Verified::Wrong)
    );
    assert_eq!(hasher.computed(), before + 1);
}

#[tokio::test]
async fn waiting_for_others_counts_as_time() {
    let hasher = Hasher::new(Argon2Params::new(7_168, 5).unwrap(), 1);
    hasher.warm_up();
    let held = Arc::clone(&hasher.permits).acquire_owned().await.unwrap();
    let left = hasher.pace.typical() * 2 + Duration::from_millis(20);
    let refused = within(left, hasher.verify(typed("one"), None)).await;
    assert_eq!(refused, Err(HashError::Busy));
    drop(held);
    let left = Duration::from_mins(1);
    assert_eq!(
        within(left, hasher.verify(typed("one"), None)).await,
        Ok(Verified::Wrong)
    );
}

#[tokio::test]
async fn more_hashes_than_permits_wait_and_are_all_correct() {
    let hasher = cheap();
    let expected = hasher.hash(password("one"), [7; 16]).await.unwrap();
    let mut work = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let hasher = hasher.clone();
        work.spawn(async move { hasher.hash(password("one"), [7; 16]).await });
    }
    for stored in work.join_all().await {
        assert_eq!(stored.unwrap().expose(), expected.expose());
    }
}
