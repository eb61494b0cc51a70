//! Many requests at once share one fetch, and only those without keys wait for it.

use std::sync::Arc;

use futures_util::future::join_all;
use gatehouse_testing::NOW;
use gatehouse_verify::{TokenError, VerifyError};

use crate::issuer::{Issuer, after, key};

#[tokio::test]
async fn the_first_hundred_requests_share_one_fetch() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    issuer.hold_replies();
    let verifier = Arc::new(issuer.verifier());
    let token = issuer.token(&key, NOW);
    let all = (0..100).map(|_| {
        let (verifier, token) = (Arc::clone(&verifier), token.clone());
        tokio::spawn(async move { verifier.verify(&token, NOW).await })
    });
    let all: Vec<_> = all.collect();
    issuer.has_received(1).await;
    issuer.release_replies();
    for answer in join_all(all).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(issuer.received(), 1);
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_is_one_request_in_ten_seconds() {
    let (known, stranger) = (key(), key());
    let issuer = Issuer::start(&[&known]).await;
    let verifier = issuer.verifier();
    verifier.preload(NOW).await.unwrap();
    let forged = issuer.token(&stranger, NOW);
    for second in [1, 10, 11, 19, 20] {
        // The clocks of concurrent requests differ by a second.
        let flood = (0..100).map(|n| verifier.verify(&forged, after(second + n % 2)));
        for refused in join_all(flood).await {
            let unknown = matches!(refused, Err(VerifyError::Token(TokenError::UnknownKey(_))));
            assert!(unknown, "after {second} s: {refused:?}");
        }
    }
    assert_eq!(issuer.received(), 3, "at 0, at 10 or 11, at 20 or 21");
}

#[tokio::test]
async fn cached_keys_are_used_while_the_issuer_is_slow() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let verifier = Arc::new(issuer.verifier());
    verifier.preload(NOW).await.unwrap();
    issuer.hold_replies();
    let token = issuer.token(&key, NOW);
    let (first, held) = (Arc::clone(&verifier), token.clone());
    let first = tokio::spawn(async move { first.verify(&held, after(400)).await });
    issuer.has_received(2).await;
    for _ in 0..100 {
        verifier.verify(&token, after(400)).await.unwrap();
    }
    assert!(!first.is_finished());
    issuer.release_replies();
    first.await.unwrap().unwrap();
    assert_eq!(issuer.received(), 2);
}

#[tokio::test]
async fn a_fetch_whose_caller_went_away_does_not_count() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    issuer.hold_replies();
    let verifier = Arc::new(issuer.verifier());
    let leaving = Arc::clone(&verifier);
    let leaving = tokio::spawn(async move { leaving.preload(NOW).await });
    issuer.has_received(1).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    issuer.release_replies();
    verifier.preload(NOW).await.unwrap();
}
