//! `PATCH /admin/users/{id}` with a new username or e-mail address.

use std::collections::HashMap;

use anyhow::Context as _;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_tests::person::unique;
use gatehouse_tests::tables::{Tables, number, text};
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// Changes a user.
async fn patch(
    service: &Service,
    admin: &Person,
    target: &Person,
    body: &Value,
) -> anyhow::Result<Response> {
    let path = format!("/admin/users/{}", target.id);
    admin.call(service, Method::PATCH, &path, body).await
}

/// A person with an e-mail address who has logged in.
async fn with_address(service: &Service, name: &str) -> anyhow::Result<Person> {
    let person = Person::named(name);
    let email = format!("{}@example.org", person.username);
    let mut person = person.with_email(email).is_imported(service).await?;
    person.log_in(service).await?;
    Ok(person)
}

fn named(person: &Person, username: &str) -> Person {
    Person {
        username: username.to_owned(),
        ..person.clone()
    }
}

#[tokio::test]
async fn a_renamed_user_logs_in_with_the_new_name_and_stays_logged_in() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let new = unique("Lovelace");
    let response = patch(&service, &admin, &ada, &json!({ "username": new })).await?;
    response.assert_status(200);
    assert_eq!(
        (response.member("username"), response.member("id")),
        (new.clone(), ada.id.clone())
    );
    ada.is_let_in_at(&service, "/me").await?;
    let ada = ada.refreshes(&service).await?;
    assert_eq!(ada.get(&service, "/me").await?.member("username"), new);
    named(&ada, &new).log_in(&service).await?;
    ada.cannot_log_in(&service).await?;
    let found = admin
        .get(&service, &format!("/admin/users?username={}", ada.username))
        .await?;
    assert_eq!(found.list("items"), [Value::Null; 0]);
    Ok(())
}

#[tokio::test]
async fn the_old_name_stays_reserved_and_its_user_can_have_it_back_after_a_day()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let (ada, eve) = (
        service.logged_in("ada").await?,
        service.logged_in("eve").await?,
    );
    let new = unique("lovelace");
    patch(&service, &admin, &ada, &json!({ "username": new }))
        .await?
        .assert_status(200);
    let body = json!({ "username": ada.username.to_uppercase(), "password": ada.password });
    let reserved = service.post("/register", &body).await?;
    reserved.assert_problem(409, "username_taken");
    let taken = json!({ "username": new, "password": ada.password });
    let taken = service.post("/register", &taken).await?;
    // Nobody learns that it is reserved.
    taken.assert_problem(409, "username_taken");
    for field in ["title", "detail", "type"] {
        assert_eq!(reserved.member(field), taken.member(field));
    }
    let old = json!({ "username": ada.username });
    patch(&service, &admin, &eve, &old)
        .await?
        .assert_problem(409, "username_taken");
    let early = patch(&service, &admin, &ada, &old).await?;
    early.assert_problem(429, "too_many_requests");
    let wait: u32 = early.header("retry-after").parse()?;
    assert!((86_300..=86_400).contains(&wait), "{wait}");
    // A day later.
    let tables = Tables::of(&service);
    let name = ada.username.to_lowercase();
    let (users, key) = (tables.users()?, ItemKey::username(&new.to_lowercase()));
    let user = users.find(&key).await?;
    let until = user.and_then(|user| user.reserved_names.get(&name).copied());
    let until = until.context("the name is not reserved")?.unix();
    let moved = HashMap::from([(name.clone(), number(until - 86_400))]);
    let moved = AttributeValue::M(moved);
    tables.set_user(&ada, "reserved_names", moved).await?;
    patch(&service, &admin, &ada, &old)
        .await?
        .assert_status(200);
    let mut ada = ada;
    ada.log_in(&service).await
}

#[tokio::test]
async fn a_reserved_name_is_free_after_its_time_even_if_its_item_is_still_there()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    patch(
        &service,
        &admin,
        &ada,
        &json!({ "username": unique("new") }),
    )
    .await?
    .assert_status(200);
    let key = format!("username#{}", ada.username.to_lowercase());
    let past = number(1_700_000_000);
    Tables::of(&service)
        .set("UsersTable", ("pk", &key), "reserved_until", past)
        .await?;
    let mut other = named(&ada, &ada.username).register(&service).await?;
    assert_ne!(other.id, ada.id);
    other.log_in(&service).await
}

