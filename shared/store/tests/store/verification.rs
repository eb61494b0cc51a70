//! The verification of an address: whom it belongs to afterwards, whoever else changes at the time.

use std::collections::BTreeMap;

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::{Attempt, Verified};
use gatehouse_testing::{at, at_call};
use tokio::task::JoinSet;

use crate::fixtures::user;
use crate::tables::Tables;

pub(crate) const ADDRESS: &str = "ada@example.net";
/// The token version of every user.
pub(crate) const VER: u64 = 3;

/// A user who holds no address; `address` waits.
pub(crate) fn waiting(number: u8, name: &str, address: &str) -> User {
    let mut user = user(number, name);
    (user.email, user.email_canonical) = (None, None);
    user.awaiting(&EmailAddress::parse(address).unwrap(), at(0))
}

/// A user who holds an address that nobody has verified.
pub(crate) fn holding(number: u8, name: &str, address: &str) -> User {
    let mut user = user(number, name);
    user.email = Some(address.to_owned());
    user.email_canonical = Some(address.to_owned());
    user
}

/// Issues a code for an address of a user, as the mailer does.
pub(crate) async fn code(tables: &Tables, of: &User, address: &str, kind: CodeKind) -> MailCode {
    let code = MailCode::mint(kind, &of.sub, [7; 32]).unwrap();
    let issued = tables.issue(&code, (of, address), at(0)).await;
    assert_eq!(issued, Attempt::Begun);
    code
}

async fn mailed(tables: &Tables, of: &User, address: &str) -> MailCode {
    code(tables, of, address, CodeKind::Verification).await
}

async fn verify(tables: &Tables, code: &MailCode) -> Verified {
    tables.mailing.verify_email(code, VER, at(9)).await.unwrap()
}

async fn read(tables: &Tables, user: &User) -> User {
    tables.users.get(&user.sub).await.unwrap().unwrap()
}

pub(crate) async fn holder(tables: &Tables, address: &str) -> Option<User> {
    let name = EmailAddress::parse(address).unwrap().name_key();
    tables.users.find(&name).await.unwrap()
}

/// Checks that every name leads to a user who has it, and that every name of a user leads
/// to them.
pub(crate) async fn assert_names_match(tables: &Tables) {
    let text = |item: &gatehouse_testing::Item, name: &str| {
        let value = item.get(name)?;
        Some(value.as_s().unwrap().clone())
    };
    let (mut names, mut held) = (BTreeMap::new(), BTreeMap::new());
    let items = tables.client.scan().table_name(tables.name("UsersTable"));
    for item in items.send().await.unwrap().items.unwrap() {
        let pk = text(&item, "pk").unwrap();
        if pk.starts_with("user#") {
            let sub = text(&item, "sub").unwrap();
            let username = text(&item, "username_canonical").unwrap();
            held.insert(format!("username#{username}"), sub.clone());
            if let Some(email) = text(&item, "email_canonical") {
                let other = held.insert(format!("email#{email}"), sub);
                assert_eq!(other, None, "two users hold one address");
            }
        } else if pk.starts_with("username#") || pk.starts_with("email#") {
            names.insert(pk, text(&item, "sub").unwrap());
        }
    }
    assert_eq!(names, held);
}

#[tokio::test]
async fn a_waiting_address_is_held_once_it_is_verified() {
    let ada = waiting(1, "ada", "Ada@example.net");
    let tables = Tables::start_with(&[&ada]).await;
    assert!(holder(&tables, ADDRESS).await.is_none());
    let code = mailed(&tables, &ada, ADDRESS).await;
    let found = tables.mailing.find_by_verification(&code, at(9)).await;
    assert_eq!(found.unwrap().unwrap().sub, ada.sub);
    drop(tables.calls());
    let Verified::Done { user, taken_from } = verify(&tables, &code).await else {
        panic!("the code is valid");
    };
    assert!(taken_from.is_none());
    let calls = tables.calls();
    let writes = calls.iter().filter(|call| *call != "GetItem");
    assert_eq!(writes.collect::<Vec<_>>(), ["TransactWriteItems"]);
    let after = holder(&tables, ADDRESS).await.unwrap();
    assert_eq!(after.sub, ada.sub);
    assert_eq!(after.email.as_deref(), Some("Ada@example.net"));
    assert_eq!(after.email_verified_at, Some(at(9)));
    assert_eq!((after.pending_email, after.pending_email_at), (None, None));
    assert_eq!((after.revision, after.codes_since), (1, 1));
    assert_eq!(user.revision, 1);
    assert!(matches!(verify(&tables, &code).await, Verified::Refused));
    assert_names_match(&tables).await;
}

