//! The outbox: messages, the codes of mails, and mails per recipient.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Message, MessageKey, MessageKind, NewCode, Notices, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::{Attempt, Issued, Outbox, SendingPause};
use gatehouse_testing::at;

use crate::fixtures::user;
use crate::tables::Tables;

fn message(kind: MessageKind, of: &User) -> Message {
    Message::new(kind, &of.sub, of.revision, Origin::Anyone, at(0))
}

fn code(of: &User, number: u8) -> MailCode {
    MailCode::mint(CodeKind::Recovery, &of.sub, [number; 32]).unwrap()
}

/// Issues a code for a message of its own.
async fn issue(outbox: &Outbox, of: &User, number: u8, now: Timestamp) -> Issued {
    let message = message(MessageKind::PasswordReset, of);
    let new = NewCode {
        code: &code(of, number),
        address: "ada@example.org",
        user: of,
        message: (&message.key([number; 16]), &message),
    };
    outbox.issue_code(&new, now).await.unwrap()
}

async fn accepts(outbox: &Outbox, of: &User, number: u8, now: Timestamp) -> bool {
    let codes = outbox.codes(&of.sub, CodeKind::Recovery).await.unwrap();
    codes.is_some_and(|codes| codes.accepts(&code(of, number), of, now).is_some())
}

#[tokio::test]
async fn a_message_is_written_marked_and_deleted() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let written = message(MessageKind::AccountDeleted, &ada).to_address("ada@example.org");
    let key = tables.outbox.put(&written).await.unwrap();
    let read = tables.outbox.message(&key).await.unwrap();
    assert_eq!(read, Some(written));
    let mark = async |now| {
        let free_since = at(now - 25);
        tables.outbox.mark_attempt(&key, free_since, at(now)).await
    };
    assert_eq!(mark(5).await.unwrap(), Attempt::Begun);
    assert_eq!(mark(29).await.unwrap(), Attempt::Busy);
    let read = tables.outbox.message(&key).await.unwrap().unwrap();
    assert_eq!(read.attempted_at, Some(at(5)));
    assert_eq!(mark(30).await.unwrap(), Attempt::Begun);

    tables.outbox.delete(&key).await.unwrap();
    assert_eq!(tables.outbox.message(&key).await.unwrap(), None);
    assert_eq!(mark(60).await.unwrap(), Attempt::Gone);
    assert_eq!(tables.count("OutboxTable").await, 0);
}

#[tokio::test]
async fn a_message_is_kept_past_its_end_so_that_it_can_be_counted() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let written = message(MessageKind::PasswordReset, &ada);
    let key = tables.outbox.put(&written).await.unwrap();
    let item = read(&tables, &key).await;
    let expires = item["expires_at"].as_n().unwrap().parse().unwrap();
    let queue = std::time::Duration::from_hours(14 * 24);
    assert_eq!(Timestamp::from_unix(expires), written.ends_at.plus(queue));
    assert_eq!(item["kind"].as_s().unwrap(), "password_reset");
}

async fn read(tables: &Tables, key: &MessageKey) -> gatehouse_testing::Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let read = tables
        .client
        .get_item()
        .table_name(tables.name("OutboxTable"));
    let read = read
        .key("pk", text(key.sub().as_str()))
        .key("sk", text(key.sk()));
    read.send().await.unwrap().item.unwrap()
}

#[tokio::test]
async fn a_notice_that_is_off_is_not_wanted() {
    let tables = Tables::start().await;
    let name = tables.name("OutboxTable").to_owned();
    let outbox = Outbox::new(tables.client.clone(), name, Notices::none());
    assert!(!outbox.wants(MessageKind::PasswordChanged));
    assert!(outbox.wants(MessageKind::PasswordReset));
    assert!(tables.outbox.wants(MessageKind::PasswordChanged));
}

#[tokio::test]
async fn a_registration_and_its_message_are_one_write() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let waits = message(MessageKind::EmailVerification, &ada);
    let with = Some((&tables.outbox, &waits));
    tables.users.register_with(&ada, with).await.unwrap();
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    assert_eq!(tables.count("OutboxTable").await, 1);
    let twin = user(2, "ada");
    let refused = tables.users.register_with(&twin, with).await;
    refused.unwrap_err();
    assert_eq!(tables.count("OutboxTable").await, 1);
}

