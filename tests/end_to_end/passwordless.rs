//! Accounts without a password: how they appear, and how they get their first password.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use http::Method;
use serde_json::{Value, json};

use crate::login::anonymous;

const FIRST: &str = "the very first passphrase of mine";

#[tokio::test]
async fn without_a_password_nobody_logs_in_until_a_recovery_code_sets_the_first()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let eve = service.registered("eve").await?;
    let ada = service.registered("ada").await?;
    forget_password(&service, &ada).await?;
    let wrong = "not the password at all";
    let wrong = service.log_in(&eve.username, wrong).await?;
    for password in [ada.password.as_str(), "!", "", "null"] {
        let refused = service.log_in(&ada.username, password).await?;
        assert_eq!(anonymous(&refused), anonymous(&wrong), "{password:?}");
    }
    let code = ada.recovery_code(&service).await?;
    let reset = service.reset_password(&code, FIRST).await?;
    reset.assert_no_content();
    let login = service.log_in(&ada.username, FIRST).await?;
    login.assert_status(200);
    Ok(())
}

/// Such an account's tokens are older than the removal of its password. A stolen token
/// cannot set a first password: only a recovery code can.
#[tokio::test]
async fn without_a_password_every_request_that_needs_one_fails_like_a_wrong_one()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    // Two people, because one may try five times.
    for (method, path) in [(Method::PUT, "/me/password"), (Method::DELETE, "/me")] {
        let ada = service.logged_in("ada").await?;
        forget_password(&service, &ada).await?;
        for current in [ada.password.as_str(), "!", ""] {
            let body = if method == Method::PUT {
                json!({ "current_password": current, "new_password": FIRST })
            } else {
                json!({ "password": current })
            };
            let response = ada.call(&service, method.clone(), path, &body).await?;
            response.assert_problem(401, "invalid_credentials");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_administrator_and_an_export_see_that_there_is_no_password() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    forget_password(&service, &ada).await?;
    let path = format!("/admin/users/{}", ada.id);
    let shown = admin.get(&service, &path).await?.json();
    assert_eq!(shown["id"], json!(ada.id));
    assert_eq!(shown.get("password_changed_at"), Some(&Value::Null));
    let export = ada.get(&service, "/me/export").await?.json();
    assert_eq!(export.get("password"), Some(&Value::Null));
    Ok(())
}

/// Removes the password of an account; otherwise only an import creates such accounts.
/// Such a record was imported before there was a limit, or was written by hand.
#[tokio::test]
async fn a_hash_that_is_too_costly_lets_nobody_in_until_a_recovery_code_replaces_it()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let eve = service.registered("eve").await?;
    let ada = service.logged_in("ada").await?;
    let costly = "$2b$31$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    let costly = AttributeValue::S(costly.to_owned());
    let tables = Tables::of(&service);
    tables.set_user(&ada, "password_hash", costly).await?;
    let wrong = "not the password at all";
    let wrong = service.log_in(&eve.username, wrong).await?;
    let refused = service.log_in(&ada.username, &ada.password).await?;
    assert_eq!(anonymous(&refused), anonymous(&wrong));
    let delete = json!({ "password": ada.password });
    let response = ada.call(&service, Method::DELETE, "/me", &delete).await?;
    response.assert_problem(401, "invalid_credentials");
    let code = ada.recovery_code(&service).await?;
    service
        .reset_password(&code, FIRST)
        .await?
        .assert_no_content();
    let login = service.log_in(&ada.username, FIRST).await?;
    login.assert_status(200);
    Ok(())
}

async fn forget_password(service: &Service, person: &Person) -> anyhow::Result<()> {
    let tables = Tables::of(service);
    for attribute in ["password_hash", "password_changed_at"] {
        let nothing = AttributeValue::Null(true);
        tables.set_user(person, attribute, nothing).await?;
    }
    Ok(())
}
