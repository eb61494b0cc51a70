//! How many mails strangers can cause, and the quota of SES.

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::user::User;
use gatehouse_testing::{Fault, at, at_call, user};

use crate::world::World;

/// Sends so many resets, one every so many seconds, and returns how many mails went out.
async fn flood(world: &World, of: &User, origin: Origin, requests: usize, every: i64) -> usize {
    let before = world.mails().len();
    for _ in 0..requests {
        world.send(of, MessageKind::PasswordReset, origin).await;
        world.pass(every);
    }
    world.mails().len() - before
}

/// Somebody who has registered with the address of a victim.
fn waiting(name: &str) -> User {
    User {
        email: None,
        email_canonical: None,
        pending_email: Some("Victim@example.org".into()),
        pending_email_canonical: Some("victim@example.org".into()),
        ..user(name)
    }
}

#[tokio::test]
async fn strangers_cause_five_mails_an_hour_and_twenty_a_day() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    let mut at_hours = vec![0];
    for _ in 0..24 {
        at_hours.push(flood(&world, &ada, Origin::Anyone, 20, 180).await);
    }
    assert!(at_hours.iter().all(|mails| *mails <= 5), "{at_hours:?}");
    assert!(at_hours.iter().sum::<usize>() <= 20, "{at_hours:?}");
    assert!(at_hours.iter().sum::<usize>() >= 15, "{at_hours:?}");
    assert_eq!(world.messages(), 0);
}

#[tokio::test]
async fn an_owner_from_a_known_network_still_gets_a_code_that_works() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    flood(&world, &ada, Origin::Anyone, 120, 60).await;
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 300).await, 0);
    assert_eq!(flood(&world, &ada, Origin::KnownNetwork, 1, 0).await, 1);
    let mails = world.mails();
    let code = mails.last().unwrap().code();
    assert!(world.accepts(CodeKind::Recovery, &code).await);
    // Whatever strangers do, it works for ten more minutes.
    for _ in 0..10 {
        flood(&world, &ada, Origin::Anyone, 1, 59).await;
        assert!(world.accepts(CodeKind::Recovery, &code).await);
    }
}

#[tokio::test]
async fn requests_just_after_a_mail_send_nothing_and_use_up_nothing() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    assert_eq!(flood(&world, &ada, Origin::Anyone, 20, 10).await, 1);
    world.pass(300);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 0).await, 1);
}

#[tokio::test]
async fn the_limits_belong_to_the_address_whoever_names_it() {
    let registrations: Vec<User> = (0..20)
        .map(|number| waiting(&format!("user{number}")))
        .collect();
    let world = World::of(&registrations.iter().collect::<Vec<_>>()).await;
    let origins = [Origin::Anyone, Origin::KnownNetwork, Origin::Session];
    for (one, origin) in registrations.iter().zip(origins.into_iter().cycle()) {
        world
            .send(one, MessageKind::EmailVerification, origin)
            .await;
    }
    assert!((4..=5).contains(&world.mails().len()));
    // An operator is not a stranger.
    world
        .send(
            &registrations[19],
            MessageKind::EmailVerification,
            Origin::Operator,
        )
        .await;
    assert_eq!(world.mails().last().unwrap().to(), "Victim@example.org");
    assert!((5..=6).contains(&world.mails().len()));
}

/// Otherwise whoever registers with somebody's address and deletes the account again could
/// have any number of mails sent.
#[tokio::test]
async fn a_deletion_does_not_reset_the_count_of_an_address_that_waits() {
    let registrations: Vec<User> = (0..20)
        .map(|number| waiting(&format!("user{number}")))
        .collect();
    let world = World::of(&registrations.iter().collect::<Vec<_>>()).await;
    for one in &registrations {
        world
            .send(one, MessageKind::EmailVerification, Origin::Session)
            .await;
        world.delete(one).await;
    }
    assert!((4..=5).contains(&world.mails().len()));
    let left = world.outbox_items();
    assert_eq!(left.len(), 1, "only the count is left: {left:?}");
}

/// Someone with one account is a stranger to everyone whose address they type.
#[tokio::test]
async fn one_account_causes_mails_to_ten_new_addresses_a_day() {
    let mut ada = user("ada");
    ada.email_verified_at = Some(at(0));
    let world = World::of(&[&ada]).await;
    let kind = MessageKind::EmailVerification;
    let asks = async |address: &str| {
        world.await_address(&ada, address);
        world.send(&ada, kind, Origin::Anyone).await;
    };
    for number in 0..240 {
        asks(&format!("victim{number}@example.org")).await;
        world.pass(360);
    }
    let mails = world.mails().len();
    assert!((9..=10).contains(&mails), "{mails}");
    assert_eq!(world.messages(), 0);
    // Once a day has passed, another mail to the same address is not another address.
    world.pass(86_400);
    let before = world.mails().len();
    for _ in 0..4 {
        asks("ada@example.net").await;
        world.pass(300);
    }
    for number in 0..4 {
        asks(&format!("other{number}@example.org")).await;
        world.pass(300);
    }
    assert_eq!(world.mails().len() - before, 8);
}

