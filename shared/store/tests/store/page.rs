use std::cell::Cell;
use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;

use crate::fixtures::user;
use crate::tables::Tables;

/// Writes users, half of them without an e-mail address, and returns their ids.
async fn people(tables: &Tables, count: u8) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for number in 1..=count {
        let mut person = user(number, &format!("person{number}"));
        if number % 2 == 0 {
            (person.email, person.email_canonical) = (None, None);
        }
        let registered = tables.users.register(&person).await;
        registered.unwrap();
        ids.insert(person.sub.to_string());
    }
    ids
}

/// Writes items that are not users: names left over from deleted users, and markers.
async fn other_items(tables: &Tables, count: u32) {
    let kinds = ["username", "email", "meta", "zzz"].iter().cycle();
    for (number, kind) in (0..count).zip(kinds) {
        let key = format!("{kind}#{number}");
        let value = AttributeValue::S("x".into());
        tables.set("UsersTable", ("pk", &key), "sub", value).await;
    }
}

/// Reads every page, and returns the ids in order.
async fn pages(tables: &Tables, limit: u8, time_is_up: impl Fn() -> bool) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after: Option<SubjectId> = None;
    loop {
        let page = tables.users.page(after.as_ref(), limit, &time_is_up).await;
        let page = page.unwrap();
        assert!(page.users.len() <= usize::from(limit));
        if let Some(next) = &page.next {
            let last = page.users.last().map(|user| &user.sub);
            assert_eq!(last, Some(next), "a page with a cursor is not empty");
        }
        seen.extend(page.users.iter().map(|user| user.sub.to_string()));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

#[tokio::test]
async fn pages_contain_every_user_exactly_once_and_nothing_else() {
    let tables = Tables::start().await;
    let expected = people(&tables, 20).await;
    for limit in [1, 3, 7, 19, 20, 100] {
        let seen = pages(&tables, limit, || false).await;
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!((seen.len(), &distinct), (20, &expected), "{limit}");
    }
}

#[tokio::test]
async fn a_page_is_full_however_many_other_items_lie_between_users() {
    let tables = Tables::start().await;
    let expected = people(&tables, 5).await;
    other_items(&tables, 1_500).await;
    for limit in [1, 2, 5] {
        let page = tables.users.page(None, limit, || false).await.unwrap();
        assert_eq!(page.users.len(), usize::from(limit));
        assert_eq!(page.next.is_some(), limit < 5, "{limit}");
        let seen = pages(&tables, limit, || false).await;
        assert_eq!(seen.len(), 5, "{limit}");
        assert_eq!(BTreeSet::from_iter(seen), expected, "{limit}");
    }
}

#[tokio::test]
async fn a_page_is_short_and_never_empty_when_its_time_is_up() {
    let tables = Tables::start().await;
    people(&tables, 20).await;
    // The database sorts by key: 202 items come before the users, and the third call for
    // pages of nine ends at the eighth of them.
    other_items(&tables, 384).await;
    let (mut short, mut failed) = (0, 0);
    for (limit, calls) in (1..=20).flat_map(|limit| [1, 2, 3, 4].map(|calls| (limit, calls))) {
        let made = Cell::new(0);
        let time_is_up = || {
            made.set(made.get() + 1);
            made.get() == calls
        };
        match tables.users.page(None, limit, time_is_up).await {
            Ok(page) => {
                let last = page.users.last().map(|user| user.sub.clone());
                assert!(
                    last.is_some() && page.next == last || page.users.len() == 20,
                    "{limit} {calls}"
                );
                short += u32::from(page.users.len() < usize::from(limit));
            }
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                failed += 1;
            }
        }
    }
    assert!(
        short > 0 && failed > 0,
        "{short} were short, {failed} failed"
    );

    let empty = Tables::start().await;
    other_items(&empty, 50).await;
    let error = empty.users.page(None, 1, || true).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    let page = empty.users.page(None, 1, || false).await.unwrap();
    assert_eq!((page.users.len(), page.next), (0, None));
}

#[tokio::test]
async fn a_page_begins_after_a_user_who_is_deleted_in_the_meantime() {
    let tables = Tables::start().await;
    let mut expected = people(&tables, 10).await;
    let first = tables.users.page(None, 4, || false).await.unwrap();
    let next = first.next.unwrap();
    for user in &first.users {
        expected.remove(user.sub.as_str());
    }
    let deleting = tables
        .client
        .delete_item()
        .table_name(tables.name("UsersTable"));
    let deleting = deleting.key("pk", AttributeValue::S(format!("user#{next}")));
    deleting.send().await.unwrap();
    let rest = tables.users.page(Some(&next), 100, || false).await.unwrap();
    let rest = rest.users.iter().map(|user| user.sub.to_string());
    assert_eq!(rest.collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_user_is_found_only_by_the_exact_key_of_a_name() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    for key in [ItemKey::username("ada"), ItemKey::email("ada@example.org")] {
        let found = tables.users.find(&key).await.unwrap();
        assert_eq!(found.map(|user| user.sub).as_ref(), Some(&ada.sub), "{key}");
        assert_eq!(tables.calls(), ["GetItem", "GetItem"]);
    }
    for other in [
        ItemKey::username("ADA"),
        ItemKey::username("ad"),
        ItemKey::username("ada@example.org"),
        ItemKey::email("ada"),
    ] {
        assert!(
            tables.users.find(&other).await.unwrap().is_none(),
            "{other}"
        );
    }
}