#[tokio::test]
async fn three_codes_are_valid_at_a_time() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let outbox = &tables.outbox;
    let minute = |minute: i64| at(minute * 60);
    assert_eq!(issue(outbox, &ada, 1, minute(0)).await, Issued::Done);
    assert_eq!(issue(outbox, &ada, 2, minute(4)).await, Issued::TooSoon);
    for (number, start) in [(2, 5), (3, 10), (4, 15)] {
        let issued = issue(outbox, &ada, number, minute(start)).await;
        assert_eq!(issued, Issued::Done);
    }
    let mut valid = Vec::new();
    for number in 1..=4 {
        valid.push(accepts(outbox, &ada, number, minute(16)).await);
    }
    assert_eq!(valid, [false, true, true, true]);
    assert_eq!(tables.count("OutboxTable").await, 1, "one item for all");
}

#[tokio::test]
async fn of_codes_issued_at_the_same_time_one_is_mailed() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let outbox = &tables.outbox;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (outbox, ada) = (outbox.clone(), ada.clone());
        running.spawn(async move { issue(&outbox, &ada, number, at(0)).await });
    }
    let issued = running.join_all().await;
    // They go to one address, so only one of them is mailed.
    let done = issued.iter().filter(|issued| **issued == Issued::Done);
    assert_eq!(done.count(), 1);
}

#[tokio::test]
async fn strangers_cannot_use_up_the_mails_of_an_owner() {
    let tables = Tables::start().await;
    let outbox = &tables.outbox;
    let mail = async |origin, now| {
        let counted = outbox.count_recipient("ada@example.org", origin, now);
        counted.await.unwrap()
    };
    let mut sent = 0;
    for minute in 0..24 * 60 {
        sent += usize::from(mail(Origin::Anyone, at(minute * 60)).await);
    }
    assert!(sent <= 20, "{sent}");
    assert!(!mail(Origin::Anyone, at(24 * 3600 - 1)).await);
    for origin in [Origin::KnownNetwork, Origin::Session, Origin::Operator] {
        assert!(mail(origin, at(24 * 3600 - 1)).await, "{origin:?}");
    }
    // Another address has its own.
    let other = outbox.count_recipient("eve@example.org", Origin::Anyone, at(0));
    assert!(other.await.unwrap());
}

#[tokio::test]
async fn what_waits_for_a_deleted_user_is_deleted_except_the_notice_of_it() {
    let (tables, ada, grace) = (Tables::start().await, user(1, "ada"), user(2, "grace"));
    let outbox = &tables.outbox;
    for kind in [MessageKind::PasswordReset, MessageKind::PasswordChanged] {
        for _ in 0..30 {
            outbox.put(&message(kind, &ada)).await.unwrap();
        }
    }
    let notice = message(MessageKind::AccountDeleted, &ada);
    let notice = outbox.put(&notice).await.unwrap();
    let others = message(MessageKind::PasswordReset, &grace);
    let others = outbox.put(&others).await.unwrap();
    issue(outbox, &ada, 1, at(0)).await;
    let address = "ada@example.org";
    for origin in [Origin::Anyone, Origin::KnownNetwork] {
        outbox
            .count_recipient(address, origin, at(0))
            .await
            .unwrap();
    }
    let digests = [gatehouse_auth::digest::sha256(address.as_bytes())];
    let deleted = outbox.delete_all(&ada.sub, &digests).await.unwrap();
    assert_eq!(deleted, 60);
    assert!(outbox.message(&notice).await.unwrap().is_some());
    assert!(outbox.message(&others).await.unwrap().is_some());
    assert_eq!(tables.count("OutboxTable").await, 2);
    assert_eq!(outbox.delete_all(&ada.sub, &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_pause_holds_until_its_end() {
    let tables = Tables::start().await;
    let outbox = &tables.outbox;
    assert_eq!(outbox.sending_pause(at(0)).await.unwrap(), None);
    let pause = SendingPause {
        reason: "account_paused".to_owned(),
        until: at(60),
    };
    outbox.pause_sending(&pause).await.unwrap();
    assert_eq!(outbox.sending_pause(at(59)).await.unwrap(), Some(pause));
    assert_eq!(outbox.sending_pause(at(60)).await.unwrap(), None);
}
