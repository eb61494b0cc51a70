//! SES that throttles, refuses, is slow or breaks off, and a queue that is unreachable.

use std::time::Duration;

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_testing::{Fault, at, at_call, user};
use lambda_runtime::Context;
use serde_json::json;

use crate::world::{World, queue};

/// The errors of each class, as SES words them.
const THROTTLING: [(&str, &str); 2] = [
    ("TooManyRequestsException", "Maximum sending rate exceeded."),
    ("ThrottlingException", "Rate exceeded"),
];
const ACCOUNT: [(&str, &str); 8] = [
    ("AccountSuspendedException", "suspended"),
    ("SendingPausedException", "paused"),
    ("MailFromDomainNotVerifiedException", "not verified"),
    (
        "MessageRejected",
        "Email address is not verified. The following identities failed the check: Auth@example.com",
    ),
    ("TooManyRequestsException", "Daily message quota exceeded."),
    ("LimitExceededException", "limit"),
    (
        "AccessDeniedException",
        "not authorized to perform ses:SendEmail",
    ),
    ("AccessDenied", "no"),
];
const SETUP: [(&str, &str); 3] = [
    (
        "NotFoundException",
        "Configuration set <auth> does not exist.",
    ),
    (
        "NotFoundException",
        "Template acme-password_reset does not exist",
    ),
    // In the sandbox.
    (
        "MessageRejected",
        "Email address is not verified. The following identities failed the check: ada@example.org",
    ),
];
const MESSAGE: [(&str, &str); 2] = [
    (
        "BadRequestException",
        "Local address contains control or whitespace",
    ),
    ("MessageRejected", "Illegal content"),
];
const UNKNOWN: [(&str, &str); 2] = [("InternalFailure", "no"), ("SomethingNew", "no")];

