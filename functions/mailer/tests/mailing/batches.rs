//! Events: repeated, shuffled, late, and not ours.

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_testing::user;
use lambda_runtime::Context;
use serde_json::json;

use crate::world::{World, queue, stream};

#[tokio::test]
async fn a_message_that_is_delivered_twice_is_mailed_once() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    // At the same time, in one batch, and again afterwards.
    let (both, once) = ([&key, &key], [&key]);
    let (first, second) = tokio::join!(world.stream(&both), world.stream(&once));
    assert!(first.is_ok() && second.is_ok());
    world.stream(&[&key]).await.unwrap();
    assert!(world.drain().await.is_empty());
    let [mail] = &world.mails()[..] else { panic!() };
    assert!(world.accepts(CodeKind::Recovery, &mail.code()).await);
    assert_eq!(world.messages(), 0);
}

#[tokio::test]
async fn shuffled_messages_are_all_mailed() {
    let people: Vec<_> = (0..12)
        .map(|number| user(&format!("user{number}")))
        .collect();
    let world = World::of(&people.iter().collect::<Vec<_>>()).await;
    let mut keys = Vec::new();
    for one in &people {
        keys.push(
            world
                .tell(one, MessageKind::PasswordReset, Origin::Anyone)
                .await,
        );
        keys.push(
            world
                .tell(one, MessageKind::PasswordChanged, Origin::Session)
                .await,
        );
    }
    // Any order that is not the one in which they were written.
    let shuffled: Vec<_> = (0..keys.len())
        .map(|number| &keys[number * 7 % keys.len()])
        .collect();
    for batch in shuffled.chunks(5) {
        world.stream(batch).await.unwrap();
    }
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 24);
    for one in &people {
        let address = one.email.as_deref().unwrap();
        let theirs = world
            .mails()
            .into_iter()
            .filter(|mail| mail.to() == address);
        assert_eq!(theirs.count(), 2, "{address}");
    }
    assert_eq!(world.messages(), 0);
}

#[tokio::test]
async fn a_day_later_a_notice_is_still_sent_and_a_reset_is_not() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let reset = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    let notice = world
        .tell(&ada, MessageKind::PasswordChanged, Origin::Session)
        .await;
    world.pass(86_400);
    world.stream(&[&reset, &notice]).await.unwrap();
    let [mail] = &world.mails()[..] else { panic!() };
    assert_eq!(mail.subject(), "Your password at example.com has changed");
    assert!(
        mail.text().contains("On 2027-01-15 08:00 UTC,"),
        "{}",
        mail.text()
    );
    assert_eq!(world.messages(), 0);
}

#[tokio::test]
async fn a_key_whose_message_is_gone_just_ends() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world.outbox.delete_all(&ada.sub, &[]).await.unwrap();
    world.stream(&[&key]).await.unwrap();
    let body = serde_json::to_string(&key).unwrap();
    let batch = queue(&[("one", &body)]);
    let response = mailer::handle(&world.app(), batch, &Context::default()).await;
    assert_eq!(json!(response.unwrap()), json!({ "batchItemFailures": [] }));
    assert!(world.mails().is_empty());
}

#[tokio::test]
async fn an_entry_that_is_not_a_key_fails_by_itself() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    let body = serde_json::to_string(&key).unwrap();
    let batch = queue(&[("bad", "hello"), ("good", &body)]);
    let response = mailer::handle(&world.app(), batch, &Context::default()).await;
    let expected = json!({ "batchItemFailures": [{ "itemIdentifier": "bad" }] });
    assert_eq!(json!(response.unwrap()), expected);
    assert_eq!(world.mails().len(), 1);
}

#[tokio::test]
async fn an_event_that_is_not_a_batch_is_refused() {
    let world = World::of(&[]).await;
    let handled = mailer::handle(&world.app(), json!({}), &Context::default()).await;
    let text = handled.unwrap_err().to_string();
    assert!(text.starts_with("the event is neither"), "{text}");
    let nothing = mailer::handle(&world.app(), stream(&[]), &Context::default()).await;
    nothing.unwrap_err();
}
