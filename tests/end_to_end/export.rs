//! `GET /me/export`: everything that is stored about a person, except secrets.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_tests::Service;
use gatehouse_tests::tables::Tables;
use serde_json::Value;

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

/// Returns an attribute as it appears in an export.
fn shown(table: &str, name: &str, value: &AttributeValue) -> Vec<String> {
    if let Ok(items) = value.as_l() {
        return items
            .iter()
            .flat_map(|item| shown(table, name, item))
            .collect();
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
        // A key of the users table is a prefix and a value that the export contains.
        let key = name == "pk" && table == "UsersTable";
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