#[tokio::test]
async fn a_held_address_is_verified_where_it_is() {
    let ada = holding(1, "ada", ADDRESS)
        .awaiting(&EmailAddress::parse("new@example.net").unwrap(), at(0));
    let tables = Tables::start_with(&[&ada]).await;
    let code = mailed(&tables, &ada, ADDRESS).await;
    assert!(matches!(
        verify(&tables, &code).await,
        Verified::Done { .. }
    ));
    let after = read(&tables, &ada).await;
    assert_eq!(after.email_verified_at, Some(at(9)));
    assert_eq!(after.pending_email.as_deref(), Some("new@example.net"));
    assert_names_match(&tables).await;
}

#[tokio::test]
async fn verifying_an_address_takes_it_from_whoever_holds_it_unverified() {
    let (eve, ada) = (holding(1, "eve", ADDRESS), waiting(2, "ada", ADDRESS));
    let tables = Tables::start_with(&[&eve, &ada]).await;
    let of_eve = mailed(&tables, &eve, ADDRESS).await;
    let of_ada = mailed(&tables, &ada, ADDRESS).await;
    let Verified::Done { taken_from, .. } = verify(&tables, &of_ada).await else {
        panic!("the code is valid");
    };
    assert_eq!(taken_from.as_ref(), Some(&eve.sub));
    assert_eq!(holder(&tables, ADDRESS).await.unwrap().sub, ada.sub);
    let eve = read(&tables, &eve).await;
    assert_eq!((eve.email, eve.email_canonical), (None, None));
    // Whoever reads the mailbox now must not reset her password.
    assert_eq!((eve.revision, eve.codes_since), (1, 1));
    assert!(matches!(verify(&tables, &of_eve).await, Verified::Refused));
    assert_names_match(&tables).await;
}

#[tokio::test]
async fn an_address_that_another_account_has_verified_stays_there() {
    let mut eve = holding(1, "eve", ADDRESS);
    eve.email_verified_at = Some(at(1));
    let ada = waiting(2, "ada", ADDRESS);
    let tables = Tables::start_with(&[&eve, &ada]).await;
    let code = mailed(&tables, &ada, ADDRESS).await;
    assert!(matches!(verify(&tables, &code).await, Verified::Taken));
    assert_eq!(holder(&tables, ADDRESS).await.unwrap().sub, eve.sub);
    assert_eq!(read(&tables, &ada).await.revision, 0);
}

#[tokio::test]
async fn the_old_address_is_released_and_gets_a_notice() {
    let new = EmailAddress::parse("new@example.net").unwrap();
    let mut ada = holding(1, "ada", ADDRESS).awaiting(&new, at(0));
    ada.email_verified_at = Some(at(1));
    let tables = Tables::start_with(&[&ada]).await;
    let code = mailed(&tables, &ada, "new@example.net").await;
    assert!(matches!(
        verify(&tables, &code).await,
        Verified::Done { .. }
    ));
    assert!(holder(&tables, ADDRESS).await.is_none());
    let after = holder(&tables, "new@example.net").await.unwrap();
    assert_eq!(after.email_verified_at, Some(at(9)));
    assert_names_match(&tables).await;
    let items = tables.client.scan().table_name(tables.name("OutboxTable"));
    let items = items.send().await.unwrap().items.unwrap();
    let notice = items.iter().find(|item| item.contains_key("kind")).unwrap();
    assert_eq!(notice["kind"].as_s().unwrap(), "address_changed");
    assert_eq!(notice["address"].as_s().unwrap(), ADDRESS);
}

