//! New names for a user, the names that stay reserved, and what must never be left: the item
//! of a name without its user.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{User, UserChange};
use gatehouse_auth::username::Username;
use gatehouse_store::{Changed, Claim, ImportBatch, Imported, RegisterError, StoreError};
use gatehouse_testing::at;

use crate::fixtures::{session, user};
use crate::tables::Tables;

const DAY: i64 = 86_400;

fn username(name: &str) -> UserChange {
    UserChange {
        username: Some(Username::parse(name).unwrap()),
        ..UserChange::default()
    }
}

fn email(address: &str) -> UserChange {
    UserChange {
        email: Some(EmailAddress::parse(address).unwrap()),
        ..UserChange::default()
    }
}

/// Returns the result as a word.
async fn change(tables: &Tables, of: u8, change: &UserChange, now: Timestamp) -> &'static str {
    let sub = SubjectId::from_bytes([of; 16]);
    match tables.accounts.change(&sub, change, now).await.unwrap() {
        Changed::Done { .. } => "done",
        Changed::Unchanged(_) => "unchanged",
        Changed::NotFound => "not found",
        Changed::LastAdmin => "last admin",
        Changed::Taken(Claim::Username) => "username taken",
        Changed::Taken(Claim::Email) => "email taken",
        Changed::Taken(Claim::Subject | Claim::ExternalId) => "taken",
        Changed::RenamedRecently { .. } => "too soon",
    }
}

async fn read(tables: &Tables, of: u8) -> User {
    let sub = SubjectId::from_bytes([of; 16]);
    tables.users.get(&sub).await.unwrap().unwrap()
}

async fn owner(tables: &Tables, key: &ItemKey) -> Option<SubjectId> {
    tables.users.subject_of(key).await.unwrap()
}

