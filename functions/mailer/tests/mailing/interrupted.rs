//! The mailer, killed at any call, and the next one.

use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::user::User;
use gatehouse_testing::{Fault, at_call, user};
use lambda_runtime::Context;
use mailer::BatchResponse;

use crate::world::{World, queue, stream};

/// A user about whom every kind of message is mailed.
fn ada() -> User {
    User {
        pending_email: Some("New@example.org".into()),
        pending_email_canonical: Some("new@example.org".into()),
        ..user("ada")
    }
}

/// Everybody has the mail they need, once, or twice with codes that work.
async fn is_mailed(world: &World, kind: MessageKind, may_be_twice: bool, what: &str) {
    let mails = world.mails();
    let most = if may_be_twice { 2 } else { 1 };
    assert!((1..=most).contains(&mails.len()), "{what}: {}", mails.len());
    if let Some(code) = kind.code() {
        for mail in &mails {
            assert!(world.accepts(code, &mail.code()).await, "{what}");
        }
    }
    assert_eq!(world.messages(), 0, "{what}");
}

const KINDS: [MessageKind; 3] = [
    MessageKind::PasswordReset,
    MessageKind::EmailVerification,
    MessageKind::AccountDeleted,
];

/// Lambda delivers a batch of the stream again if the mailer died, and SQS an entry.
#[tokio::test]
async fn a_mailer_killed_at_any_call_is_continued_by_the_next() {
    let kinds = KINDS.map(|kind| [(kind, true), (kind, false)]);
    for (kind, is_in_stream) in kinds.into_iter().flatten() {
        let mut killed = 0;
        for number in 0.. {
            let moments = [at_call(number), at_call(number).after()];
            let mut is_over = false;
            for at in moments {
                let mut world = World::of(&[&ada()]).await;
                let message = world.message(&ada(), kind, Origin::Anyone);
                let key = world.put(&message.to_address("Old@example.org")).await;
                let event = if is_in_stream {
                    stream(&[&key])
                } else {
                    queue(&[("one", &serde_json::to_string(&key).unwrap())])
                };
                let (app, again) = (world.app(), event.clone());
                let work = async move {
                    mailer::handle(&app, event, &Context::default())
                        .await
                        .unwrap();
                };
                is_over = world.faults.kill_at(at, work).await.is_some();
                if is_over {
                    break;
                }
                killed += 1;
                world.restart();
                let again = mailer::handle(&world.app(), again, &Context::default()).await;
                assert_eq!(again.unwrap(), BatchResponse::default());
                assert!(world.drain().await.is_empty());
                is_mailed(&world, kind, true, &format!("{kind:?} {at:?}")).await;
            }
            if is_over {
                break;
            }
        }
        assert!(killed >= 14, "{kind:?}: {killed}");
    }
}

/// Only a connection to SES that breaks can lead to a second copy.
#[tokio::test]
async fn a_call_that_fails_at_any_place_loses_no_mail() {
    for kind in KINDS {
        let mut broken = 0;
        for number in 0.. {
            let moments = [at_call(number), at_call(number).after()];
            let mut is_over = false;
            for at in moments {
                let world = World::of(&[&ada()]).await;
                let message = world.message(&ada(), kind, Origin::Anyone);
                let key = world.put(&message.to_address("Old@example.org")).await;
                let mut strikes = world.faults.inject(at, Fault::Cut);
                world.stream(&[&key]).await.unwrap();
                is_over = strikes.try_recv().is_err();
                world.faults.clear();
                if is_over {
                    break;
                }
                broken += 1;
                assert!(world.drain().await.is_empty());
                let calls = world.faults.take_calls();
                let sends = calls.iter().filter(|call| *call == "SendEmail").count();
                is_mailed(&world, kind, sends == 2, &format!("{kind:?} {at:?}")).await;
            }
            if is_over {
                break;
            }
        }
        assert!(broken >= 14, "{kind:?}: {broken}");
    }
}

/// Whatever the mailer is doing when the account is deleted, nothing about it is left once
/// both are done.
#[tokio::test]
async fn a_deletion_at_any_call_of_the_mailer_leaves_nothing() {
    for kind in [MessageKind::PasswordReset, MessageKind::EmailVerification] {
        let mut deleted = 0;
        for number in 0.. {
            let moments = [at_call(number), at_call(number).after()];
            let mut is_over = false;
            for at in moments {
                let ada = user("ada");
                let world = World::of(&[&ada]).await;
                let key = world.tell(&ada, kind, Origin::Anyone).await;
                let app = world.app();
                let context = Context::default();
                let work = async {
                    let handled = mailer::handle(&app, stream(&[&key]), &context).await;
                    handled.unwrap();
                };
                let paused = world.faults.pause_at(at, work, world.delete(&ada));
                is_over = paused.await.is_none();
                if is_over {
                    break;
                }
                deleted += 1;
                assert!(world.drain().await.is_empty());
                let left = world.outbox_items();
                assert!(left.is_empty(), "{kind:?} {at:?}: {left:?}");
            }
            if is_over {
                break;
            }
        }
        assert!(deleted >= 14, "{kind:?}: {deleted}");
    }
}
