//! `GET /admin/users`: pages of users, and a user by name or address.

use std::collections::{BTreeSet, HashMap};

use gatehouse_tests::person::unique;
use gatehouse_tests::tables::{Tables, text};
use gatehouse_tests::{Person, Service};

/// Returns the ids on a page, and the cursor of the next page.
async fn page(
    service: &Service,
    admin: &Person,
    query: &str,
) -> anyhow::Result<(Vec<String>, Option<String>)> {
    let path = format!("/admin/users?{query}");
    let response = admin.get(service, &path).await?;
    response.assert_status(200);
    let items = response.list("items");
    let ids = items.iter().filter_map(|item| item["id"].as_str());
    let next = response.json()["next_cursor"].as_str().map(str::to_owned);
    Ok((ids.map(str::to_owned).collect(), next))
}

#[tokio::test]
async fn pages_contain_every_user_once_and_no_secret() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let mut expected = BTreeSet::from([admin.id.clone()]);
    for _ in 0..9 {
        let member = Person::named("member");
        let email = format!("{}@example.org", member.username);
        expected.insert(member.with_email(email).register(&service).await?.id);
    }
    // Other tests may register users in the meantime: these are all found, and no user
    // is found twice.
    for limit in [2, 7, 100] {
        let mut seen = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let (ids, next) = page(&service, &admin, &query).await?;
            assert!(ids.len() <= limit, "{} of {limit}", ids.len());
            seen.extend(ids);
            let Some(next) = next else { break };
            query = format!("limit={limit}&cursor={next}");
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "{limit}");
        assert!(expected.is_subset(&distinct), "{limit}");
    }
    let response = admin.get(&service, "/admin/users").await?;
    for secret in ["argon2", "hash", "version", "canonical"] {
        assert!(!response.text.contains(secret), "{secret}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_with_a_cursor_is_full_whatever_lies_between_users() -> anyhow::Result<()> {
    // A stack of its own: on a shared one, another test's user could be on the page.
    let service = Service::start().await?;
    let admin = service.administrator("grace").await?;
    let other = service.administrator("ada").await?;
    let tables = Tables::of(&service);
    for number in 0..300 {
        let pk = text(&format!("meta#{}-{number}", unique("filler")));
        tables
            .put("UsersTable", HashMap::from([("pk".to_owned(), pk)]))
            .await?;
    }
    let (ids, cursor) = page(&service, &admin, "limit=1").await?;
    assert_eq!(ids.len(), 1);
    assert_eq!(
        cursor.as_ref(),
        ids.last(),
        "the cursor is the last user's id"
    );
    // It marks where a list continues, and grants nothing: any administrator may use it.
    let path = format!("limit=1&cursor={}", ids[0]);
    let (of_one, of_other) = (
        page(&service, &admin, &path).await?,
        page(&service, &other, &path).await?,
    );
    assert_eq!(of_one, of_other);
    assert_eq!(of_one.0.len(), 1);
    Ok(())
}

#[tokio::test]
async fn every_parameter_that_is_invalid_unknown_or_repeated_is_named() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("username=a%20b", "username"),
        ("username=x%40y", "username"),
        ("cursor=a&cursor=b", "cursor"),
        ("cursor=garbage", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=username%23ada", "cursor"),
        ("username=", "username"),
        ("email=", "email"),
        ("email=ada", "email"),
        ("username=ada&email=ada%40example.org", "email"),
        ("username=ada&cursor=AAAAAAAAAAAAAAAAAAAAAA", "cursor"),
        ("limit=", "limit"),
        ("name=ada", "name"),
        ("Limit=1", "Limit"),
        ("limit=1&after=x", "after"),
        ("limit=1&x", "x"),
    ] {
        let path = format!("/admin/users?{query}");
        let response = admin.get(&service, &path).await?;
        response.assert_invalid_field(field);
    }
    Ok(())
}

#[tokio::test]
async fn a_user_is_found_by_any_spelling_of_the_exact_name_or_address() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let name = unique("Ada");
    let zoe = Person::with_username(&format!("Zo\u{eb}-{name}"));
    let zoe = zoe.register(&service).await?.id;
    for spelling in ["Zo%C3%AB-", "zoe%CC%88-", "ZO%C3%8B-"] {
        let (ids, next) = page(&service, &admin, &format!("username={spelling}{name}")).await?;
        assert_eq!((ids, next), (vec![zoe.clone()], None), "{spelling}");
    }
    let email = format!("{name}@example.org");
    let eve = Person::named("eve").with_email(email.clone());
    let eve = eve.is_imported(&service).await?.id;
    for spelling in [
        email.replace('@', "%40"),
        email.to_uppercase().replace('@', "%40"),
    ] {
        let (ids, next) = page(&service, &admin, &format!("limit=1&email={spelling}")).await?;
        assert_eq!((ids, next), (vec![eve.clone()], None), "{spelling}");
    }
    let (ids, _) = page(&service, &admin, "email=nobody%40example.org").await?;
    assert!(ids.is_empty());
    for other in ["Zo%C3%AB-Ad", "zo%C3%AB", "nobody-at-all", "user-admins"] {
        let (ids, _) = page(&service, &admin, &format!("username={other}")).await?;
        assert!(ids.is_empty(), "{other}");
    }
    Ok(())
}
