//! Every write of a user increments the revision, and what was decided from a user is
//! decided again if anything was written since.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::{Changed, Deleted, Ended, Respelled, SessionOwner};
use gatehouse_testing::{NOW, at, at_call};

use crate::fixtures::{session, user};
use crate::tables::Tables;

fn hash(name: &str) -> StoredHash {
    StoredHash::new(format!("$argon2id${name}"))
}

fn code(of: &User, secret: u8) -> MailCode {
    MailCode::mint(CodeKind::Recovery, &of.sub, [secret; 32]).unwrap()
}

fn roles(names: &[&str]) -> UserChange {
    UserChange {
        roles: Some(Roles::parse(names.iter().copied()).unwrap()),
        ..UserChange::default()
    }
}

async fn started() -> (Tables, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    (tables, ada)
}

async fn read(tables: &Tables, user: &User) -> User {
    tables.users.get(&user.sub).await.unwrap().unwrap()
}

/// Replaces the hash as a login does.
async fn rehash(tables: &Tables, user: &User) {
    let old = read(tables, user).await.password_hash.unwrap();
    let new = hash(&format!("rehashed{}", old.expose()));
    let done = tables.users.replace_hash(&user.sub, &old, &new, at(1));
    assert!(done.await.unwrap());
}

/// Runs `write` while a login replaces the hash, just before the write takes effect.
async fn while_rehashing<T>(tables: &Tables, user: &User, write: impl Future<Output = T>) -> T {
    let about_to_write = at_call(0).of("TransactWriteItems");
    let login = Box::pin(rehash(tables, user));
    let written = tables.faults().pause_at(about_to_write, write, login);
    written.await.unwrap().0
}

#[tokio::test]
async fn every_write_of_a_user_increments_the_revision() {
    let (tables, ada) = started().await;
    let (accounts, users, sub) = (&tables.accounts, &tables.users, &ada.sub);
    let mut expected = 0;
    let mut check = async |what: &str| {
        assert_eq!(read(&tables, &ada).await.revision, expected, "{what}");
        expected += 1;
    };
    check("registration").await;
    rehash(&tables, &ada).await;
    check("rehashing").await;
    let code = code(&ada, 7);
    let recovery = Recovery::grant(&code, NOW);
    assert!(users.set_recovery(sub, &recovery).await.unwrap());
    check("granting a code").await;
    let hash = hash("new");
    let reset = accounts.reset_password(&code, &hash, at(1));
    assert_eq!(reset.await.unwrap(), Ended::Done);
    check("using a code").await;
    let now = read(&tables, &ada).await;
    let changed = accounts.change_password((&now, now.token_version), &hash, at(1));
    assert_eq!(changed.await.unwrap(), Ended::Done);
    check("changing the password").await;
    let changed = accounts.change(sub, &roles(&["editor"]), at(1)).await;
    assert!(matches!(changed, Ok(Changed::Done { .. })));
    check("changing roles").await;
    let ver = read(&tables, &ada).await.token_version;
    let ended = accounts.end_all_sessions(sub, ver, "test", at(1)).await;
    assert_eq!(ended.unwrap(), Ended::Done);
    check("ending every session").await;
    tables.sessions.create(&session(4, 1)).await.unwrap();
    let sid = &session(4, 1).sid;
    let ver = ver + 1;
    let owner = SessionOwner { sub, sid, ver };
    let ended = accounts.end_other_sessions(&owner, at(1)).await;
    assert_eq!(ended.unwrap(), Ended::Done);
    check("ending the other sessions").await;
    assert!(accounts.end_sessions_of(sub, "test", at(1)).await.unwrap());
    check("ending a user's sessions").await;
    let now = read(&tables, &ada).await;
    let respelled = users.respell(&now, "adah").await;
    assert_eq!(respelled.unwrap(), Respelled::Done);
    check("respelling").await;
    accounts.raise(sub, at(1)).await.unwrap();
    check("raising versions").await;
}

#[tokio::test]
async fn a_login_that_rehashes_at_the_same_moment_spoils_nothing() {
    let (tables, ada) = started().await;
    let accounts = &tables.accounts;
    let recovery = Recovery::grant(&code(&ada, 7), NOW);
    tables
        .users
        .set_recovery(&ada.sub, &recovery)
        .await
        .unwrap();

    let (hash, code) = (hash("new"), code(&ada, 7));
    let reset = accounts.reset_password(&code, &hash, at(1));
    let reset = while_rehashing(&tables, &ada, Box::pin(reset)).await;
    assert_eq!(reset.unwrap(), Ended::Done);

    let now = read(&tables, &ada).await;
    let change = accounts.change_password((&now, now.token_version), &hash, at(1));
    let changed = while_rehashing(&tables, &ada, Box::pin(change)).await;
    assert_eq!(changed.unwrap(), Ended::Done);

    let change = roles(&["editor"]);
    let change = accounts.change(&ada.sub, &change, at(1));
    let changed = while_rehashing(&tables, &ada, Box::pin(change)).await;
    assert!(matches!(changed, Ok(Changed::Done { .. })));

    let now = read(&tables, &ada).await;
    let respell = tables.users.respell(&now, "adah");
    let respelled = while_rehashing(&tables, &ada, Box::pin(respell)).await;
    assert_eq!(respelled.unwrap(), Respelled::Done);

    let now = read(&tables, &ada).await;
    let delete = accounts.delete(now.clone(), at(1));
    let deleted = while_rehashing(&tables, &ada, Box::pin(delete)).await;
    assert_eq!(deleted.unwrap().1, Deleted::Done);
    assert_eq!(orphans(&tables).await, [""; 0]);
}

