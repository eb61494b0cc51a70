//! The four steps: in order, repeated, and on their own.

use gatehouse_auth::key::{KeyState, Kid};
use lambda_runtime::Context;

use crate::world::{PLACES, Place, STEPS, World, event, token};

fn kid(ring: &gatehouse_auth::key::KeyRing, state: KeyState) -> Kid {
    let mut keys = ring.signing_keys().filter(|key| key.state == state);
    keys.next().unwrap().kid.clone()
}

#[tokio::test]
async fn the_first_rotation_creates_the_first_ring() {
    for place in PLACES {
        let world = World::new(place).await;
        world.rotate(&token(0)).await;
        let ring = world.is_settled().await;
        assert_eq!((ring.version(), ring.signing_keys().count()), (1, 2));
        assert_eq!(ring.mac_keys().count(), 2);
    }
}

#[tokio::test]
async fn a_rotation_promotes_the_key_that_was_published_before() {
    for place in PLACES {
        let world = World::begun(place).await;
        let before = world.is_settled().await;
        world.rotate(&token(1)).await;
        let after = world.is_settled().await;
        assert_eq!(after.version(), 2);
        let (was, is) = (KeyState::Pending, KeyState::Active);
        assert_eq!(kid(&after, is), kid(&before, was));
        let (was, is) = (KeyState::Active, KeyState::Retired);
        assert_eq!(kid(&after, is), kid(&before, was));
    }
}

/// The keys that will sign are published by the second step, and sign only
/// after the fourth.
#[tokio::test]
async fn the_keys_are_published_before_they_sign() {
    for place in PLACES {
        let world = World::begun(place).await;
        let (_, before) = world.keys().await;
        world.step("createSecret", &token(1)).await.unwrap();
        assert_eq!(world.keys().await.1.version(), before.version());
        world.step("setSecret", &token(1)).await.unwrap();
        let (ring, published) = world.is_sound().await;
        assert_eq!(ring.version(), 1);
        assert_eq!(published.entries().count(), 3);
        let retired =
            |entry: &gatehouse_auth::key::PublishedKeyEntry<'_>| entry.state == KeyState::Retired;
        assert!(!published.entries().any(|entry| retired(&entry)));
        world.step("finishSecret", &token(1)).await.unwrap();
        assert_eq!(world.is_settled().await.version(), 2);
    }
}

#[tokio::test]
async fn every_step_can_be_repeated_at_any_time() {
    for place in PLACES {
        let world = World::begun(place).await;
        for (done, _) in STEPS.iter().enumerate() {
            for step in &STEPS[..=done] {
                world.step(step, &token(1)).await.unwrap();
                world.step(step, &token(1)).await.unwrap();
                world.is_sound().await;
            }
        }
        for step in STEPS {
            world.step(step, &token(1)).await.unwrap();
        }
        assert_eq!(world.is_settled().await.version(), 2);
    }
}

#[tokio::test]
async fn a_rotation_that_comes_too_early_succeeds_and_changes_nothing() {
    for place in PLACES {
        let world = World::begun(place).await;
        world.rotate(&token(1)).await;
        world.pass(10_799);
        let (before, _) = world.is_sound().await;
        world.rotate(&token(2)).await;
        assert!(world.is_settled().await.is_same(&before));
        world.pass(1);
        world.rotate(&token(3)).await;
        assert_eq!(world.is_settled().await.version(), 3);
    }
}

/// Secrets Manager tests a new rotation like this, with a version that has no value.
#[tokio::test]
async fn the_third_step_can_run_on_its_own() {
    for place in PLACES {
        for world in [World::new(place).await, World::begun(place).await] {
            world.step("testSecret", &token(7)).await.unwrap();
            world.secrets.label(&token(8));
            world.step("testSecret", &token(8)).await.unwrap();
            world.is_sound().await;
        }
    }
}

#[tokio::test]
async fn a_version_that_is_already_labelled_gets_its_value() {
    let world = World::new(Place::Secret).await;
    world.secrets.label(&token(1));
    world.rotate(&token(1)).await;
    assert_eq!(world.is_settled().await.version(), 1);
}

#[tokio::test]
async fn the_third_step_fails_if_the_keys_are_not_published() {
    for place in PLACES {
        let world = World::begun(place).await;
        world.step("createSecret", &token(1)).await.unwrap();
        let error = world.step("testSecret", &token(1)).await.unwrap_err();
        let text = lambda_runtime::Diagnostic::from(error).error_message;
        assert!(
            text.contains("the published keys do not verify signatures of the key"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_other_steps_do_nothing_without_the_first() {
    for place in PLACES {
        let world = World::begun(place).await;
        let before = world.is_settled().await;
        for step in &STEPS[1..] {
            world.step(step, &token(9)).await.unwrap();
        }
        assert!(world.is_settled().await.is_same(&before));
    }
}

#[tokio::test]
async fn an_event_of_another_kind_or_about_another_secret_is_refused() {
    let world = World::begun(Place::Secret).await;
    let app = world.app();
    let mut other = event("createSecret", &token(1));
    other["SecretId"] = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:other".into();
    drop(world.faults.take_calls());
    for (event, sentence) in [
        (
            serde_json::json!({}),
            "the event is not a rotation event of Secrets Manager",
        ),
        (other, "the event is about another secret"),
    ] {
        let error = rotate_keys::handle(&app, event, &Context::default())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
    assert!(world.faults.take_calls().is_empty());
}

/// The role must allow exactly these.
#[tokio::test]
async fn a_rotation_makes_these_calls() {
    let world = World::begun(Place::Secret).await;
    let app = world.app();
    drop(world.faults.take_calls());
    let mut calls = Vec::new();
    for step in STEPS {
        rotate_keys::handle(&app, event(step, &token(1)), &Context::default())
            .await
            .unwrap();
        calls.push(world.faults.take_calls().join(" "));
    }
    assert_eq!(
        calls,
        [
            "DescribeSecret GetItem GetSecretValue PutSecretValue",
            "GetItem GetSecretValue DescribeSecret GetSecretValue PutItem",
            "DescribeSecret GetSecretValue GetItem",
            // The last two measure when the keys last rotated, for the alarm.
            "GetItem GetSecretValue DescribeSecret GetSecretValue UpdateSecretVersionStage \
             GetItem GetItem GetSecretValue PutItem GetItem GetSecretValue",
        ]
    );
}