/// Whoever holds an address that nobody has verified may have typed that of somebody else.
#[tokio::test]
async fn notices_to_a_held_address_are_limited_until_it_is_verified() {
    let ada = user("ada");
    let kinds = [
        MessageKind::RefreshReplayed,
        MessageKind::NewNetwork,
        MessageKind::PasswordChanged,
    ];
    let world = World::of(&[&ada]).await;
    for kind in kinds.into_iter().cycle().take(30) {
        world.send(&ada, kind, Origin::Session).await;
    }
    assert_eq!(world.mails().len(), 5);
    assert_eq!(world.messages(), 0);
    // Strangers have their own limit, and operators have none.
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 0).await, 1);
    let kind = MessageKind::AccountDisabled;
    world.send(&ada, kind, Origin::Operator).await;
    assert_eq!(world.mails().len(), 7);

    let verified = User {
        email_verified_at: Some(at(0)),
        ..ada
    };
    let world = World::of(&[&verified]).await;
    for kind in kinds.into_iter().cycle().take(30) {
        world.send(&verified, kind, Origin::Session).await;
    }
    assert_eq!(world.mails().len(), 30);
}

/// A stranger can ask for any number of resets before they change the password.
#[tokio::test]
async fn strangers_cannot_keep_a_notice_from_being_sent() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    assert_eq!(flood(&world, &ada, Origin::Anyone, 8, 300).await, 5);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 0).await, 0);
    let kind = MessageKind::PasswordChanged;
    world.send(&ada, kind, Origin::Session).await;
    let mails = world.mails();
    assert!(!mails.last().unwrap().text().contains("gh_rc_"));
}

/// However often SES throttles, one message counts once.
#[tokio::test]
async fn retries_use_up_nothing() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world
        .mail
        .refuse("TooManyRequestsException", "Maximum sending rate exceeded.");
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world.stream(&[&key]).await.unwrap();
    for _ in 0..20 {
        let [entry] = &world.mail.take_waiting()[..] else {
            panic!()
        };
        world.pass(entry.delay);
        world.stream(&[&key]).await.unwrap();
    }
    world.mail.accept();
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 1);
    world.pass(300);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 3, 300).await, 3);
}

/// Otherwise, while SES throttles, many accounts could first ask for addresses of their own.
#[tokio::test]
async fn a_retry_that_goes_to_another_address_is_counted_there() {
    let people: Vec<User> = (0..20)
        .map(|number| waiting(&format!("user{number}")))
        .collect();
    let world = World::of(&people.iter().collect::<Vec<_>>()).await;
    world
        .mail
        .refuse("TooManyRequestsException", "Maximum sending rate exceeded.");
    for (number, one) in people.iter().enumerate() {
        world.await_address(one, &format!("own{number}@example.org"));
        let kind = MessageKind::EmailVerification;
        let key = world.tell(one, kind, Origin::Anyone).await;
        world.stream(&[&key]).await.unwrap();
        world.await_address(one, "victim@example.org");
    }
    world.mail.accept();
    assert!(world.drain().await.is_empty());
    assert_eq!(world.mails().len(), 5);
    assert_eq!(world.messages(), 0);
}

/// A code that was mailed before SES began to throttle survives the retries of the next.
#[tokio::test]
async fn retries_of_one_message_end_no_code_of_another() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world
        .send(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    let first = world.mails()[0].code();
    world.pass(300);
    world
        .mail
        .refuse("TooManyRequestsException", "Maximum sending rate exceeded.");
    let key = world
        .tell(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world.stream(&[&key]).await.unwrap();
    for _ in 0..10 {
        world.pass(45);
        world.stream(&[&key]).await.unwrap();
        assert!(world.accepts(CodeKind::Recovery, &first).await);
    }
}

#[tokio::test]
async fn above_half_of_the_quota_only_sessions_and_operators_cause_mail() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world.mail.set_quota(101.0, 200.0);
    for origin in [Origin::Anyone, Origin::KnownNetwork] {
        assert_eq!(flood(&world, &ada, origin, 1, 0).await, 0);
    }
    for origin in [Origin::Session, Origin::Operator] {
        assert_eq!(flood(&world, &ada, origin, 1, 300).await, 1);
    }
    assert_eq!(world.messages(), 0);
    // A minute later it is read again.
    world.mail.set_quota(100.0, 200.0);
    world.pass(60);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 0).await, 1);
    assert!(world.now() > at(60));
}

/// A flood that has ended is no reason to drop mails for ever.
#[tokio::test]
async fn a_quota_that_can_no_longer_be_read_counts_as_used_for_a_quarter_of_an_hour() {
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    world.mail.set_quota(101.0, 200.0);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 60).await, 0);
    let reading = at_call(0).of("GetAccount");
    world.faults.inject_always(reading, Fault::Cut);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 14, 60).await, 0);
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 300).await, 1);
    world.faults.clear();
    assert_eq!(flood(&world, &ada, Origin::Anyone, 1, 0).await, 0);
}