/// A world with one message, delivered while SES refuses mails with this error.
async fn refused((code, text): (&str, &str)) -> World {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world.mail.refuse(code, text);
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world.stream(&[&key]).await.unwrap();
    world
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_now_waits_and_is_sent_later() {
    let waits = THROTTLING.map(|error| (error, 30..=45)).into_iter();
    let waits = waits.chain(UNKNOWN.map(|error| (error, 60..=90)));
    let waits = waits.chain(ACCOUNT.map(|error| (error, 300..=450)));
    let waits = waits.chain(SETUP.map(|error| (error, 300..=450)));
    for (error, wait) in waits {
        let world = refused(error).await;
        let [entry] = &world.mail.take_waiting()[..] else {
            panic!("{error:?}")
        };
        assert!(wait.contains(&entry.delay), "{error:?}: {}", entry.delay);
        assert_eq!(world.messages(), 1, "{error:?}");

        world.mail.accept();
        world.pass(entry.delay);
        let batch = queue(&[("one", &entry.body)]);
        let response = mailer::handle(&world.app(), batch, &Context::default()).await;
        assert_eq!(json!(response.unwrap()), json!({ "batchItemFailures": [] }));
        let [mail] = &world.mails()[..] else {
            panic!("{error:?}")
        };
        assert!(world.accepts(CodeKind::Recovery, &mail.code()).await);
        assert_eq!(world.messages(), 0);
    }
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_ends() {
    for error in MESSAGE {
        let world = refused(error).await;
        assert!(world.mail.take_waiting().is_empty(), "{error:?}");
        assert_eq!(world.messages(), 0, "{error:?}");
        assert!(world.mails().is_empty());
    }
}

#[tokio::test]
async fn a_failure_of_the_account_stops_everything_and_counts_no_delivery() {
    // Mails to an address that nobody has verified are limited.
    let mut ada = user("ada");
    ada.email_verified_at = Some(at(0));
    let mut world = World::of(&[&ada]).await;
    let mut keys = Vec::new();
    for _ in 0..10 {
        keys.push(
            world
                .tell(&ada, MessageKind::PasswordChanged, Origin::Session)
                .await,
        );
    }
    world.mail.refuse("SendingPausedException", "paused");
    world
        .stream(&keys.iter().collect::<Vec<_>>())
        .await
        .unwrap();
    let sends = |world: &World| {
        let calls = world.faults.take_calls();
        calls.iter().filter(|call| *call == "SendEmail").count()
    };
    // Those that were being sent at the same time.
    assert!(sends(&world) <= 4);
    // Another instance does not try either.
    world.restart();
    let waiting = world.mail.take_waiting();
    assert_eq!(waiting.len(), 10);
    let entries: Vec<_> = waiting
        .iter()
        .map(|entry| ("one", entry.body.as_str()))
        .collect();
    let response = mailer::handle(&world.app(), queue(&entries), &Context::default()).await;
    assert_eq!(json!(response.unwrap()), json!({ "batchItemFailures": [] }));
    assert_eq!(sends(&world), 0);
    // For two days; the operator then acts.
    let mut rounds = 0;
    while world.now() < at(2 * 86_400) {
        let waiting = world.mail.take_waiting();
        assert_eq!(waiting.len(), 10);
        world.pass(waiting[0].delay);
        for entry in &waiting {
            let batch = queue(&[("one", &entry.body)]);
            let response = mailer::handle(&world.app(), batch, &Context::default()).await;
            assert_eq!(json!(response.unwrap()), json!({ "batchItemFailures": [] }));
        }
        rounds += 1;
        world.pass(3600);
    }
    assert!(rounds > 40);
    world.mail.accept();
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 10);
}

/// Such as the daily quota: no other mail is tried either. When the quota is free again, a
/// day later, what is still worth sending is sent, and the rest has ended.
#[tokio::test]
async fn after_each_failure_of_the_account_mails_wait_for_a_day_or_end() {
    for error in ACCOUNT {
        let world = refused(error).await;
        drop(world.faults.take_calls());
        let ada = user("ada");
        let notice = MessageKind::PasswordChanged;
        let key = world.tell(&ada, notice, Origin::Session).await;
        world.stream(&[&key]).await.unwrap();
        let calls = world.faults.take_calls();
        assert!(!calls.contains(&"SendEmail".to_owned()), "{error:?}");
        assert_eq!((world.mails().len(), world.messages()), (0, 2), "{error:?}");
        world.pass(86_400);
        world.mail.accept();
        assert!(world.drain().await.is_empty(), "{error:?}");
        let [mail] = &world.mails()[..] else {
            panic!("{error:?}")
        };
        assert_eq!(mail.subject(), "Your password at example.com has changed");
        assert_eq!(world.messages(), 0, "{error:?}");
    }
}

/// Otherwise anyone who can cause a mail that is not set up could keep all mails back.
#[tokio::test]
async fn a_mail_that_ses_is_not_set_up_for_keeps_no_other_back() {
    for error in SETUP {
        let world = refused(error).await;
        world.mail.accept();
        let ada = user("ada");
        let key = world
            .tell(&ada, MessageKind::PasswordChanged, Origin::Session)
            .await;
        world.stream(&[&key]).await.unwrap();
        assert_eq!(world.mails().len(), 1, "{error:?}");
    }
}

/// The connection broke: nobody knows whether the mail went out, so it goes out again.
#[tokio::test]
async fn after_a_broken_connection_both_copies_carry_a_valid_code() {
    for at in [
        at_call(0).of("SendEmail"),
        at_call(0).of("SendEmail").after(),
    ] {
        let ada = user("ada");
        let world = World::of(&[&ada]).await;
        drop(world.faults.inject(at, Fault::Cut));
        world
            .send(&ada, MessageKind::PasswordReset, Origin::Anyone)
            .await;
        let mails = world.mails();
        assert!((1..=2).contains(&mails.len()), "{at:?}: {}", mails.len());
        for mail in mails {
            assert!(world.accepts(CodeKind::Recovery, &mail.code()).await);
        }
        assert_eq!(world.messages(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_ses_gets_one_attempt_of_ten_seconds() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world
        .faults
        .inject_always(at_call(0).of("SendEmail"), Fault::Hold);
    let begun = tokio::time::Instant::now();
    world.stream(&[&key]).await.unwrap();
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(10), "{took:?}");
    assert!(took < Duration::from_secs(11), "{took:?}");
    let calls = world.faults.take_calls();
    assert_eq!(calls.iter().filter(|call| *call == "SendEmail").count(), 1);
    world.faults.clear();
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 1);
}

/// Nobody knows then that it was sent: both copies carry a valid code. Within the limit,
/// one goes out.
#[tokio::test(start_paused = true)]
async fn a_response_of_ses_after_more_than_ten_seconds_is_no_response() {
    for (seconds, copies) in [(9, 1), (11, 2)] {
        let ada = user("ada");
        let world = World::of(&[&ada]).await;
        let at = at_call(0).of("SendEmail").after();
        let slow = Fault::Delay(Duration::from_secs(seconds));
        drop(world.faults.inject(at, slow));
        world
            .send(&ada, MessageKind::PasswordReset, Origin::Anyone)
            .await;
        let mails = world.mails();
        assert_eq!(mails.len(), copies, "{seconds} s");
        for mail in mails {
            assert!(world.accepts(CodeKind::Recovery, &mail.code()).await);
        }
        assert_eq!(world.messages(), 0);
    }
}

/// Mails do not wait for what only limits them.
#[tokio::test(start_paused = true)]
async fn a_quota_that_cannot_be_read_holds_no_mail_back() {
    for fault in [Fault::Hold, Fault::Cut] {
        let ada = user("ada");
        let world = World::of(&[&ada]).await;
        let at = at_call(0).of("GetAccount");
        world.faults.inject_always(at, fault);
        world
            .send(&ada, MessageKind::PasswordReset, Origin::Anyone)
            .await;
        assert_eq!(world.mails().len(), 1);
    }
}

/// Ten mails, four at a time, ten seconds each: all are tried within the function's minute.
#[tokio::test(start_paused = true)]
async fn a_whole_batch_to_a_slow_ses_ends_within_the_functions_minute() {
    let people: Vec<_> = (0..10)
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
    }
    world
        .faults
        .inject_always(at_call(0).of("SendEmail"), Fault::Hold);
    world.faults.inject_always(
        at_call(0).of("SendMessage"),
        Fault::Delay(Duration::from_secs(1)),
    );
    let begun = tokio::time::Instant::now();
    world
        .stream(&keys.iter().collect::<Vec<_>>())
        .await
        .unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(55), "{took:?}");
    world.faults.clear();
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 10);
}

