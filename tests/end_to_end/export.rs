//! `GET /me/export`: everything that is stored about a person, except secrets.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_local::SesBehaviour;
use gatehouse_tests::service::code_in;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use serde_json::{Value, json};

use crate::deletion::{TABLES, ada, guess_at};

#[tokio::test]
async fn an_export_contains_every_stored_attribute_except_secrets() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = ada(&service).await?;
    let eve = service.logged_in("eve").await?;
    eve.logs_out(&service, "global").await?;
    let counters = guess_at(&service, &ada).await?;
    ada.recovery_code(&service).await?;
    let response = ada.get(&service, "/me/export").await?;
    response.assert_status(200);
    assert_eq!(response.header("cache-control"), "no-store");

    let (mut compared, mut secrets) = (0, 0);
    for table in TABLES {
        for item in Tables::of(&service).scan(table).await? {
            let whole = format!("{item:?}");
            let counter = counters.iter().any(|key| whole.contains(key));
            if !(whole.contains(&ada.id) || counter) {
                continue;
            }
            for (name, value) in &item {
                if ["password_hash", "recovery_digest"].contains(&name.as_str()) {
                    let secret = value.as_s().cloned().unwrap_or_default();
                    assert!(!response.text.contains(&secret), "{name}");
                    secrets += 1;
                    continue;
                }
                for text in shown(table, name, value) {
                    assert!(response.text.contains(&text), "{table} {name}: {text}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(secrets, 2);
    assert!(compared > 60, "{compared} attributes");
    let body = response.json();
    assert_eq!(body["password"]["algorithm"], "argon2id");
    assert_eq!(body["password"]["parameters"], "m=19456, t=2, p=1");
    assert_eq!(response.list("sessions").len(), 2);
    assert_eq!(response.list("login_attempts").len(), 5);
    assert!(!response.text.contains(&eve.id), "data of another person");
    Ok(())
}

/// SES throttles, so the message waits, and its code and the counter of the address are there.
#[tokio::test]
async fn an_export_contains_what_waits_to_be_mailed_except_codes() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let throttles = SesBehaviour::Refuse(429, "TooManyRequestsException");
    service.stack().ses().behave(throttles);
    let ada = ada(&service).await?;
    let empty = ada.get(&service, "/me/export").await?;
    let lists = ["messages", "mailed_codes", "mail_counters"];
    assert_eq!(lists.map(|list| empty.list(list).len()), [0; 3]);

    let body = json!({ "username": ada.username });
    let forgotten = service.post("/password/forgot", &body).await?;
    forgotten.assert_status(202);
    // Until the mailer has tried.
    service.mails_to("").await?;
    assert_eq!(service.stack().mails(), []);
    let unverified = ada.get(&service, "/me/export").await?;
    assert_eq!(
        lists.map(|list| unverified.list(list).len()),
        [1, 1, 0],
        "the address may be someone else's"
    );
    let tables = Tables::of(&service);
    let verified = AttributeValue::N("1700000000".to_owned());
    tables.set_user(&ada, "email_verified_at", verified).await?;
    let response = ada.get(&service, "/me/export").await?;
    assert_eq!(lists.map(|list| response.list(list).len()), [1; 3]);
    let message = &response.list("messages")[0];
    assert_eq!(message["kind"], "password_reset");
    assert_eq!(message["origin"], "known_network");
    assert_eq!(response.list("mailed_codes")[0]["kind"], "recovery");

    let mut compared = 0;
    for item in Tables::of(&service).scan("OutboxTable").await? {
        for (name, value) in &item {
            // When DynamoDB deletes a message: a fixed time after its end. And the digest of
            // the address, which the export has.
            let is_message = item.contains_key("kind");
            if is_message && ["expires_at", "attempted_for"].contains(&name.as_str()) {
                continue;
            }
            if let (Ok(codes), "codes") = (value.as_m(), name.as_str()) {
                let digests = codes.keys();
                assert_eq!(digests.clone().count(), 1);
                for digest in digests {
                    assert!(!response.text.contains(digest), "{digest}");
                }
            }
            for text in shown("OutboxTable", name, value) {
                assert!(response.text.contains(&text), "{name}: {text}");
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared} attributes");
    Ok(())
}

/// The mailer mails no code if another account has verified the address.
#[tokio::test]
async fn an_export_does_not_reveal_whether_another_account_has_an_address() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let taken = "taken@example.org".to_owned();
    let owner = Person::named("owner").with_email(taken.clone());
    let owner = owner.register(&service).await?;
    let code = code_in(&service.mail_to(&taken).await?)?;
    let body = json!({ "code": code, "password": owner.password });
    let verified = service.post("/email/verify", &body).await?;
    verified.assert_no_content();

    let mut exports = Vec::new();
    for address in [taken, "free@example.org".to_owned()] {
        let eve = Person::named("eve").with_email(address.clone());
        let eve = eve.register(&service).await?;
        service.mail_to(&address).await?;
        let eve = eve.logs_in_again(&service).await?;
        let export = eve.get(&service, "/me/export").await?;
        let lists = ["messages", "mailed_codes", "mail_counters"];
        exports.push(lists.map(|list| export.list(list).len()));
    }
    assert_eq!(exports, [[0; 3]; 2]);
    Ok(())
}

/// Returns an attribute as it appears in an export.
fn shown(table: &str, name: &str, value: &AttributeValue) -> Vec<String> {
    if let Ok(items) = value.as_l() {
        return items
            .iter()
            .flat_map(|item| shown(table, name, item))
            .collect();
    }
    if let (Ok(codes), "codes") = (value.as_m(), name) {
        let ends = ["created_at", "ends_at", "revision"];
        let slots = codes.values().filter_map(|slot| slot.as_m().ok());
        let texts = slots.flat_map(|slot| ends.map(|name| shown(table, name, &slot[name])));
        return texts.flatten().collect();
    }
    if let Ok(members) = value.as_m() {
        let members = members.iter().flat_map(|(key, at)| {
            let mut texts = shown(table, "expires_at", at);
            texts.push(Value::from(key.as_str()).to_string());
            texts
        });
        return members.collect();
    }
    if let Ok(text) = value.as_s() {
        // A key of the users table is a prefix and a value that the export contains; so is
        // that of a code. That of a message has only a time and a random part besides.
        if table == "OutboxTable" && name == "sk" && text.contains('#') {
            return Vec::new();
        }
        let key = name == "pk" && (table == "UsersTable" || text.starts_with("code#"));
        let text = if key {
            text.split('#').next_back()
        } else {
            Some(text.as_str())
        };
        return vec![Value::from(text.unwrap_or_default()).to_string()];
    }
    let number = value.as_n().cloned().unwrap_or_default();
    let is_time = ["_at", "_until", "_time"]
        .iter()
        .any(|end| name.ends_with(end))
        || ["tat", "res", "known_tat"].contains(&name);
    let seconds = number.parse().ok().filter(|_| is_time);
    let time = seconds.map(gatehouse_auth::time::Timestamp::from_unix);
    vec![time.map_or(format!("\"{name}\":{number}"), |time| time.to_string())]
}

#[tokio::test]
async fn an_export_includes_ended_sessions_and_revocations() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = ada(&service).await?;
    let ended = ada.session();
    ada.logs_out(&service, "local").await?;
    let ada = ada.logs_in_again(&service).await?;
    let response = ada.get(&service, "/me/export").await?;
    let sessions = response.list("sessions");
    assert_eq!(sessions.len(), 3);
    let session = sessions.iter().find(|session| session["id"] == ended);
    assert!(session.is_some_and(|session| session["revoked_at"].is_string()));
    let revocations = response.list("revocations");
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0]["key"], format!("sid#{ended}"));
    Ok(())
}
