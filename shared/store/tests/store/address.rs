//! A change of address by its user, until the new address is verified, and its cancellation.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::{Jti, SessionId};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{NewAddress, Status, User, UserChange};
use gatehouse_store::{Accounts, Attempt, Revoked, Verified};
use gatehouse_testing::at;
use tokio::task::JoinSet;

use crate::fixtures::user;
use crate::tables::Tables;

const NEW: &str = "Ada@Example.net";

fn new(text: &str) -> NewAddress {
    NewAddress::from(&EmailAddress::parse(text).unwrap())
}

/// Ada, who holds `ada@example.org`, and accounts that write to the outbox.
async fn started() -> (Tables, Accounts, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    let accounts = tables.mailing.clone();
    (tables, accounts, ada)
}

async fn request(accounts: &Accounts, user: &User, text: &str) -> Option<User> {
    let new = new(text);
    let asked = accounts.request_address(user.clone(), &new, at(5));
    asked.await.unwrap()
}

async fn read(tables: &Tables, user: &User) -> User {
    tables.users.get(&user.sub).await.unwrap().unwrap()
}

/// Issues the code that cancels a change, as the mailer does.
async fn code(tables: &Tables, number: u8, of: &User, now: Timestamp) -> MailCode {
    let code = MailCode::mint(CodeKind::Cancellation, &of.sub, [number; 32]).unwrap();
    let address = of.email_canonical.as_deref().unwrap();
    let issued = tables.issue(&code, (of, address), now).await;
    assert_eq!(issued, Attempt::Begun);
    code
}

/// Issues the code that verifies the address that waits, as the mailer does.
async fn proof(tables: &Tables, of: &User, now: Timestamp) -> MailCode {
    let code = MailCode::mint(CodeKind::Verification, &of.sub, [8; 32]).unwrap();
    let address = of.pending_email_canonical.as_deref().unwrap();
    let issued = tables.issue(&code, (of, address), now).await;
    assert_eq!(issued, Attempt::Begun);
    code
}

