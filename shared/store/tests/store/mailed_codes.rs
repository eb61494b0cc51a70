//! Codes that were mailed: what using one does, and everything that ends them.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::role::Roles;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::{Accounts, Attempt, Deleted, Ended};
use gatehouse_testing::{Fault, NOW, at, at_call};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::fixtures::user;
use crate::revisions::orphans;
use crate::tables::Tables;

fn code(of: &User, number: u8) -> MailCode {
    MailCode::mint(CodeKind::Recovery, &of.sub, [number; 32]).unwrap()
}

fn mailing(tables: &Tables) -> Accounts {
    tables.mailing.clone()
}

async fn started() -> (Tables, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    (tables, ada)
}

async fn read(tables: &Tables, user: &User) -> User {
    tables.users.get(&user.sub).await.unwrap().unwrap()
}

/// Mails a code to the address that the user holds.
async fn mail(tables: &Tables, of: &User, number: u8, now: Timestamp) {
    let user = read(tables, of).await;
    let address = user.email_canonical.clone().unwrap();
    let issued = tables
        .issue(&code(of, number), (&user, &address), now)
        .await;
    assert_eq!(issued, Attempt::Begun);
}

async fn reset(tables: &Tables, of: &User, number: u8, now: Timestamp) -> Ended {
    let hash = StoredHash::new(format!("$argon2id$new{number}"));
    let (accounts, code) = (mailing(tables), code(of, number));
    let reset = accounts.reset_password(&code, &hash, now);
    reset.await.unwrap()
}

#[tokio::test]
async fn a_mailed_code_sets_a_password_once_and_verifies_the_address() {
    let (tables, ada) = started().await;
    mail(&tables, &ada, 1, at(0)).await;
    mail(&tables, &ada, 2, at(300)).await;
    drop(tables.calls());
    assert_eq!(reset(&tables, &ada, 1, at(400)).await, Ended::Done);
    let calls = ["GetItem", "GetItem", "GetItem", "TransactWriteItems"];
    assert_eq!(tables.calls(), calls);
    let after = read(&tables, &ada).await;
    assert_eq!(after.password_hash.unwrap().expose(), "$argon2id$new1");
    assert_eq!(after.email_verified_at, Some(at(400)));
    assert_eq!((after.token_version, after.session_version), (4, 3));
    assert_eq!((after.revision, after.codes_since), (1, 1));
    for number in [1, 2] {
        assert_eq!(reset(&tables, &ada, number, at(401)).await, Ended::Refused);
    }
    // The codes are gone; the notice waits.
    assert_eq!(tables.count("OutboxTable").await, 1);
}

#[tokio::test]
async fn a_mailed_code_ends_by_itself_and_without_an_outbox_it_is_nothing() {
    let (tables, ada) = started().await;
    mail(&tables, &ada, 1, at(0)).await;
    let (code, hash) = (code(&ada, 1), StoredHash::new("$argon2id$x".into()));
    let without = tables.accounts.reset_password(&code, &hash, at(1));
    assert_eq!(without.await.unwrap(), Ended::Refused);
    assert_eq!(reset(&tables, &ada, 1, at(1800)).await, Ended::Refused);
    assert_eq!(reset(&tables, &ada, 1, at(1799)).await, Ended::Done);
}

/// The address waited as well: its owner asked for it again, or was about to verify it.
#[tokio::test]
async fn an_address_that_a_mailed_code_verified_no_longer_waits() {
    for (waiting, still_waits) in [("Ada@example.org", false), ("ada@example.net", true)] {
        let ada = user(1, "ada").awaiting(&EmailAddress::parse(waiting).unwrap(), at(0));
        let tables = Tables::start_with(&[&ada]).await;
        mail(&tables, &ada, 1, at(0)).await;
        assert_eq!(reset(&tables, &ada, 1, at(1)).await, Ended::Done);
        let after = read(&tables, &ada).await;
        assert_eq!(after.email_canonical.as_deref(), Some("ada@example.org"));
        assert_eq!(after.email_verified_at, Some(at(1)));
        let waits = [
            after.pending_email.is_some(),
            after.pending_email_canonical.is_some(),
            after.pending_email_at.is_some(),
        ];
        assert_eq!(waits, [still_waits; 3]);
    }
}

