//! Tables that were restored from a backup, and what `docs/runbook.md` does afterwards.

use anyhow::Context;
use gatehouse_auth::id::SubjectId;
use gatehouse_store::Raised;
use gatehouse_tests::clock;
use gatehouse_tests::tables::{Item, Tables, text};
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_restored_table_of_users_is_repaired_by_raising() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let tables = Tables::of(&service);
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let backup = item(&tables, "UsersTable", "pk", &ada.key()).await?;
    let path = format!("/admin/users/{}", ada.id);
    let (end, nothing) = (format!("{path}/revoke-sessions"), json!({}));
    let ended = admin.post(&service, &end, &nothing).await?;
    ended.assert_status(204);
    tables.put("UsersTable", backup).await?;

    // An administrator can change the user at once...
    let disable = json!({ "status": "disabled" });
    let disabled = admin.call(&service, Method::PATCH, &path, &disable);
    disabled.await?.assert_status(200);
    let enable = json!({ "status": "active" });
    let enabled = admin.call(&service, Method::PATCH, &path, &enable);
    enabled.await?.assert_status(200);
    // ... and raising ends the sessions that the backup brought back.
    raise(&tables, &ada).await?;
    ada.cannot_refresh(&service).await?;
    let again = ada.logs_in_again(&service).await?;
    again.is_let_in(&service).await
}

#[tokio::test]
async fn a_restored_table_of_sessions_refuses_newer_tokens_and_people_log_in_again()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let tables = Tables::of(&service);
    let ada = service.logged_in("ada").await?;
    let backup = item(&tables, "SessionsTable", "sid", &ada.session()).await?;
    let newer = ada.refreshes(&service).await?.refreshes(&service).await?;
    tables.put("SessionsTable", backup).await?;
    newer.cannot_refresh(&service).await?;
    let again = ada.logs_in_again(&service).await?;
    again.refreshes(&service).await?;
    Ok(())
}

#[tokio::test]
async fn a_restored_table_of_revocations_is_repaired_by_raising() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let tables = Tables::of(&service);
    let ada = service.logged_in("ada").await?;
    ada.logs_out(&service, "local").await?;
    let key = format!("sid#{}", ada.session());
    tables.delete("RevocationsTable", ("pk", &key)).await?;
    ada.is_let_in(&service).await?;
    raise(&tables, &ada).await?;
    ada.is_shut_out(&service).await
}

/// Does what `cargo gatehouse users raise` does.
async fn raise(tables: &Tables<'_>, person: &Person) -> anyhow::Result<()> {
    let sub = SubjectId::parse(&person.id)?;
    let raised = tables.accounts()?.raise(&sub, clock::now()?).await?;
    anyhow::ensure!(matches!(raised, Raised::Done), "{raised:?}");
    Ok(())
}

async fn item(tables: &Tables<'_>, table: &str, name: &str, key: &str) -> anyhow::Result<Item> {
    let items = tables.scan(table).await?;
    let mut found = items.into_iter();
    found
        .find(|item| item.get(name) == Some(&text(key)))
        .context("there is no such item")
}