#[tokio::test]
async fn an_address_takes_effect_at_once_and_frees_the_old_one() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let (ada, eve) = (
        with_address(&service, "ada").await?,
        with_address(&service, "eve").await?,
    );
    let new = format!("{}@example.org", unique("Lovelace"));
    let taken = json!({ "email": eve.email });
    patch(&service, &admin, &ada, &taken)
        .await?
        .assert_problem(409, "email_taken");
    let response = patch(&service, &admin, &ada, &json!({ "email": new })).await?;
    response.assert_status(200);
    assert_eq!(response.member("email"), new);
    ada.is_let_in_at(&service, "/me").await?;
    let ada = ada.refreshes(&service).await?;
    named(&ada, &new).log_in(&service).await?;
    let old = ada.email.clone().unwrap_or_default();
    named(&ada, &old).cannot_log_in(&service).await?;
    patch(&service, &admin, &eve, &json!({ "email": old }))
        .await?
        .assert_status(200);
    Ok(())
}

#[tokio::test]
async fn names_and_rights_change_together_or_not_at_all() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let (ada, eve) = (
        with_address(&service, "ada").await?,
        with_address(&service, "eve").await?,
    );
    let mut all = json!({
        "username": unique("Lovelace"), "email": eve.email, "roles": ["user", "admin"],
    });
    patch(&service, &admin, &ada, &all)
        .await?
        .assert_problem(409, "email_taken");
    let me = ada.get(&service, "/me").await?;
    assert_eq!(
        (me.member("username"), me.json()["roles"].clone()),
        (ada.username.clone(), json!(["user"]))
    );
    all["email"] = json!(format!("{}@example.org", unique("lovelace")));
    let changed = patch(&service, &admin, &ada, &all).await?;
    changed.assert_status(200);
    for field in ["username", "email"] {
        assert_eq!(changed.json()[field], all[field]);
    }
    ada.is_shut_out_at(&service, "/me").await?;
    let ada = ada.refreshes(&service).await?;
    assert_eq!(ada.get(&service, "/me").await?.json(), changed.json());
    // Repeating it changes nothing.
    patch(&service, &admin, &ada, &all)
        .await?
        .assert_status(200);
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn invalid_names_are_named_and_change_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    for (invalid, field) in [
        (json!({ "username": "a b" }), "username"),
        (json!({ "username": "" }), "username"),
        (json!({ "username": "ada@example.org" }), "username"),
        (json!({ "username": 7 }), "username"),
        (json!({ "email": "ada" }), "email"),
        (json!({ "email": ["ada@example.org"] }), "email"),
        (
            json!({ "email": "ada@example.org", "username": "x y" }),
            "username",
        ),
        (json!({ "email_verified": true }), "email_verified"),
    ] {
        let response = patch(&service, &admin, &ada, &invalid).await?;
        response.assert_invalid_field(field);
    }
    let both = json!({ "email": "x", "username": "", "status": "asleep", "roles": ["A"] });
    let response = patch(&service, &admin, &ada, &both).await?;
    assert_eq!(
        response.invalid_fields(),
        ["roles", "status", "username", "email"]
    );
    let me = ada.get(&service, "/me").await?;
    assert_eq!(
        (me.member("username"), me.json().get("email").cloned()),
        (ada.username, None)
    );
    Ok(())
}

#[tokio::test]
async fn new_names_are_audit_events_without_the_names() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let name = unique("canary");
    let body = json!({ "username": name, "email": format!("{name}@example.org") });
    patch(&service, &admin, &ada, &body)
        .await?
        .assert_status(200);
    let lines = service.logs().await?;
    assert!(
        !lines.iter().any(|line| line.contains(&name)),
        "a name was logged"
    );
    for event in ["user_renamed", "email_changed"] {
        let lines = lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let found: Vec<Value> = lines
            .filter(|line| line["event"] == event && line["sub"] == *ada.id)
            .collect();
        assert_eq!(found.len(), 1, "{event}: {found:?}");
        assert_eq!(found[0]["actor"], *admin.id);
        assert_eq!(found[0]["reason"], "by_an_administrator");
    }
    Ok(())
}

#[tokio::test]
async fn old_names_take_their_counters_with_them() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = with_address(&service, "ada").await?;
    let keys = crate::deletion::guess_at(&service, &ada).await?;
    assert_eq!(keys.len(), 5);
    let name = unique("lovelace");
    let body = json!({ "username": name, "email": format!("{name}@example.org") });
    patch(&service, &admin, &ada, &body)
        .await?
        .assert_status(200);
    let items = Tables::of(&service).scan("LoginAttemptsTable").await?;
    let left = keys
        .iter()
        .filter(|key| items.iter().any(|item| item["pk"] == text(key)));
    let confirming = format!("sub#{}", ada.id);
    assert_eq!(
        left.collect::<Vec<_>>(),
        [&confirming],
        "it does not belong to a name"
    );
    Ok(())
}