/// Everything after which a code from before must not open the account.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Password,
    Operator,
    Disabling,
    Address,
    Restore,
    Deletion,
}

#[tokio::test]
async fn everything_that_changes_who_has_the_account_ends_its_codes() {
    for ending in [
        Ending::Password,
        Ending::Operator,
        Ending::Disabling,
        Ending::Address,
        Ending::Restore,
        Ending::Deletion,
    ] {
        let (tables, ada) = started().await;
        mail(&tables, &ada, 1, at(0)).await;
        end(&tables, &ada, ending).await;
        let used = reset(&tables, &ada, 1, at(2)).await;
        assert_eq!(used, Ended::Refused, "{ending:?}");
        if matches!(ending, Ending::Deletion) {
            continue;
        }
        // And the next one is mailed at once, and is valid.
        mail(&tables, &ada, 2, at(3)).await;
        let used = reset(&tables, &ada, 2, at(4)).await;
        assert_eq!(used, Ended::Done, "{ending:?}");
    }
}

#[tokio::test]
async fn new_roles_end_no_code() {
    let (tables, ada) = started().await;
    mail(&tables, &ada, 1, at(0)).await;
    let change = UserChange {
        roles: Some(Roles::parse(["editor"]).unwrap()),
        ..UserChange::default()
    };
    let changed = mailing(&tables).change(&ada.sub, &change, at(1)).await;
    changed.unwrap();
    assert_eq!(reset(&tables, &ada, 1, at(2)).await, Ended::Done);
}

async fn end(tables: &Tables, ada: &User, ending: Ending) {
    let (accounts, sub) = (mailing(tables), &ada.sub);
    let hash = StoredHash::new("$argon2id$own".into());
    match ending {
        Ending::Password => {
            let changed = accounts.change_password((ada, 3), &hash, at(1)).await;
            assert_eq!(changed.unwrap(), Ended::Done);
        }
        Ending::Operator => {
            let own = code(ada, 9);
            let recovery = Recovery::grant(&own, NOW);
            tables.users.set_recovery(sub, &recovery).await.unwrap();
            let used = accounts.reset_password(&own, &hash, at(1)).await;
            assert_eq!(used.unwrap(), Ended::Done);
            assert_eq!(read(tables, ada).await.email_verified_at, None);
        }
        Ending::Disabling => {
            for status in [Status::Disabled, Status::Active] {
                let change = UserChange {
                    status: Some(status),
                    ..UserChange::default()
                };
                accounts.change(sub, &change, at(1)).await.unwrap();
            }
        }
        Ending::Address => {
            let change = UserChange {
                email: Some(EmailAddress::parse("new@example.org").unwrap()),
                ..UserChange::default()
            };
            accounts.change(sub, &change, at(1)).await.unwrap();
        }
        Ending::Restore => drop(accounts.raise(sub, at(1)).await.unwrap()),
        Ending::Deletion => {
            let (_, deleted) = accounts.delete(ada.clone(), at(1)).await.unwrap();
            assert_eq!(deleted, Deleted::Done);
        }
    }
}

/// A backup from before the code was mailed and its owner set another password.
#[tokio::test]
async fn a_restored_user_whose_versions_were_raised_has_no_codes() {
    let (tables, ada) = started().await;
    let key = format!("user#{}", ada.sub);
    let backup = tables.item("UsersTable", "pk", &key).await.unwrap();
    tables
        .users
        .replace_hash(
            &ada.sub,
            &StoredHash::new("$argon2id$first".into()),
            &StoredHash::new("$argon2id$second".into()),
            at(1),
        )
        .await
        .unwrap();
    mail(&tables, &ada, 1, at(1)).await;
    end(&tables, &ada, Ending::Password).await;
    let put = tables
        .client
        .put_item()
        .table_name(tables.name("UsersTable"));
    put.set_item(Some(backup)).send().await.unwrap();
    mailing(&tables).raise(&ada.sub, at(2)).await.unwrap();
    assert_eq!(reset(&tables, &ada, 1, at(3)).await, Ended::Refused);
}