#[tokio::test]
async fn the_stream_waits_only_while_the_queue_is_unreachable() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world
        .mail
        .refuse("TooManyRequestsException", "Maximum sending rate exceeded.");
    world
        .faults
        .inject_always(at_call(0).of("SendMessage"), Fault::Cut);
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world.stream(&[&key]).await.unwrap_err();
    // What can be sent is sent nevertheless, and only once.
    world.mail.accept();
    let other = world
        .tell(&ada, MessageKind::PasswordChanged, Origin::Session)
        .await;
    world.stream(&[&key, &other]).await.unwrap_err();
    assert_eq!(world.mails().len(), 1);
    world.faults.clear();
    world.pass(30);
    world.stream(&[&key, &other]).await.unwrap();
    assert_eq!(world.mails().len(), 2);
    assert_eq!(world.messages(), 0);
    assert!(world.mail.take_waiting().is_empty());
}

#[tokio::test]
async fn an_entry_that_cannot_be_handed_back_is_delivered_again_by_the_queue_itself() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world.mail.refuse("SendingPausedException", "paused");
    world
        .faults
        .inject_always(at_call(0).of("SendMessage"), Fault::Cut);
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    let body = serde_json::to_string(&key).unwrap();
    let batch = queue(&[("one", &body)]);
    let response = mailer::handle(&world.app(), batch, &Context::default()).await;
    let expected = json!({ "batchItemFailures": [{ "itemIdentifier": "one" }] });
    assert_eq!(json!(response.unwrap()), expected);
}

#[tokio::test]
async fn a_table_that_fails_sends_the_key_of_the_stream_to_the_queue() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world
        .faults
        .inject_always(at_call(0).of("TransactWriteItems"), Fault::Cut);
    world.stream(&[&key]).await.unwrap();
    world.faults.clear();
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 1);
}