/// What an administrator decided from a user must not undo what was written since.
#[tokio::test]
async fn a_deletion_releases_the_names_that_the_account_has_then() {
    let (tables, ada) = started().await;
    let respelled = tables.users.respell(&ada, "adah").await;
    assert_eq!(respelled.unwrap(), Respelled::Done);
    // As read before: with the old name, and the same version.
    let (deleted, end) = tables.accounts.delete(ada, at(1)).await.unwrap();
    assert_eq!(end, Deleted::Done);
    assert_eq!(deleted.username_canonical, "adah");
    assert_eq!(orphans(&tables).await, [""; 0]);
    assert_eq!(tables.count("UsersTable").await, 1, "the mark");
}

#[tokio::test]
async fn respelling_a_name_that_has_changed_or_a_user_who_is_gone_writes_nothing() {
    let (tables, ada) = started().await;
    tables.users.respell(&ada, "adah").await.unwrap();
    let again = tables.users.respell(&ada, "adahh").await.unwrap();
    assert_eq!(again, Respelled::Changed);
    let nobody = user(9, "nobody");
    let gone = tables.users.respell(&nobody, "someone").await.unwrap();
    assert_eq!(gone, Respelled::Changed);
    assert_eq!(tables.count("UsersTable").await, 3);
    assert_eq!(orphans(&tables).await, [""; 0]);
}

/// A version that was raised by a function of the release before, which writes no revision.
#[tokio::test]
async fn a_change_without_a_revision_is_noticed_too() {
    let (tables, ada) = started().await;
    let key = format!("user#{}", ada.sub);
    let raised = AttributeValue::N("4".into());
    tables
        .set("UsersTable", ("pk", &key), "token_version", raised)
        .await;
    let (_, deleted) = tables.accounts.delete(ada, at(1)).await.unwrap();
    assert_eq!(deleted, Deleted::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_races_with_a_deletion_no_name_is_left_without_a_user() {
    let (tables, ada) = started().await;
    let tables = Arc::new(tables);
    let mut race = tokio::task::JoinSet::new();
    for number in 0..64_u8 {
        let (tables, ada) = (tables.clone(), ada.clone());
        race.spawn(async move {
            // Refusals, conflicts and users who are gone are results like any other.
            match number % 8 {
                0 => drop(tables.accounts.delete(ada, at(1)).await),
                1 => drop(tables.accounts.remove(&ada.sub, at(1)).await),
                2 | 3 => {
                    let name = format!("ada{number}");
                    drop(tables.users.respell(&ada, &name).await);
                }
                4 => {
                    let (old, new) = (hash("first"), hash("second"));
                    let done = tables.users.replace_hash(&ada.sub, &old, &new, at(1));
                    drop(done.await);
                }
                5 => {
                    let status = Some(Status::Disabled);
                    let change = UserChange {
                        status,
                        ..UserChange::default()
                    };
                    drop(tables.accounts.change(&ada.sub, &change, at(1)).await);
                }
                6 => {
                    let recovery = Recovery::grant(&code(&ada, number), NOW);
                    drop(tables.users.set_recovery(&ada.sub, &recovery).await);
                    let code = code(&ada, number);
                    drop(
                        tables
                            .accounts
                            .reset_password(&code, &hash("x"), at(1))
                            .await,
                    );
                }
                _ => drop(tables.accounts.end_sessions_of(&ada.sub, "t", at(1)).await),
            }
        });
    }
    drop(race.join_all().await);
    let gone = tables.accounts.remove(&ada.sub, at(2)).await.unwrap();
    assert_ne!(gone.1, Deleted::LastAdmin);
    assert_eq!(orphans(&tables).await, [""; 0]);
    assert_eq!(tables.count("UsersTable").await, 1, "the mark");
}

/// Returns the items of names that have no user, or a user with another name; and the names
/// of users that have no item.
pub(crate) async fn orphans(tables: &Tables) -> Vec<String> {
    let scan = tables.client.scan().table_name(tables.name("UsersTable"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let text = |item: &gatehouse_testing::Item, name: &str| {
        let value = item.get(name).and_then(|value| value.as_s().ok());
        value.cloned().unwrap_or_default()
    };
    let (mut named, mut held) = (BTreeMap::new(), BTreeMap::new());
    for item in &items {
        let (pk, sub) = (text(item, "pk"), text(item, "sub"));
        if pk.starts_with("user#") {
            for (prefix, attribute) in [
                ("username#", "username_canonical"),
                ("email#", "email_canonical"),
                ("external#", "external_id"),
            ] {
                if item.contains_key(attribute) {
                    held.insert(format!("{prefix}{}", text(item, attribute)), sub.clone());
                }
            }
        } else if !pk.starts_with("meta#") {
            named.insert(pk, sub);
        }
    }
    let differing = named
        .iter()
        .filter(|(name, sub)| held.get(*name) != Some(sub));
    let missing = held
        .iter()
        .filter(|(name, sub)| named.get(*name) != Some(sub));
    differing
        .chain(missing)
        .map(|(name, _)| name.clone())
        .collect()
}