#[tokio::test]
async fn a_granted_code_and_mailed_ones_have_their_own_places() {
    let (tables, ada) = started().await;
    let granted = code(&ada, 9);
    let recovery = Recovery::grant(&granted, NOW);
    let set = tables.users.set_recovery(&ada.sub, &recovery).await;
    assert!(set.unwrap());
    for (number, start) in [(1, 0), (2, 300), (3, 600), (4, 900)] {
        mail(&tables, &ada, number, at(start)).await;
    }
    let accounts = mailing(&tables);
    let found = accounts.find_by_recovery(&granted, at(901)).await;
    assert!(found.unwrap().is_some());
    assert_eq!(reset(&tables, &ada, 2, at(901)).await, Ended::Done);
    let found = accounts.find_by_recovery(&granted, at(902)).await;
    assert!(found.unwrap().is_none(), "the use of one ends all");
}

/// Who has an account, and whether it is disabled or has another code, must not show in the
/// time that a refusal takes.
#[tokio::test]
async fn the_reads_of_a_code_are_concurrent_and_the_same_for_every_subject() {
    let (ada, mut bob) = (user(1, "ada"), user(2, "bob"));
    bob.status = Status::Disabled;
    let tables = Tables::start_with(&[&ada, &bob]).await;
    mail(&tables, &ada, 1, at(0)).await;
    let granted = code(&ada, 9);
    let recovery = Recovery::grant(&granted, NOW);
    let set = tables.users.set_recovery(&ada.sub, &recovery).await;
    assert!(set.unwrap());
    for (code, is_valid) in [
        (code(&ada, 1), true),
        (granted, true),
        (code(&ada, 2), false),
        (code(&bob, 1), false),
        (code(&user(3, "nobody"), 1), false),
    ] {
        drop(tables.calls());
        // The first call responds only once the second one has begun.
        let both = Arc::new(Notify::new());
        let faults = tables.faults();
        drop(faults.inject(at_call(0), Fault::Until(both.clone())));
        let second = faults.inject(at_call(1), Fault::Delay(Duration::ZERO));
        let accounts = mailing(&tables);
        let finding = async {
            let found = accounts.find_by_recovery(&code, at(1)).await;
            found.unwrap().is_some()
        };
        let begun = async {
            second.await.unwrap();
            both.notify_one();
        };
        let both = timeout(Duration::from_secs(1), async {
            tokio::join!(finding, begun)
        });
        let (found, ()) = both.await.expect("one call waits for the other");
        assert_eq!(found, is_valid);
        assert_eq!(tables.calls(), ["GetItem", "GetItem"]);
    }
}

