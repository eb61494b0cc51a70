use std::collections::BTreeSet;

use gatehouse_auth::cursor::CursorKey;

use crate::fixtures::{token, user};
use crate::tables::Tables;

#[tokio::test]
async fn pages_hold_every_user_once_and_nothing_else() {
    let tables = Tables::start().await;
    let mut expected = BTreeSet::new();
    for number in 1..=20 {
        let mut person = user(number, &format!("person{number}"));
        if number % 2 == 0 {
            (person.email, person.email_canonical) = (None, None);
        }
        tables
            .users
            .register(&person, &token(number))
            .await
            .unwrap();
        expected.insert(person.sub.to_string());
    }
    let fresh = CursorKey::new([7; 32]).unwrap();
    tables.users.cursor_key(&fresh).await.unwrap();
    for limit in [1, 3, 7, 100] {
        let mut seen = Vec::new();
        let mut start: Option<String> = None;
        loop {
            let page = tables.users.page(start.as_deref(), limit).await.unwrap();
            assert!(page.users.len() <= usize::from(limit));
            seen.extend(page.users.iter().map(|user| user.sub.to_string()));
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!((seen.len(), &distinct), (20, &expected), "{limit}");
    }
}

#[tokio::test]
async fn a_user_is_found_by_the_canonical_name_alone() {
    let tables = Tables::start().await;
    let ada = user(1, "ada");
    tables.users.register(&ada, &token(1)).await.unwrap();
    tables.calls();
    let found = tables.users.find("ada").await.unwrap();
    assert_eq!(found.map(|user| user.sub), Some(ada.sub));
    assert_eq!(tables.calls(), ["GetItem", "GetItem"]);
    for other in ["ADA", "ad", "", "ada@example.org"] {
        assert!(tables.users.find(other).await.unwrap().is_none(), "{other}");
    }
}

#[tokio::test]
async fn the_key_of_cursors_is_made_once_and_by_a_condition() {
    let tables = Tables::start().await;
    let [one, two] = [1, 2].map(|number| CursorKey::new([number; 32]).unwrap());
    let first = tables.users.cursor_key(&one).await.unwrap();
    assert_eq!(first.expose(), one.expose());
    assert_eq!(tables.calls(), ["GetItem", "UpdateItem"]);
    let second = tables.users.cursor_key(&two).await.unwrap();
    assert_eq!(second.expose(), one.expose());
    assert_eq!(tables.calls(), ["GetItem"]);
}