#[tokio::test]
async fn a_code_that_verifies_nothing_changes_nothing() {
    let ada = waiting(1, "ada", ADDRESS);
    let tables = Tables::start_with(&[&ada]).await;
    let day = 24 * 60 * 60;
    let unknown = MailCode::mint(CodeKind::Verification, &ada.sub, [8; 32]).unwrap();
    let nobodys = MailCode::mint(CodeKind::Verification, &user(9, "bob").sub, [7; 32]).unwrap();
    let valid = mailed(&tables, &ada, ADDRESS).await;
    for (code, when) in [(&unknown, 9), (&nobodys, 9), (&valid, day)] {
        let accounts = &tables.mailing;
        let verified = accounts.verify_email(code, VER, at(when)).await.unwrap();
        assert!(matches!(verified, Verified::Refused), "{when}");
        let found = accounts.find_by_verification(code, at(when)).await;
        assert!(found.unwrap().is_none(), "{when}");
    }
    let changed = tables.mailing.verify_email(&valid, VER + 1, at(9)).await;
    assert!(matches!(changed.unwrap(), Verified::Changed));
    assert_eq!(read(&tables, &ada).await.revision, 0);
    let at_the_end = tables.mailing.verify_email(&valid, VER, at(day - 1)).await;
    assert!(matches!(at_the_end.unwrap(), Verified::Done { .. }));
}

