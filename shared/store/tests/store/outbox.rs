//! The outbox: messages, the codes of mails, and mails per recipient.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Message, MessageKey, MessageKind, NewCode, Notices, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::{Attempt, NewAttempt, Outbox, RecipientBucket, SendingPause};
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
async fn issue(outbox: &Outbox, of: &User, number: u8, now: Timestamp) -> Attempt {
    let to = (of, "ada@example.org");
    crate::tables::issue(outbox, &code(of, number), to, now).await
}

/// Counts a mail to an address, as the first attempt to send a message does.
async fn count(
    outbox: &Outbox,
    key: &MessageKey,
    to: (&str, RecipientBucket),
    now: Timestamp,
) -> Attempt {
    let attempt = NewAttempt {
        key,
        free_since: now,
        address: to.0,
        bucket: Some(to.1),
        typed_by: None,
        code: None,
    };
    outbox.begin(&attempt, now).await.unwrap()
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
        let attempt = NewAttempt {
            key: &key,
            free_since: at(now - 25),
            address: "ada@example.org",
            bucket: None,
            typed_by: None,
            code: None,
        };
        tables.outbox.begin(&attempt, at(now)).await.unwrap()
    };
    assert_eq!(mark(5).await, Attempt::Begun);
    assert_eq!(mark(29).await, Attempt::Busy);
    let read = tables.outbox.message(&key).await.unwrap().unwrap();
    assert_eq!(read.attempted_at, Some(at(5)));
    assert_eq!(mark(30).await, Attempt::Begun);

    tables.outbox.delete(&key).await.unwrap();
    assert_eq!(tables.outbox.message(&key).await.unwrap(), None);
    assert_eq!(mark(60).await, Attempt::Gone);
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
    assert_eq!(issue(outbox, &ada, 1, minute(0)).await, Attempt::Begun);
    assert_eq!(issue(outbox, &ada, 2, minute(4)).await, Attempt::TooSoon);
    for (number, start) in [(2, 5), (3, 10), (4, 15)] {
        let issued = issue(outbox, &ada, number, minute(start)).await;
        assert_eq!(issued, Attempt::Begun);
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
    let done = issued.iter().filter(|issued| **issued == Attempt::Begun);
    assert_eq!(done.count(), 1);
}

#[tokio::test]
async fn strangers_cannot_use_up_the_mails_of_an_owner() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let outbox = &tables.outbox;
    let key = message(MessageKind::PasswordReset, &ada);
    let key = outbox.put(&key).await.unwrap();
    let mail = async |bucket, now| {
        let counted = count(outbox, &key, ("ada@example.org", bucket), now).await;
        assert!([Attempt::Begun, Attempt::OverLimit].contains(&counted));
        counted == Attempt::Begun
    };
    let mut sent = 0;
    for minute in 0..24 * 60 {
        sent += usize::from(mail(RecipientBucket::Anyone, at(minute * 60)).await);
    }
    assert!(sent <= 20, "{sent}");
    assert!(!mail(RecipientBucket::Anyone, at(24 * 3600 - 1)).await);
    for bucket in [RecipientBucket::KnownNetwork, RecipientBucket::Unverified] {
        assert!(mail(bucket, at(24 * 3600 - 1)).await, "{bucket:?}");
    }
    // Another address has its own.
    let to = ("eve@example.org", RecipientBucket::Anyone);
    let other = count(outbox, &key, to, at(24 * 3600)).await;
    assert_eq!(other, Attempt::Begun);
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
    for bucket in [
        RecipientBucket::Anyone,
        RecipientBucket::KnownNetwork,
        RecipientBucket::Unverified,
    ] {
        let counted = count(outbox, &notice, (address, bucket), at(0)).await;
        assert_eq!(counted, Attempt::Begun);
    }
    let digests = [gatehouse_auth::digest::sha256(address.as_bytes())];
    let deleted = outbox.delete_all(&ada.sub, &digests).await.unwrap();
    assert_eq!(deleted, 60);
    assert!(outbox.message(&notice).await.unwrap().is_some());
    assert!(outbox.message(&others).await.unwrap().is_some());
    assert_eq!(tables.count("OutboxTable").await, 2);
    assert_eq!(outbox.delete_all(&ada.sub, &[]).await.unwrap(), 0);
}

/// A mailer that read the message before the deletion writes nothing after it.
#[tokio::test]
async fn without_its_message_no_attempt_writes_a_code_or_counts_a_mail() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let outbox = &tables.outbox;
    let reset = message(MessageKind::PasswordReset, &ada);
    let key = outbox.put(&reset).await.unwrap();
    let code = code(&ada, 1);
    let new = NewCode {
        code: &code,
        address: "ada@example.org",
        user: &ada,
        message: (&key, &reset),
    };
    outbox.delete_all(&ada.sub, &[]).await.unwrap();
    let anyone = Some(RecipientBucket::Anyone);
    for (bucket, code) in [
        (anyone, Some(new)),
        (anyone, None),
        (None, Some(new)),
        (None, None),
    ] {
        let attempt = NewAttempt {
            key: &key,
            free_since: at(0),
            address: "ada@example.org",
            bucket,
            typed_by: Some(&ada.sub),
            code,
        };
        let begun = outbox.begin(&attempt, at(0)).await.unwrap();
        assert_eq!(begun, Attempt::Gone);
        assert_eq!(tables.count("OutboxTable").await, 0);
    }
}

/// Another attempt, which has just taken the last place, still needs the message.
#[tokio::test]
async fn an_attempt_beside_another_is_busy_and_not_over_the_limit() {
    let (tables, ada) = (Tables::start().await, user(1, "ada"));
    let outbox = &tables.outbox;
    let to = ("ada@example.org", RecipientBucket::Anyone);
    let mut last = None;
    for _ in 0..5 {
        let reset = message(MessageKind::PasswordReset, &ada);
        let key = outbox.put(&reset).await.unwrap();
        assert_eq!(count(outbox, &key, to, at(0)).await, Attempt::Begun);
        last = Some(key);
    }
    let begin = async |key: &MessageKey| {
        let attempt = NewAttempt {
            key,
            free_since: at(-25),
            address: to.0,
            bucket: Some(to.1),
            typed_by: None,
            code: None,
        };
        outbox.begin(&attempt, at(0)).await.unwrap()
    };
    assert_eq!(begin(&last.unwrap()).await, Attempt::Busy);
    let reset = message(MessageKind::PasswordReset, &ada);
    let next = outbox.put(&reset).await.unwrap();
    assert_eq!(begin(&next).await, Attempt::OverLimit);
    // It is not noted: whoever handles it next counts it.
    let message = outbox.message(&next).await.unwrap().unwrap();
    assert_eq!(message.attempted_at, None);
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