/// Returns the names whose user does not have them, and users without the items of their
/// names. A name that is reserved belongs to the user who had it.
pub(crate) async fn inconsistent(tables: &Tables) -> Vec<String> {
    let scan = tables.client.scan().table_name(tables.name("UsersTable"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let text = |item: &gatehouse_testing::Item, name: &str| {
        item.get(name)
            .and_then(|value| value.as_s().ok().cloned())
            .unwrap_or_default()
    };
    let mut wrong = Vec::new();
    for item in &items {
        let (key, sub) = (text(item, "pk"), text(item, "sub"));
        let (kind, name) = key.split_once('#').unwrap();
        let attribute = match kind {
            "username" => "username_canonical",
            "email" => "email_canonical",
            "user" => {
                for (kind, attribute) in [
                    ("username", "username_canonical"),
                    ("email", "email_canonical"),
                ] {
                    let name = text(item, attribute);
                    let claimed = items.iter().any(|other| {
                        text(other, "pk") == format!("{kind}#{name}") && text(other, "sub") == sub
                    });
                    if !(name.is_empty() || claimed) {
                        wrong.push(format!("{key} has no item {kind}#{name}"));
                    }
                }
                continue;
            }
            _ => continue,
        };
        let user = items
            .iter()
            .find(|user| text(user, "pk") == format!("user#{sub}"));
        let has = user.is_some_and(|user| {
            let reserved = user
                .get("reserved_names")
                .and_then(|names| names.as_m().ok());
            if item.contains_key("reserved_until") {
                reserved.is_some_and(|reserved| reserved.contains_key(name))
            } else {
                text(user, attribute) == name
            }
        });
        if !has {
            wrong.push(format!("{key} names no user"));
        }
    }
    wrong
}

#[tokio::test]
async fn a_rename_moves_the_name_in_one_transaction_and_revokes_nothing() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    assert_eq!(change(&tables, 1, &username("Grace"), at(9)).await, "done");
    assert_eq!(tables.calls(), ["GetItem", "GetItem", "TransactWriteItems"]);
    let after = read(&tables, 1).await;
    assert_eq!(
        (&*after.username, &*after.username_canonical),
        ("Grace", "grace")
    );
    assert_eq!((after.token_version, after.session_version), (3, 2));
    assert_eq!((after.revision, after.codes_since), (1, 1));
    assert_eq!(tables.count("RevocationsTable").await, 0);
    assert_eq!(
        owner(&tables, &ItemKey::username("grace")).await,
        Some(after.sub)
    );
    assert_eq!(owner(&tables, &ItemKey::username("ada")).await, None);
    assert_eq!(inconsistent(&tables).await, [""; 0]);
    // Both kinds of change work on it again.
    assert_eq!(
        change(&tables, 1, &email("g@example.org"), at(9)).await,
        "done"
    );
    assert_eq!(
        change(&tables, 1, &username("max"), at(9)).await,
        "too soon"
    );
    assert_eq!(
        change(&tables, 1, &username("max"), at(9 + DAY)).await,
        "done"
    );
    assert_eq!(inconsistent(&tables).await, [""; 0]);
}

#[tokio::test]
async fn a_reserved_name_is_taken_for_30_days_for_everyone_but_its_former_user() {
    let (ada, eve, mut newcomer) = (user(1, "ada"), user(2, "eve"), user(3, "ada"));
    newcomer.email = None;
    newcomer.email_canonical = None;
    let tables = Tables::start_with(&[&ada, &eve]).await;
    assert_eq!(change(&tables, 1, &username("grace"), at(0)).await, "done");
    let last = at(30 * DAY - 1);
    newcomer.created_at = last;
    let refused = tables.users.register(&newcomer).await.unwrap_err();
    assert!(matches!(refused, RegisterError::UsernameTaken), "{refused}");
    let mut batch = ImportBatch::of(&newcomer);
    for result in [
        tables.accounts.preview_import(&batch, last).await,
        tables.accounts.import(&mut batch, last).await,
    ] {
        assert_eq!(result.unwrap(), [Imported::Taken(Claim::Username)]);
    }
    assert_eq!(
        change(&tables, 2, &username("ada"), last).await,
        "username taken"
    );
    // Its former user can have it back, on the next day.
    assert_eq!(change(&tables, 1, &username("Ada"), at(DAY)).await, "done");
    assert_eq!(
        owner(&tables, &ItemKey::username("ada")).await,
        Some(ada.sub)
    );
    assert_eq!(inconsistent(&tables).await, [""; 0]);
}

#[tokio::test]
async fn a_name_is_free_at_the_end_of_its_reservation_although_its_item_is_still_there() {
    let end = at(30 * DAY);
    for way in ["register", "import", "rename"] {
        let tables = Tables::start_with(&[&user(1, "ada"), &user(2, "eve")]).await;
        assert_eq!(change(&tables, 1, &username("grace"), at(0)).await, "done");
        let mut newcomer = user(3, "ada");
        newcomer.email = None;
        newcomer.email_canonical = None;
        newcomer.created_at = end;
        match way {
            "register" => tables.users.register(&newcomer).await.unwrap(),
            "import" => {
                let mut batch = ImportBatch::of(&newcomer);
                let previewed = tables.accounts.preview_import(&batch, end).await;
                assert_eq!(previewed.unwrap(), [Imported::Written]);
                let imported = tables.accounts.import(&mut batch, end).await;
                assert_eq!(imported.unwrap(), [Imported::Written]);
            }
            _ => assert_eq!(change(&tables, 2, &username("ada"), end).await, "done"),
        }
        let now_has_it = SubjectId::from_bytes([if way == "rename" { 2 } else { 3 }; 16]);
        assert_eq!(
            owner(&tables, &ItemKey::username("ada")).await,
            Some(now_has_it)
        );
        // Deleting the user who had it does not take it from the one who has it.
        let (_, deleted) = tables
            .accounts
            .remove(&SubjectId::from_bytes([1; 16]), end)
            .await
            .unwrap();
        assert_eq!(deleted, gatehouse_store::Deleted::Done);
        assert!(
            owner(&tables, &ItemKey::username("ada")).await.is_some(),
            "{way}"
        );
        assert_eq!(inconsistent(&tables).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_deletion_that_meets_an_old_name_of_another_user_may_be_tried_again() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    let changed = change(&tables, 1, &username("eve"), at(0)).await;
    assert_eq!(changed, "done");
    let renamed = read(&tables, 1).await;
    // The reservation has ended, and somebody else has taken the name.
    let other = AttributeValue::S(SubjectId::from_bytes([5; 16]).to_string());
    let key = ("pk", "username#ada");
    tables.set("UsersTable", key, "sub", other).await;
    let deleted = tables.accounts.delete(renamed, at(9)).await;
    assert!(matches!(deleted, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn an_old_name_that_belongs_to_another_user_is_not_replaced() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    let other = AttributeValue::S(SubjectId::from_bytes([5; 16]).to_string());
    tables
        .set("UsersTable", ("pk", "username#ada"), "sub", other)
        .await;
    let sub = SubjectId::from_bytes([1; 16]);
    let rename = username("grace");
    let renamed = tables.accounts.change(&sub, &rename, at(9)).await;
    let error = renamed.unwrap_err();
    assert!(matches!(error, StoreError::Rejected { .. }), "{error:?}");
    assert_eq!(read(&tables, 1).await.username_canonical, "ada");
}

#[tokio::test]
async fn a_deletion_frees_the_reserved_names_too() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    assert_eq!(change(&tables, 1, &username("grace"), at(0)).await, "done");
    assert_eq!(change(&tables, 1, &username("max"), at(DAY)).await, "done");
    assert_eq!(tables.count("UsersTable").await, 5);
    let sub = SubjectId::from_bytes([1; 16]);
    let (user, _) = tables.accounts.remove(&sub, at(2 * DAY)).await.unwrap();
    assert_eq!(tables.count("UsersTable").await, 1, "the mark");
    assert_eq!(user.unwrap().identifier_digests(at(2 * DAY)).len(), 4);
}

#[tokio::test]
async fn an_address_set_by_an_administrator_is_held_and_the_old_one_is_free() {
    let tables = Tables::start_with(&[&user(1, "ada"), &user(2, "eve")]).await;
    let sub = SubjectId::from_bytes([1; 16]);
    let key = ("pk", "user#AQEBAQEBAQEBAQEBAQEBAQ");
    let verified = AttributeValue::N("5".into());
    tables
        .set("UsersTable", key, "email_verified_at", verified)
        .await;
    let pending = AttributeValue::S("new@example.org".into());
    tables
        .set("UsersTable", key, "pending_email", pending)
        .await;
    let taken = email("EVE@example.org");
    assert_eq!(change(&tables, 1, &taken, at(9)).await, "email taken");
    assert!(read(&tables, 1).await.pending_email.is_some());
    let new = email("Lovelace@Example.org");
    assert_eq!(change(&tables, 1, &new, at(9)).await, "done");
    let after = read(&tables, 1).await;
    assert_eq!(after.email.as_deref(), Some("Lovelace@example.org"));
    assert_eq!((after.email_verified_at, after.pending_email), (None, None));
    assert_eq!((after.token_version, after.session_version), (3, 2));
    assert_eq!(after.codes_since, after.revision);
    assert_eq!(
        owner(&tables, &ItemKey::email("lovelace@example.org")).await,
        Some(sub)
    );
    assert_eq!(
        owner(&tables, &ItemKey::email("ada@example.org")).await,
        None
    );
    assert_eq!(
        change(&tables, 2, &email("ada@example.org"), at(9)).await,
        "done"
    );
    assert_eq!(inconsistent(&tables).await, [""; 0]);
}

#[tokio::test]
async fn a_change_of_names_deletes_the_counters_under_the_old_ones_only() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    tables.sessions.create(&session(1, 1)).await.unwrap();
    let before = read(&tables, 1).await;
    let digest = |name: &str| gatehouse_auth::digest::sha256(name.as_bytes());
    let (old, address) = (digest("ada"), digest("ada@example.org"));
    let gone = [
        format!("id#{old}"),
        format!("pair#{old}#192.0.2.1"),
        format!("id#{address}"),
    ];
    let stay = [
        format!("sub#{}", before.sub),
        "ip#192.0.2.1".into(),
        format!("id#{}", digest("eve")),
    ];
    let tat = || AttributeValue::N("1".into());
    for key in gone.iter().chain(&stay) {
        tables
            .set("LoginAttemptsTable", ("pk", key), "tat", tat())
            .await;
    }
    let both = UserChange {
        email: email("new@example.org").email,
        ..username("grace")
    };
    assert_eq!(change(&tables, 1, &both, at(9)).await, "done");
    let after = read(&tables, 1).await;
    let (accounts, attempts) = (&tables.accounts, &tables.attempts);
    let deleted = accounts.delete_attempts_of_old_names(attempts, &before, &after);
    deleted.await.unwrap();
    for (keys, left) in [(&gone, false), (&stay, true)] {
        for key in keys {
            let item = tables.item("LoginAttemptsTable", "pk", key).await;
            assert_eq!(item.is_some(), left, "{key}");
        }
    }
    // Nothing changed, so nothing is read either.
    tables.calls();
    let deleted = accounts.delete_attempts_of_old_names(attempts, &after, &after);
    deleted.await.unwrap();
    assert_eq!(tables.calls(), [""; 0]);
}

/// Renames, changes of address, deletions and registrations of the same names at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_race_leaves_the_item_of_a_name_without_its_user() {
    for round in 0..4_u8 {
        let people: Vec<User> = (1..=4).map(|n| user(n, &format!("person{n}"))).collect();
        let tables = Tables::start_with(&people.iter().collect::<Vec<_>>()).await;
        let tables = Arc::new(tables);
        let mut race = tokio::task::JoinSet::new();
        for number in 0..64_u8 {
            let tables = tables.clone();
            let victim = people[usize::from((number + round) % 4)].clone();
            race.spawn(async move {
                let of = (number + round) % 4 + 1;
                let other = number / 4 % 4 + 1;
                let name = format!("person{other}");
                // A change that lost every attempt is a failure like any other.
                match number % 8 {
                    0 | 1 => {
                        let change = username(&format!("new{}", number % 3));
                        drop(tables.accounts.change(&victim.sub, &change, at(9)).await);
                    }
                    2 | 3 => {
                        let change = email(&format!("{name}@example.org"));
                        drop(tables.accounts.change(&victim.sub, &change, at(9)).await);
                    }
                    4 => {
                        let change = email(&format!("new{}@example.org", number % 3));
                        drop(tables.accounts.change(&victim.sub, &change, at(9)).await);
                    }
                    5 if of > 2 => drop(tables.accounts.remove(&victim.sub, at(9)).await),
                    5 => drop(tables.accounts.delete(victim, at(9)).await),
                    _ => {
                        let newcomer = user(100 + number, &name);
                        drop(tables.users.register(&newcomer).await);
                    }
                }
            });
        }
        race.join_all().await;
        assert_eq!(inconsistent(&tables).await, [""; 0], "round {round}");
    }
}