#[tokio::test]
async fn a_code_verifies_only_the_address_that_it_was_mailed_to() {
    let ada = waiting(1, "ada", "other@example.net");
    let tables = Tables::start_with(&[&ada]).await;
    let code = mailed(&tables, &ada, ADDRESS).await;
    assert!(matches!(verify(&tables, &code).await, Verified::Refused));
    assert!(read(&tables, &ada).await.pending_email.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_accounts_that_verify_one_address_one_has_it() {
    let eve = holding(200, "eve", ADDRESS);
    let mut everyone = vec![eve];
    everyone.extend((0..64).map(|number| waiting(number, &format!("ada{number}"), ADDRESS)));
    let tables = Tables::start_with(&everyone.iter().collect::<Vec<_>>()).await;
    let mut running = JoinSet::new();
    for ada in &everyone[1..] {
        let code = mailed(&tables, ada, ADDRESS).await;
        let accounts = tables.mailing.clone();
        running.spawn(async move { accounts.verify_email(&code, VER, at(9)).await });
    }
    let (mut done, mut taken) = (0, 0);
    for verified in running.join_all().await {
        match verified {
            Ok(Verified::Done { .. }) => done += 1,
            Ok(Verified::Taken) => taken += 1,
            // Contention: nothing is written, and the client tries again.
            Err(error) => assert!(gatehouse_auth::failure::Failure::is_transient(&error)),
            Ok(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(done, 1, "{taken} were refused");
    assert!(
        holder(&tables, ADDRESS)
            .await
            .unwrap()
            .email_verified_at
            .is_some()
    );
    assert_names_match(&tables).await;
}

/// Otherwise the item of the new name would outlive its user.
#[tokio::test]
async fn a_deletion_that_was_decided_before_a_verification_is_decided_again() {
    let ada = waiting(1, "ada", ADDRESS);
    let tables = Tables::start_with(&[&ada]).await;
    let code = mailed(&tables, &ada, ADDRESS).await;
    assert!(matches!(
        verify(&tables, &code).await,
        Verified::Done { .. }
    ));
    let (deleted, _) = tables.mailing.delete(ada, at(10)).await.unwrap();
    assert_eq!(deleted.email.as_deref(), Some(ADDRESS));
    assert_names_match(&tables).await;
}

/// What may happen to an account while an address is verified.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meanwhile {
    Deleted,
    Disabled,
    Reset,
    MailedReset,
    PasswordChanged,
    Corrected,
    Verified,
}

impl Meanwhile {
    pub(crate) const ALL: [Self; 7] = [
        Self::Deleted,
        Self::Disabled,
        Self::Reset,
        Self::MailedReset,
        Self::PasswordChanged,
        Self::Corrected,
        Self::Verified,
    ];

    pub(crate) async fn happens(self, tables: &Tables, to: &User) {
        let (accounts, hash) = (&tables.mailing, StoredHash::new("$new".to_owned()));
        match self {
            Self::Deleted => drop(accounts.remove(&to.sub, at(9)).await),
            Self::Disabled => {
                let change = UserChange {
                    status: Some(Status::Disabled),
                    ..UserChange::default()
                };
                drop(accounts.change(&to.sub, &change, at(9)).await);
            }
            Self::Reset => {
                let code = MailCode::mint(CodeKind::Recovery, &to.sub, [9; 32]).unwrap();
                let granted = Recovery::grant(&code, at(0));
                tables.users.set_recovery(&to.sub, &granted).await.unwrap();
                drop(accounts.reset_password(&code, &hash, at(9)).await);
            }
            Self::MailedReset => {
                let code = MailCode::mint(CodeKind::Recovery, &to.sub, [7; 32]).unwrap();
                drop(accounts.reset_password(&code, &hash, at(9)).await);
            }
            Self::Corrected => {
                let change = UserChange {
                    email: Some(EmailAddress::parse("correct@example.com").unwrap()),
                    ..UserChange::default()
                };
                drop(accounts.change(&to.sub, &change, at(9)).await);
            }
            Self::PasswordChanged => {
                drop(accounts.change_password((to, VER), &hash, at(9)).await);
            }
            Self::Verified => {
                let code = MailCode::mint(CodeKind::Verification, &to.sub, [7; 32]).unwrap();
                drop(accounts.verify_email(&code, VER, at(9)).await);
            }
        }
    }
}

/// Each against the account that verifies, and against the one that loses its address.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_at_the_same_time_every_name_has_its_user() {
    for meanwhile in Meanwhile::ALL {
        for round in 0..8 {
            let (eve, ada) = (holding(1, "eve", ADDRESS), waiting(2, "ada", ADDRESS));
            let tables = Tables::start_with(&[&eve, &ada]).await;
            mailed(&tables, &eve, ADDRESS).await;
            code(&tables, &eve, ADDRESS, CodeKind::Recovery).await;
            let code = mailed(&tables, &ada, ADDRESS).await;
            let (accounts, other) = (tables.mailing.clone(), [&ada, &eve][round % 2]);
            let verifying =
                tokio::spawn(async move { accounts.verify_email(&code, VER, at(9)).await });
            meanwhile.happens(&tables, other).await;
            let verified = verifying.await.unwrap();
            assert_names_match(&tables).await;
            let holder = holder(&tables, ADDRESS).await;
            let is_adas = holder.is_some_and(|holder| {
                holder.sub == ada.sub && holder.email_verified_at == Some(at(9))
            });
            match verified {
                Ok(Verified::Done { .. }) => {
                    let may_be_gone =
                        matches!(meanwhile, Meanwhile::Deleted | Meanwhile::Corrected);
                    assert!(is_adas || may_be_gone, "{meanwhile:?} {round}");
                }
                Ok(_) | Err(_) => assert!(
                    !is_adas || matches!(meanwhile, Meanwhile::Verified),
                    "{meanwhile:?} {round}"
                ),
            }
        }
    }
}

#[tokio::test]
async fn a_verification_that_is_interrupted_at_any_call_has_happened_or_has_not() {
    let mut number = 0;
    loop {
        let (eve, ada) = (holding(1, "eve", ADDRESS), waiting(2, "ada", ADDRESS));
        let tables = Tables::start_with(&[&eve, &ada]).await;
        let code = mailed(&tables, &ada, ADDRESS).await;
        let accounts = tables.mailing.clone();
        let verifying = async move { accounts.verify_email(&code, VER, at(9)).await.unwrap() };
        let faults = tables.faults();
        let finished = faults.kill_at(at_call(number).after(), verifying).await;
        assert_names_match(&tables).await;
        if finished.is_some() {
            break;
        }
        number += 1;
    }
    assert!(number >= 5, "{number}");
}
