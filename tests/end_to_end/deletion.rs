//! `DELETE /me` and `DELETE /admin/users/{id}`.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_tests::person::unique;
use gatehouse_tests::power::{administrator, recover};
use gatehouse_tests::tables::{Item, Tables};
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::json;

pub(crate) const TABLES: [&str; 5] = [
    "UsersTable",
    "SessionsTable",
    "RevocationsTable",
    "LoginAttemptsTable",
    "SigningKeysTable",
];

/// Somebody with a name, an e-mail address and two sessions.
pub(crate) async fn ada(service: &Service) -> anyhow::Result<Person> {
    register_ada(service, &unique("Ada-L")).await
}

/// Somebody of that name, as [`ada`].
async fn register_ada(service: &Service, name: &str) -> anyhow::Result<Person> {
    let password = "a long and winding passphrase";
    let email = email(name);
    let body = json!({ "username": name, "password": password, "email": email });
    let answer = service.post("/register", &body).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    let mut person = Person {
        username: name.to_owned(),
        password: password.to_owned(),
        id: answer.member("id"),
        access_token: String::new(),
        refresh_token: String::new(),
    };
    person.log_in(service).await?;
    person.log_in(service).await?;
    Ok(person)
}

async fn delete(service: &Service, person: &Person, password: &str) -> anyhow::Result<Answer> {
    let body = json!({ "password": password });
    let token = &person.access_token;
    service.call_as(token, Method::DELETE, "/me", &body).await
}

/// The address of somebody of that name.
fn email(name: &str) -> String {
    format!("{name}.Example@Example.org")
}

/// The digests of both canonical identifiers.
fn digests(person: &Person) -> [String; 2] {
    let name = person.username.to_lowercase();
    let address = email(&name).to_lowercase();
    [name, address].map(|text| gatehouse_auth::digest::sha256(text.as_bytes()))
}

/// Puts counters of guesses at a person, as throttled requests leave them.
pub(crate) async fn guess_at(service: &Service, person: &Person) -> anyhow::Result<Vec<String>> {
    let sessions = service.get_as(&person.access_token, "/sessions").await?;
    let sessions = sessions.json();
    let address = sessions["items"][0]["ip"].as_str().unwrap_or_default();
    let mut keys = vec![format!("sub#{}", person.id)];
    for digest in digests(person) {
        keys.push(format!("id#{digest}"));
        keys.push(format!("pair#{digest}#{address}"));
    }
    for (key, failures) in keys.iter().zip(3..) {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let item = Item::from([
            ("pk".to_owned(), AttributeValue::S(key.clone())),
            ("failures".to_owned(), number(failures)),
            ("locked_until".to_owned(), number(1_700_000_000 + failures)),
            ("expires_at".to_owned(), number(4_000_000_000 + failures)),
        ]);
        Tables::of(service).put("LoginAttemptsTable", item).await?;
    }
    Ok(keys)
}

/// Every item of every table that names the person in any attribute.
async fn traces(service: &Service, person: &Person) -> anyhow::Result<Vec<String>> {
    let name = person.username.to_lowercase();
    let mut words = vec![person.id.clone(), name];
    words.extend(digests(person));
    let mut found = Vec::new();
    for table in TABLES {
        for item in Tables::of(service).scan(table).await? {
            let text = format!("{item:?}");
            let named = |word: &String| text.contains(word) || text.to_lowercase().contains(word);
            if words.iter().any(named) {
                let key = item.get("pk").or_else(|| item.get("sid"));
                let key = key.and_then(|key| key.as_s().ok()).cloned();
                found.push(format!("{table} {}", key.unwrap_or_default()));
            }
        }
    }
    Ok(found)
}

