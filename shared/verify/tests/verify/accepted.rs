//! What is accepted, what is refused, and how often the issuer is asked for that.

use std::time::Duration;

use gatehouse_testing::NOW;
use gatehouse_verify::{TokenError, VerifyError};

use crate::issuer::{Issuer, after, key, published, token};

#[tokio::test]
async fn a_valid_token_is_accepted_and_the_keys_are_fetched_once() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    verifier.preload(NOW).await.unwrap();
    for second in [0, 1, 300] {
        let claims = verifier
            .verify(&issuer.token(&key, NOW), after(second))
            .await;
        let claims = claims.unwrap();
        assert!(claims.roles.contains("user") && claims.scope.contains("profile"));
    }
    assert_eq!(issuer.received(), 1);
}

#[tokio::test]
async fn the_keys_are_fetched_again_when_they_are_too_old() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    for (second, requests) in [(0, 1), (300, 1), (301, 2), (601, 2), (602, 3)] {
        verifier
            .verify(&issuer.token(&key, NOW), after(second))
            .await
            .unwrap();
        assert_eq!(issuer.received(), requests, "after {second} s");
    }
}

#[tokio::test]
async fn a_different_issuer_or_audience_and_an_expired_token_are_refused() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    let foreign = token("http://127.0.0.1:1", "api", &key, NOW);
    let elsewhere = token(issuer.url(), "other-api", &key, NOW);
    let ended = issuer.token(&key, NOW.minus(Duration::from_mins(15)));
    for (token, refusal) in [
        (foreign, TokenError::Issuer),
        (elsewhere, TokenError::Audience),
        (ended, TokenError::Expired),
        ("no token".into(), TokenError::Parts),
    ] {
        let error = verifier.verify(&token, NOW).await.unwrap_err();
        assert!(
            matches!(&error, VerifyError::Token(found) if *found == refusal),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_new_key_is_found_with_its_first_token_and_a_removed_one_expires_with_the_cache() {
    let (old, new) = (key(), key());
    let issuer = Issuer::start(&[&old]).await;
    let verifier = issuer.verifier();
    verifier.preload(NOW).await.unwrap();
    issuer.reply_with(published(&[&new]));

    verifier
        .verify(&issuer.token(&new, NOW), after(10))
        .await
        .unwrap();
    assert_eq!(issuer.received(), 2);
    let removed = verifier.verify(&issuer.token(&old, NOW), after(11)).await;
    assert!(matches!(
        removed,
        Err(VerifyError::Token(TokenError::UnknownKey(_)))
    ));
}

#[tokio::test]
async fn a_removed_key_verifies_for_the_age_of_the_cache_and_no_longer() {
    let (old, new) = (key(), key());
    let issuer = Issuer::start(&[&old, &new]).await;
    let verifier = issuer.verifier();
    verifier.preload(NOW).await.unwrap();
    issuer.reply_with(published(&[&new]));
    verifier
        .verify(&issuer.token(&old, NOW), after(300))
        .await
        .unwrap();
    let ended = verifier.verify(&issuer.token(&old, NOW), after(301)).await;
    assert!(matches!(
        ended,
        Err(VerifyError::Token(TokenError::UnknownKey(_)))
    ));
}

#[tokio::test]
async fn an_issuer_that_publishes_no_key_means_no_access() {
    let key = key();
    let issuer = Issuer::start(&[]).await;
    let refused = issuer
        .verifier()
        .verify(&issuer.token(&key, NOW), NOW)
        .await;
    assert!(matches!(
        refused,
        Err(VerifyError::Token(TokenError::UnknownKey(_)))
    ));
}
