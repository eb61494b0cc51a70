//! `DELETE /me` and `DELETE /admin/users/{id}`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::recipient_digest;
use gatehouse_tests::clock;
use gatehouse_tests::service::code_in;
use gatehouse_tests::tables::{Item, Tables, number, text};
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::json;

pub(crate) const TABLES: [&str; 6] = [
    "UsersTable",
    "SessionsTable",
    "RevocationsTable",
    "LoginAttemptsTable",
    "SigningKeysTable",
    "OutboxTable",
];

/// Ada, with a name, an e-mail address and two sessions.
pub(crate) async fn ada(service: &Service) -> anyhow::Result<Person> {
    join(service, Person::named("Ada-L")).await
}

/// Registers with an e-mail address and logs in twice.
async fn join(service: &Service, person: Person) -> anyhow::Result<Person> {
    let email = format!("{}.Example@Example.org", person.username);
    let mut person = person.with_email(email).is_imported(service).await?;
    person.log_in(service).await?;
    person.logs_in_again(service).await
}

/// Deletes a person's own account.
async fn delete(service: &Service, person: &Person, password: &str) -> anyhow::Result<Response> {
    let body = json!({ "password": password });
    person.call(service, Method::DELETE, "/me", &body).await
}

/// Deletes an account as an administrator.
async fn delete_as(service: &Service, admin: &Person, person: &Person) -> anyhow::Result<Response> {
    let path = format!("/admin/users/{}", person.id);
    let delete = Method::DELETE;
    admin.call(service, delete, &path, &json!({})).await
}

/// Stores counters of failed logins, as throttled requests leave them; returns their keys.
pub(crate) async fn guess_at(service: &Service, person: &Person) -> anyhow::Result<Vec<String>> {
    let sessions = person.get(service, "/sessions").await?.list("items");
    let address = sessions[0]["ip"].as_str().unwrap_or_default();
    let mut keys = vec![format!("sub#{}", person.id)];
    for digest in person.identifier_digests() {
        keys.push(format!("id#{digest}"));
        keys.push(format!("pair#{digest}#{address}"));
    }
    for (key, number_of) in keys.iter().zip(3..) {
        let network = format!("network-{number_of}");
        let known = HashMap::from([(network, number(1_600_000_000 + number_of))]);
        let item = Item::from([
            ("pk".to_owned(), text(key)),
            ("tat".to_owned(), number(1_710_000_000 + number_of)),
            ("res".to_owned(), number(1_700_000_000 + number_of)),
            ("known".to_owned(), AttributeValue::M(known)),
            ("known_tat".to_owned(), number(1_720_000_000 + number_of)),
            ("expires_at".to_owned(), number(4_000_000_000 + number_of)),
        ]);
        Tables::of(service).put("LoginAttemptsTable", item).await?;
    }
    Ok(keys)
}

/// Asks for a mail with a code, which leaves the code and a counter of mails in the outbox.
async fn forget_password(service: &Service, person: &Person) -> anyhow::Result<()> {
    let body = json!({ "username": person.username });
    let forgotten = service.post("/password/forgot", &body).await?;
    forgotten.assert_status(202);
    code_in(&service.mail_to(&address(person)?).await?)?;
    Ok(())
}

/// The address as it is stored.
fn address(person: &Person) -> anyhow::Result<String> {
    let address = EmailAddress::parse(person.email.as_deref().unwrap_or_default())?;
    Ok(address.display().to_owned())
}

/// Waits for the notice of the deletion: until it is mailed, it is stored.
async fn waits_for_notice(service: &Service, person: &Person) -> anyhow::Result<()> {
    let notice = service.mail_to(&address(person)?).await?;
    anyhow::ensure!(
        notice.subject.ends_with("was deleted"),
        "{}",
        notice.subject
    );
    Ok(())
}