#[tokio::test]
async fn after_a_deletion_nothing_is_left_but_the_revocation_until_its_time() -> anyhow::Result<()>
{
    let service = Service::start().await?;
    let person = ada(&service).await?;
    guess_at(&service, &person).await?;
    recover(&service, &person, 0).await?;
    assert_eq!(traces(&service, &person).await?.len(), 3 + 2 + 5);
    let answer = delete(&service, &person, &person.password).await?;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (204, ""),
        "{answer:?}"
    );

    let revocation = format!("sub#{}", person.id);
    let expected = format!("RevocationsTable {revocation}");
    assert_eq!(traces(&service, &person).await?, [expected]);
    let mut items = Tables::of(&service).scan("RevocationsTable").await?;
    items.retain(|item| item["pk"].as_s() == Ok(&revocation));
    let mut names: Vec<&String> = items[0].keys().collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["expires_at", "min_ver", "pk", "reason", "revoked_at"]
    );
    let time = |name: &str| items[0][name].as_n().ok()?.parse::<i64>().ok();
    let life = time("expires_at").zip(time("revoked_at"));
    assert_eq!(life.map(|(end, begin)| end - begin), Some(3960));
    Ok(())
}

#[tokio::test]
async fn a_deleted_name_is_free_and_the_old_tokens_open_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let before = ada(&service).await?;
    let code = recover(&service, &before, 0).await?;
    let deleted = delete(&service, &before, &before.password).await?;
    assert_eq!(deleted.status, 204);
    let gone = service
        .post(
            "/login",
            &json!({ "username": before.username, "password": before.password }),
        )
        .await?;
    assert_eq!(
        (gone.status, gone.code().as_str()),
        (401, "invalid_credentials")
    );
    let after = register_ada(&service, &before.username).await?;
    assert_ne!(after.id, before.id, "a subject never returns");
    for path in ["/me", "/sessions", "/me/export", "/protected"] {
        let refused = service.get_as(&before.access_token, path).await?;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "Forbidden"),
            "{path}"
        );
    }
    let refused = service.refresh(&before.refresh_token).await?;
    assert_eq!(refused.code(), "invalid_grant");
    let body = json!({ "code": code, "new_password": "yet another passphrase of mine" });
    let refused = service.post("/password/reset", &body).await?;
    assert_eq!(refused.code(), "invalid_code");
    let own = service.get_as(&after.access_token, "/me").await?;
    assert_eq!(own.member("id"), after.id);
    assert_eq!(service.refresh(&after.refresh_token).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_deletion_needs_the_password() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = ada(&service).await?;
    for wrong in ["", "another winding passphrase", "\u{0}"] {
        let answer = delete(&service, &person, wrong).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "invalid_credentials")
        );
    }
    let token = &person.access_token;
    let answer = service
        .call_as(token, Method::DELETE, "/me", &json!({}))
        .await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (422, "validation_failed")
    );
    let request = service.request(Method::DELETE, "/me").bearer_auth(token);
    assert_eq!(service.send(request).await?.status, 415);
    assert_eq!(service.get_as(token, "/me").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn an_administrator_deletes_without_the_password_and_as_thoroughly() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = ada(&service).await?;
    guess_at(&service, &person).await?;
    let path = format!("/admin/users/{}", person.id);
    let token = &admin.access_token;
    let answer = service
        .call_as(token, Method::DELETE, &path, &json!({}))
        .await?;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (204, ""),
        "{answer:?}"
    );
    let expected = format!("RevocationsTable sub#{}", person.id);
    assert_eq!(traces(&service, &person).await?, [expected]);
    assert_eq!(
        service.get_as(&person.access_token, "/me").await?.status,
        403
    );
    let again = service
        .call_as(token, Method::DELETE, &path, &json!({}))
        .await?;
    assert_eq!(again.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished_by_the_next() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = ada(&service).await?;
    let tables = Tables::of(&service);
    let mut left = tables.scan("SessionsTable").await?;
    left.retain(|item| item["sub"].as_s() == Ok(&person.id));
    assert_eq!(left.len(), 2);
    assert_eq!(
        delete(&service, &person, &person.password).await?.status,
        204
    );
    for item in left {
        tables.put("SessionsTable", item).await?;
    }
    let refused = service.refresh(&person.refresh_token).await?;
    assert_eq!(
        refused.code(),
        "invalid_grant",
        "what is left opens nothing"
    );
    let path = format!("/admin/users/{}", person.id);
    let token = &admin.access_token;
    let answer = service
        .call_as(token, Method::DELETE, &path, &json!({}))
        .await?;
    assert_eq!(answer.status, 204, "{answer:?}");
    let sessions = tables.scan("SessionsTable").await?;
    assert!(
        sessions
            .iter()
            .all(|item| item["sub"].as_s() != Ok(&person.id))
    );
    Ok(())
}