/// Returns the messages in the outbox: kind, origin, and the address if there is one.
async fn messages(tables: &Tables) -> Vec<String> {
    let scan = tables.client.scan().table_name(tables.name("OutboxTable"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let text = |item: &gatehouse_testing::Item, name: &str| {
        let value = item.get(name).and_then(|value| value.as_s().ok().cloned());
        value.unwrap_or_default()
    };
    let messages = items.iter().filter(|item| item.contains_key("kind"));
    let mut messages: Vec<String> = messages
        .map(|item| {
            ["kind", "origin", "address"]
                .map(|name| text(item, name))
                .join(" ")
        })
        .collect();
    messages.sort();
    messages
}

async fn revoked(tables: &Tables, of: &User, ver: u64) -> Option<Revoked> {
    let (jti, sid) = (Jti::from_bytes([7; 16]), SessionId::from_bytes([7; 16]));
    let check = tables.revocations.check(&jti, &sid, &of.sub, ver);
    check.await.unwrap()
}

#[tokio::test]
async fn a_new_address_waits_and_both_addresses_are_written_to_in_one_transaction() {
    let (tables, accounts, ada) = started().await;
    tables.calls();
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    let stored = read(&tables, &ada).await;
    assert_eq!(stored.email, ada.email);
    assert_eq!(stored.pending_email.as_deref(), Some("Ada@example.net"));
    assert_eq!(stored.pending_email_at, Some(at(5)));
    assert_eq!((stored.revision, asked.revision), (1, 1));
    assert_eq!(
        (
            stored.token_version,
            stored.session_version,
            stored.codes_since
        ),
        (3, 2, 0)
    );
    let both = [
        "address_change_requested session ",
        "email_verification anyone ",
    ];
    assert_eq!(messages(&tables).await, both, "no message holds an address");
    // It reserves nothing, and blocks nobody.
    let key = EmailAddress::parse(NEW).unwrap().name_key();
    assert_eq!(tables.users.subject_of(&key).await.unwrap(), None);
    assert_eq!(tables.count("RevocationsTable").await, 0);
}

/// Above half of the quota, a stranger causes no mail: whoever registers can type an address
/// as well, and is one until an address of theirs is verified.
#[tokio::test]
async fn a_user_is_a_stranger_until_an_address_is_verified() {
    let (tables, accounts, ada) = started().await;
    let key = ("pk", "user#AQEBAQEBAQEBAQEBAQEBAQ");
    let proven = AttributeValue::N("5".into());
    tables
        .set("UsersTable", key, "email_verified_at", proven)
        .await;
    let ada = read(&tables, &ada).await;
    request(&accounts, &ada, NEW).await.unwrap();
    let both = [
        "address_change_requested session ",
        "email_verification session ",
    ];
    assert_eq!(messages(&tables).await, both);
}

#[tokio::test]
async fn an_address_that_somebody_has_waits_like_any_other() {
    let (tables, accounts, ada) = started().await;
    tables.users.register(&user(2, "eve")).await.unwrap();
    request(&accounts, &ada, "eve@example.org").await.unwrap();
    assert_eq!(messages(&tables).await.len(), 2);
    let key = EmailAddress::parse("eve@example.org").unwrap().name_key();
    let eve = tables.users.find(&key).await.unwrap();
    assert_eq!(eve.unwrap().username, "EVE");
}

#[tokio::test]
async fn an_address_that_does_not_change_gets_no_mail() {
    let (tables, accounts, mut ada) = started().await;
    // Held, and not verified: only a code that verifies it is mailed.
    ada = request(&accounts, &ada, "ADA@example.org").await.unwrap();
    assert_eq!(messages(&tables).await, ["email_verification anyone "]);
    let key = ("pk", "user#AQEBAQEBAQEBAQEBAQEBAQ");
    let proven = AttributeValue::N("5".into());
    tables
        .set("UsersTable", key, "email_verified_at", proven)
        .await;
    ada = read(&tables, &ada).await;
    // Verified: it takes back what was asked, and no mail is sent.
    let back = request(&accounts, &ada, "ada@example.org").await.unwrap();
    assert_eq!(back.pending_email, None);
    assert_eq!(read(&tables, &ada).await.pending_email_at, None);
    assert_eq!(messages(&tables).await.len(), 1);
}

#[tokio::test]
async fn a_request_that_is_repeated_within_five_minutes_writes_nothing() {
    let (tables, accounts, ada) = started().await;
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    let again = request(&accounts, &asked, NEW).await.unwrap();
    assert_eq!((again.revision, read(&tables, &ada).await.revision), (1, 1));
    // Also if the account was read before the first one.
    request(&accounts, &ada, NEW).await.unwrap();
    assert_eq!(messages(&tables).await.len(), 2);
    let new = new(NEW);
    let later = accounts.request_address(asked, &new, at(5 + 300)).await;
    assert_eq!(later.unwrap().unwrap().revision, 2);
    assert_eq!(messages(&tables).await.len(), 4);
}

#[tokio::test]
async fn somebody_whose_tokens_were_revoked_changes_no_address() {
    let (tables, accounts, ada) = started().await;
    let roles = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    tables
        .accounts
        .change(&ada.sub, &roles, at(1))
        .await
        .unwrap();
    assert!(request(&accounts, &ada, NEW).await.is_none());
    assert_eq!(read(&tables, &ada).await.pending_email, None);
    tables.accounts.remove(&ada.sub, at(2)).await.unwrap();
    assert!(request(&accounts, &ada, NEW).await.is_none());
    assert_eq!(messages(&tables).await, [""; 0]);
    assert!(
        tables.users.get(&ada.sub).await.unwrap().is_none(),
        "it is not created"
    );
}

#[tokio::test]
async fn a_change_elsewhere_in_the_account_does_not_spoil_the_request() {
    let (tables, accounts, ada) = started().await;
    let renamed = UserChange {
        username: Some(gatehouse_auth::username::Username::parse("grace").unwrap()),
        ..UserChange::default()
    };
    tables
        .accounts
        .change(&ada.sub, &renamed, at(1))
        .await
        .unwrap();
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    assert_eq!((&*asked.username, asked.revision), ("grace", 2));
    assert_eq!(messages(&tables).await.len(), 2);
}

#[tokio::test]
async fn the_code_cancels_the_change_and_ends_every_session_once() {
    let (tables, accounts, ada) = started().await;
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    let code = code(&tables, 7, &asked, at(6)).await;
    let cancelled = accounts.cancel_address(&code, at(7)).await.unwrap();
    assert_eq!(cancelled.unwrap().sub, ada.sub);
    let after = read(&tables, &ada).await;
    assert_eq!(
        (after.pending_email, after.pending_email_canonical),
        (None, None)
    );
    assert_eq!(after.email, ada.email);
    assert_eq!((after.token_version, after.session_version), (4, 3));
    assert_eq!(after.codes_since, after.revision, "every code ends");
    assert_eq!(revoked(&tables, &ada, 3).await, Some(Revoked::Subject));
    assert_eq!(revoked(&tables, &ada, 4).await, None);
    assert!(
        accounts
            .cancel_address(&code, at(8))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(read(&tables, &ada).await.session_version, 3);
}

#[tokio::test]
async fn a_code_that_cancels_stays_valid_whatever_else_is_requested_for_24_hours() {
    let (tables, accounts, ada) = started().await;
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    let code = code(&tables, 7, &asked, at(6)).await;
    // A thief asks for another address, or takes the request back.
    for other in ["thief@example.com", "ada@example.org"] {
        request(&accounts, &asked, other).await.unwrap();
    }
    let (end, hour) = (at(6 + 86_400), 3600);
    assert!(accounts.cancel_address(&code, end).await.unwrap().is_none());
    let early = Timestamp::from_unix(end.unix() - hour);
    assert!(
        accounts
            .cancel_address(&code, early)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_code_that_cancels_ends_with_the_address_that_it_was_mailed_to() {
    let (tables, accounts, ada) = started().await;
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    let code = code(&tables, 7, &asked, at(6)).await;
    let moved = UserChange {
        email: Some(EmailAddress::parse("ada@example.com").unwrap()),
        ..UserChange::default()
    };
    accounts.change(&ada.sub, &moved, at(7)).await.unwrap();
    assert!(
        accounts
            .cancel_address(&code, at(8))
            .await
            .unwrap()
            .is_none()
    );
    let notice = "address_changed operator ada@Example.org".to_lowercase();
    assert!(
        messages(&tables)
            .await
            .iter()
            .any(|message| message.to_lowercase() == notice)
    );
    let other = MailCode::mint(CodeKind::Cancellation, &ada.sub, [9; 32]).unwrap();
    assert!(
        accounts
            .cancel_address(&other, at(8))
            .await
            .unwrap()
            .is_none()
    );
    let nobody = MailCode::mint(CodeKind::Cancellation, &user(9, "eve").sub, [9; 32]).unwrap();
    assert!(
        accounts
            .cancel_address(&nobody, at(8))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_cancellations_at_once_one_takes_effect() {
    let (tables, accounts, ada) = started().await;
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    let code = code(&tables, 7, &asked, at(6)).await;
    let mut race = JoinSet::new();
    for number in 0..64 {
        let (accounts, ada, code) = (accounts.clone(), ada.clone(), code.expose().to_owned());
        race.spawn(async move {
            if number % 4 == 0 {
                // Other requests do not get in its way.
                drop(accounts.request_address(ada, &new(NEW), at(7)).await);
                return false;
            }
            let code = MailCode::parse(CodeKind::Cancellation, &code).unwrap();
            matches!(accounts.cancel_address(&code, at(8)).await, Ok(Some(_)))
        });
    }
    let cancelled = race.join_all().await;
    let cancelled = cancelled.into_iter().filter(|done| *done).count();
    let after = read(&tables, &ada).await;
    assert_eq!((cancelled, after.session_version), (1, 3));
    assert_eq!(revoked(&tables, &ada, 3).await, Some(Revoked::Subject));
}

#[tokio::test]
async fn an_import_and_a_restored_table_write_no_messages() {
    let (tables, accounts, ada) = started().await;
    let eve = user(2, "eve");
    let mut batch = gatehouse_store::ImportBatch::of(&eve);
    let imported = accounts.import(&mut batch, at(1)).await.unwrap();
    assert_eq!(imported, [gatehouse_store::Imported::Written]);
    let raised = accounts.raise(&ada.sub, at(2)).await.unwrap();
    assert!(matches!(raised, gatehouse_store::Raised::Done));
    // Deleted after the backup that has the user.
    let backup = ada.clone();
    accounts.remove(&ada.sub, at(3)).await.unwrap();
    let waiting = messages(&tables).await.len();
    tables.users.register(&backup).await.unwrap();
    let raised = accounts.raise(&ada.sub, at(4)).await.unwrap();
    assert!(matches!(raised, gatehouse_store::Raised::Deleted(_)));
    assert_eq!(messages(&tables).await.len(), waiting);
}

#[tokio::test]
async fn the_verification_makes_the_change_causes_a_notice_and_ends_the_cancellation() {
    let (tables, accounts, ada) = started().await;
    let asked = request(&accounts, &ada, NEW).await.unwrap();
    let cancellation = code(&tables, 7, &asked, at(6)).await;
    let proof = proof(&tables, &asked, at(6)).await;
    let proven = accounts.verify_email(&proof, 3, at(7)).await.unwrap();
    assert!(matches!(proven, Verified::Done { .. }), "{proven:?}");
    let after = read(&tables, &ada).await;
    assert_eq!(after.email.as_deref(), Some("Ada@example.net"));
    assert_eq!(
        (after.email_verified_at, after.pending_email),
        (Some(at(7)), None)
    );
    assert_eq!((after.token_version, after.session_version), (3, 2));
    let messages = messages(&tables).await;
    assert!(
        messages.contains(&format!("address_changed session {}", ada.email.unwrap())),
        "{messages:?}"
    );
    assert!(
        accounts
            .cancel_address(&cancellation, at(8))
            .await
            .unwrap()
            .is_none()
    );
}

/// Does what one of the racers does; returns the end of the change, if it brought that about.
async fn racer(
    (number, round): (u8, u8),
    accounts: &Accounts,
    ada: User,
    [proof, cancellation]: [String; 2],
) -> Option<&'static str> {
    match (number % 4, round % 3) {
        (0 | 1, _) => {
            let proof = MailCode::parse(CodeKind::Verification, &proof).unwrap();
            let proven = accounts.verify_email(&proof, 3, at(7)).await;
            matches!(proven, Ok(Verified::Done { .. })).then_some("proven")
        }
        (2, 0) => {
            let code = MailCode::parse(CodeKind::Cancellation, &cancellation).unwrap();
            let cancelled = accounts.cancel_address(&code, at(7)).await;
            matches!(cancelled, Ok(Some(_))).then_some("cancelled")
        }
        (2, 1) => {
            let correction = UserChange {
                email: Some(EmailAddress::parse("ada@example.com").unwrap()),
                ..UserChange::default()
            };
            drop(accounts.change(&ada.sub, &correction, at(7)).await);
            None
        }
        (2, _) => {
            drop(accounts.remove(&ada.sub, at(7)).await);
            None
        }
        _ => {
            let other = new("other@example.org");
            drop(accounts.request_address(ada, &other, at(7)).await);
            None
        }
    }
}

/// A proof of the new address against its cancellation, a correction by an administrator, a
/// deletion and a request for another address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_races_with_its_end_happens_once_or_never() {
    for round in 0..6_u8 {
        let (tables, accounts, ada) = started().await;
        let asked = request(&accounts, &ada, NEW).await.unwrap();
        let cancellation = code(&tables, 7, &asked, at(6)).await;
        let proof = proof(&tables, &asked, at(6)).await;
        let mut race = JoinSet::new();
        for number in 0..24_u8 {
            let (accounts, ada) = (accounts.clone(), ada.clone());
            let codes = [&proof, &cancellation].map(|code| code.expose().to_owned());
            race.spawn(async move { racer((number, round), &accounts, ada, codes).await });
        }
        let ends: Vec<_> = race.join_all().await.into_iter().flatten().collect();
        assert!(ends.len() <= 1, "{ends:?}");
        assert_eq!(
            crate::names::inconsistent(&tables).await,
            [""; 0],
            "{ends:?}"
        );
        if let Some(user) = tables.users.get(&ada.sub).await.unwrap() {
            let is_cancelled = user.session_version == 3;
            assert_eq!(is_cancelled, ends == ["cancelled"]);
            let held = user.email_canonical.as_deref();
            assert!(
                held.is_some(),
                "an account never loses its address to a race"
            );
            if is_cancelled {
                assert_eq!(held, Some("ada@example.org"));
            }
        }
    }
}