/// The items of all tables that name the person in any attribute.
async fn traces(service: &Service, person: &Person) -> anyhow::Result<Vec<String>> {
    let mut words = vec![person.id.clone(), person.username.to_lowercase()];
    words.extend(person.identifier_digests());
    let email = person.email.as_deref().unwrap_or_default();
    words.push(recipient_digest(&email.to_lowercase()));
    let mut found = Vec::new();
    for table in TABLES {
        for item in Tables::of(service).scan(table).await? {
            let shown = format!("{item:?}");
            let named = |word: &String| shown.contains(word) || shown.to_lowercase().contains(word);
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
async fn a_deletion_leaves_only_a_revocation_until_it_expires() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = ada(&service).await?;
    guess_at(&service, &ada).await?;
    ada.recovery_code(&service).await?;
    forget_password(&service, &ada).await?;
    assert_eq!(traces(&service, &ada).await?.len(), 3 + 2 + 5 + 2);
    let response = delete(&service, &ada, &ada.password).await?;
    response.assert_no_content();
    waits_for_notice(&service, &ada).await?;

    let revocation = format!("sub#{}", ada.id);
    let expected = format!("RevocationsTable {revocation}");
    assert_eq!(traces(&service, &ada).await?, [expected]);
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
async fn a_deleted_username_is_free_and_the_old_tokens_are_refused() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let before = ada(&service).await?;
    let code = before.recovery_code(&service).await?;
    let response = delete(&service, &before, &before.password).await?;
    response.assert_no_content();
    before.cannot_log_in(&service).await?;
    let after = join(&service, Person::with_username(&before.username)).await?;
    assert_ne!(after.id, before.id, "a subject is never used again");
    for path in ["/me", "/sessions", "/me/export", "/protected"] {
        before.is_shut_out_at(&service, path).await?;
    }
    before.cannot_refresh(&service).await?;
    let another = "yet another passphrase of mine";
    let response = service.reset_password(&code, another).await?;
    response.assert_problem(400, "invalid_code");
    let own = after.get(&service, "/me").await?;
    assert_eq!(own.member("id"), after.id);
    after.refreshes(&service).await?;
    Ok(())
}

#[tokio::test]
async fn a_deletion_needs_the_password() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = ada(&service).await?;
    for wrong in ["", "another winding passphrase", "\u{0}"] {
        let response = delete(&service, &ada, wrong).await?;
        response.assert_problem(401, "invalid_credentials");
    }
    let none = json!({});
    let response = ada.call(&service, Method::DELETE, "/me", &none).await?;
    response.assert_problem(422, "validation_failed");
    let request = service.request(Method::DELETE, "/me");
    let request = request.bearer_auth(&ada.access_token);
    service.send(request).await?.assert_status(415);
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn an_administrator_deletes_as_thoroughly_without_the_password() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = ada(&service).await?;
    guess_at(&service, &ada).await?;
    forget_password(&service, &ada).await?;
    let response = delete_as(&service, &admin, &ada).await?;
    response.assert_no_content();
    waits_for_notice(&service, &ada).await?;
    let expected = format!("RevocationsTable sub#{}", ada.id);
    assert_eq!(traces(&service, &ada).await?, [expected]);
    ada.is_shut_out_at(&service, "/me").await?;
    let again = delete_as(&service, &admin, &ada).await?;
    again.assert_problem(404, "not_found");
    Ok(())
}

#[tokio::test]
async fn an_interrupted_deletion_is_finished_by_the_next() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = ada(&service).await?;
    let tables = Tables::of(&service);
    let left = tables.sessions_of(&ada).await?;
    assert_eq!(left.len(), 2);
    let response = delete(&service, &ada, &ada.password).await?;
    response.assert_no_content();
    for item in left {
        tables.put("SessionsTable", item).await?;
    }
    // A session without its user grants nothing.
    ada.cannot_refresh(&service).await?;
    let response = delete_as(&service, &admin, &ada).await?;
    response.assert_no_content();
    assert!(tables.sessions_of(&ada).await?.is_empty());
    Ok(())
}

/// The account is gone, and the process that deleted it died before anything else.
#[tokio::test]
async fn the_schedule_finishes_an_interrupted_deletion() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let tables = Tables::of(&service);
    let ada = service.logged_in("ada").await?;
    service.log_in(&ada.username, "a wrong passphrase").await?;
    let accounts = tables.accounts()?;
    let user = accounts.users.get(&SubjectId::parse(&ada.id)?).await?;
    let user = user.context("the user is there")?;
    let two_minutes_ago = clock::now()?.minus(Duration::from_mins(2));
    accounts.delete(user, two_minutes_ago).await?;
    assert!(!tables.sessions_of(&ada).await?.is_empty());

    let event = json!({
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
    });
    let done = service
        .invoke("admin", event.to_string().as_bytes())
        .await?;
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(tables.sessions_of(&ada).await?, []);
    let attempts = tables.scan("LoginAttemptsTable").await?;
    for digest in ada.identifier_digests() {
        let left = attempts
            .iter()
            .filter(|item| format!("{item:?}").contains(&digest));
        assert_eq!(left.count(), 0, "an identifier is still stored");
    }
    let pending = accounts.pending_deletions().await?;
    assert!(
        pending
            .iter()
            .all(|deletion| deletion.sub.as_str() != ada.id)
    );
    Ok(())
}

/// Whoever can send a request cannot send the schedule's event.
#[tokio::test]
async fn no_request_is_taken_for_the_schedule() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let body = json!({ "source": "aws.events", "detail-type": "Scheduled Event" });
    let path = format!("/admin/users/{}", admin.id);
    let response = admin.call(&service, Method::PATCH, &path, &body).await?;
    response.assert_problem(422, "validation_failed");
    Ok(())
}
