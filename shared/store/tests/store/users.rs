use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_store::{RegisterError, StoreError};
use gatehouse_testing::{NOW, at};

use crate::fixtures::user;
use crate::tables::Tables;

#[tokio::test]
async fn a_registered_user_is_read_back_unchanged() {
    let tables = Tables::start().await;
    let ada = user(1, "ada");
    tables.users.register(&ada).await.unwrap();
    assert_eq!(tables.calls(), ["TransactWriteItems"]);

    let read = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(tables.calls(), ["GetItem"]);
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        serde_json::to_value(&ada).unwrap()
    );
    let unknown = SubjectId::from_bytes([9; 16]);
    assert!(tables.users.get(&unknown).await.unwrap().is_none());
}

#[tokio::test]
async fn a_taken_username_leaves_nothing_behind() {
    let tables = Tables::start().await;
    let mut other = user(2, "ada");
    other.email_canonical = Some("other@example.org".into());
    tables.users.register(&user(1, "ada")).await.unwrap();

    let refused = tables.users.register(&other).await;
    assert!(
        matches!(refused, Err(RegisterError::UsernameTaken)),
        "{refused:?}"
    );
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn a_taken_email_leaves_nothing_behind() {
    let tables = Tables::start().await;
    let mut other = user(2, "grace");
    other.email_canonical = user(1, "ada").email_canonical;
    tables.users.register(&user(1, "ada")).await.unwrap();

    let refused = tables.users.register(&other).await;
    assert!(
        matches!(refused, Err(RegisterError::EmailTaken)),
        "{refused:?}"
    );
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn when_both_names_are_taken_the_username_is_reported() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    let refused = tables.users.register(&user(2, "ada")).await;
    let Err(refused) = refused else {
        panic!("registered")
    };
    assert!(
        matches!(refused, RegisterError::UsernameTaken),
        "{refused:?}"
    );
    assert!(!refused.is_transient());
}

#[tokio::test]
async fn users_without_an_email_address_do_not_collide() {
    let tables = Tables::start().await;
    for (number, name) in [(1, "ada"), (2, "grace")] {
        let mut user = user(number, name);
        (user.email, user.email_canonical) = (None, None);
        tables.users.register(&user).await.unwrap();
    }
    assert_eq!(tables.count("UsersTable").await, 4);
}

#[tokio::test]
async fn registering_again_after_a_lost_response_is_not_a_conflict() {
    let tables = Tables::start().await;
    tables.lose_next_answer();
    tables.users.register(&user(1, "ada")).await.unwrap();
    assert_eq!(tables.calls(), ["TransactWriteItems", "TransactWriteItems"]);
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn each_registration_has_its_own_request_token() {
    let tables = Tables::start().await;
    // One token with two bodies would be rejected, and one with one body accepted again.
    tables.users.register(&user(1, "ada")).await.unwrap();
    tables.users.register(&user(2, "grace")).await.unwrap();
    let again = tables.users.register(&user(1, "ada")).await;
    assert!(
        matches!(again, Err(RegisterError::UsernameTaken)),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_subject_is_never_reused() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    let error = tables.users.register(&user(1, "grace")).await.unwrap_err();
    assert!(
        matches!(error, RegisterError::Store(StoreError::Rejected { .. })),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_concurrent_registrations_of_a_name_wins() {
    let tables = Tables::start().await;
    let mut race = tokio::task::JoinSet::new();
    for number in 0..32 {
        let users = tables.users.clone();
        race.spawn(async move { users.register(&user(number, "ada")).await });
    }
    let ends = race.join_all().await;
    let taken = |end: &&Result<(), RegisterError>| matches!(end, Err(RegisterError::UsernameTaken));
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    assert_eq!(ends.iter().filter(taken).count(), 31, "{ends:?}");
    assert_eq!(tables.count("UsersTable").await, 3);
}

/// By username and by address in turn, each with a name of its own for the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_registrations_at_once_create_one_account() {
    let tables = Tables::start().await;
    for round in 0..20_u16 {
        let mut race = tokio::task::JoinSet::new();
        for number in 0..500_u16 {
            let mut sub = [0; 16];
            sub[..2].copy_from_slice(&round.to_be_bytes());
            sub[2..4].copy_from_slice(&number.to_be_bytes());
            let mut contender = User {
                sub: SubjectId::from_bytes(sub),
                ..gatehouse_testing::user(&format!("ada{round}"))
            };
            let own = format!("own{round}x{number}");
            if round % 2 == 0 {
                contender.email_canonical = Some(format!("{own}@example.org"));
            } else {
                contender.username_canonical = own;
            }
            let users = tables.users.clone();
            race.spawn(async move { users.register(&contender).await });
        }
        let ends = race.join_all().await;
        let won = ends.iter().filter(|end| end.is_ok()).count();
        assert_eq!(won, 1, "{round}");
    }
    // A user, a username and an address each: the losers have left nothing behind.
    assert_eq!(tables.count("UsersTable").await, 20 * 3);
}

#[tokio::test]
async fn rehashing_replaces_the_hash_that_was_read() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    let second = StoredHash::new("$argon2id$second".into());
    let done = tables
        .users
        .replace_hash(&ada.sub, &hash_of(&ada), &second, at(5))
        .await;
    assert!(done.unwrap());

    let read = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(hash_of(&read).expose(), second.expose());
    assert_eq!(
        (read.updated_at, read.password_changed_at),
        (at(5), Some(NOW))
    );
}

#[tokio::test]
async fn a_password_changed_in_the_meantime_takes_precedence_over_rehashing() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    let [changed, late] = ["changed", "late"].map(|hash| StoredHash::new(hash.into()));
    let users = &tables.users;
    assert!(
        users
            .replace_hash(&ada.sub, &hash_of(&ada), &changed, at(1))
            .await
            .unwrap()
    );
    assert!(
        !users
            .replace_hash(&ada.sub, &hash_of(&ada), &late, at(2))
            .await
            .unwrap()
    );

    let unknown = SubjectId::from_bytes([9; 16]);
    assert!(
        !users
            .replace_hash(&unknown, &changed, &late, at(2))
            .await
            .unwrap()
    );
    let read = users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(hash_of(&read).expose(), "changed");
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn a_corrupt_user_error_names_table_key_and_attribute() {
    let ada = user(1, "ada");
    let pk = format!("user#{}", ada.sub);
    let tables = Tables::start_with(&[&ada]).await;
    for (attribute, value) in [
        ("token_version", AttributeValue::S("three".into())),
        ("status", AttributeValue::S("asleep".into())),
        ("roles", AttributeValue::Bool(true)),
        ("password_hash", AttributeValue::N("1".into())),
        ("sub", AttributeValue::S("another".into())),
    ] {
        let before = tables.item("UsersTable", "pk", &pk).await.unwrap()[attribute].clone();
        tables
            .set("UsersTable", ("pk", &pk), attribute, value)
            .await;
        let error = tables.users.get(&ada.sub).await.unwrap_err();
        assert!(!error.is_transient());
        let text = error.to_string();
        assert_eq!(
            text,
            format!("item `{pk}` of table `gatehouse-local-users` is corrupt at `{attribute}`")
        );
        tables
            .set("UsersTable", ("pk", &pk), attribute, before)
            .await;
    }
    tables
        .remove("UsersTable", ("pk", &pk), "session_version")
        .await;
    let error = tables.users.get(&ada.sub).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is corrupt at `session_version`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_user_without_a_password_is_read_back_without_one() {
    let ada = User {
        password_hash: None,
        password_changed_at: None,
        ..user(1, "ada")
    };
    let tables = Tables::start_with(&[&ada]).await;
    let item = tables
        .item("UsersTable", "pk", &format!("user#{}", ada.sub))
        .await
        .unwrap();
    assert!(!item.contains_key("password_hash"));
    assert!(!item.contains_key("password_changed_at"));
    let read = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert!(read.password_hash.is_none());
    let listed = tables.users.page(None, 10, || false).await.unwrap().users;
    assert_eq!(listed[0].password_changed_at, None);
}

fn hash_of(user: &User) -> StoredHash {
    user.password_hash.clone().unwrap()
}