/// The code is still in the table when it is read, but not when it is used.
#[tokio::test]
async fn a_code_that_vanishes_while_it_is_used_sets_no_password() {
    let (tables, ada) = started().await;
    mail(&tables, &ada, 1, at(0)).await;
    let about_to_write = at_call(0).of("TransactWriteItems");
    let used = tables.faults().pause_at(
        about_to_write,
        reset(&tables, &ada, 1, at(1)),
        tables.outbox.delete_all(&ada.sub, &[]),
    );
    let (used, deleted) = used.await.unwrap();
    deleted.unwrap();
    assert_eq!(used, Ended::Refused);
    let hash = read(&tables, &ada).await.password_hash.unwrap();
    assert_eq!(hash.expose(), "$argon2id$first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_sixty_four_concurrent_uses_of_mailed_codes_sets_the_password() {
    let (tables, ada) = started().await;
    for (number, start) in [(0, 0), (1, 300), (2, 600)] {
        mail(&tables, &ada, number, at(start)).await;
    }
    let tables = Arc::new(tables);
    let mut race = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (tables, ada) = (tables.clone(), ada.clone());
        race.spawn(async move { reset(&tables, &ada, number % 3, at(700)).await });
    }
    let ends = race.join_all().await;
    assert_eq!(ends.iter().filter(|end| **end == Ended::Done).count(), 1);
    let after = read(&tables, &ada).await;
    assert_eq!((after.token_version, after.revision), (4, 1));
    assert_eq!(tables.count("OutboxTable").await, 1, "one notice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_that_races_with_disabling_and_deletion_opens_nothing() {
    for round in 0..8 {
        let (tables, ada) = started().await;
        mail(&tables, &ada, 1, at(0)).await;
        let tables = Arc::new(tables);
        let mut race = tokio::task::JoinSet::new();
        for number in 0..16 {
            let (tables, ada) = (tables.clone(), ada.clone());
            race.spawn(async move {
                let accounts = mailing(&tables);
                match number % 4 {
                    0 if round % 2 == 0 => drop(accounts.remove(&ada.sub, at(1)).await),
                    0 => {
                        let change = UserChange {
                            status: Some(Status::Disabled),
                            ..UserChange::default()
                        };
                        drop(accounts.change(&ada.sub, &change, at(1)).await);
                    }
                    _ => {
                        let hash = StoredHash::new("$argon2id$new".into());
                        drop(accounts.reset_password(&code(&ada, 1), &hash, at(1)).await);
                    }
                }
            });
        }
        drop(race.join_all().await);
        assert_eq!(orphans(&tables).await, [""; 0]);
        // Whatever won, nobody gets in with the code afterwards.
        assert_eq!(reset(&tables, &ada, 1, at(2)).await, Ended::Refused);
        if let Some(user) = tables.users.get(&ada.sub).await.unwrap() {
            assert_eq!(user.status, Status::Disabled);
        }
    }
}

#[tokio::test]
async fn a_deletion_interrupted_at_any_call_leaves_nothing_in_the_outbox() {
    let mut at_call_number = 0;
    loop {
        let (tables, ada) = started().await;
        let accounts = mailing(&tables);
        mail(&tables, &ada, 1, at(0)).await;
        for kind in [MessageKind::PasswordReset, MessageKind::PasswordChanged] {
            let waits = Message::new(kind, &ada.sub, 0, Origin::Anyone, at(0));
            tables.outbox.put(&waits).await.unwrap();
        }
        let (_, deleted) = accounts.delete(ada.clone(), at(1)).await.unwrap();
        assert_eq!(deleted, Deleted::Done);
        let (attempts, sub) = (tables.attempts.clone(), ada.sub.clone());
        let digests = ada.identifier_digests(at(1));
        let traces = {
            let (accounts, digests) = (accounts.clone(), digests.clone());
            async move {
                let traces = accounts.delete_traces(&attempts, &sub, digests);
                traces.await.unwrap()
            }
        };
        let killed = tables
            .faults()
            .kill_at(at_call(at_call_number), traces)
            .await;
        if killed.is_none() {
            // What the schedule does.
            for pending in accounts.pending_deletions().await.unwrap() {
                let (sub, digests) = (&pending.sub, pending.digests.clone());
                let rest = accounts.delete_traces(&tables.attempts, sub, digests);
                rest.await.unwrap();
            }
        }
        // The notice of the deletion itself: the mailer deletes it.
        assert_eq!(tables.count("OutboxTable").await, 1);
        assert!(accounts.pending_deletions().await.unwrap().is_empty());
        if killed.is_some() {
            break;
        }
        at_call_number += 1;
    }
    assert!(at_call_number >= 6, "{at_call_number}");
}
