//! Accounts without a password: how they look, and how they get their first one.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_tests::power::{administrator, recover};
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use http::Method;
use serde_json::{Value, json};

use crate::login::anonymous;

const FIRST: &str = "the very first passphrase of mine";

#[tokio::test]
async fn without_a_password_nobody_logs_in_until_a_recovery_code_sets_the_first()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let known = Person::register(&service).await?;
    let person = Person::register(&service).await?;
    forget_password(&service, &person).await?;
    let wrong = json!({ "username": known.username, "password": "not the password at all" });
    let wrong = service.post("/login", &wrong).await?;
    for password in [person.password.as_str(), "!", "", "null"] {
        let attempt = json!({ "username": person.username, "password": password });
        let refused = service.post("/login", &attempt).await?;
        assert_eq!(anonymous(&refused), anonymous(&wrong), "{password:?}");
    }
    let code = recover(&service, &person, 0).await?;
    let reset = json!({ "code": code, "new_password": FIRST });
    assert_eq!(service.post("/password/reset", &reset).await?.status, 204);
    let login = json!({ "username": person.username, "password": FIRST });
    assert_eq!(service.post("/login", &login).await?.status, 200);
    Ok(())
}

/// Their tokens can only be from before the password went. A stolen one sets no first
/// password: that takes a recovery code.
#[tokio::test]
async fn what_needs_a_password_is_refused_without_one_as_by_a_wrong_one() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    forget_password(&service, &person).await?;
    for current in [person.password.as_str(), "!", ""] {
        let change = json!({ "current_password": current, "new_password": FIRST });
        let delete = json!({ "password": current });
        for (method, path, body) in [
            (Method::PUT, "/me/password", &change),
            (Method::DELETE, "/me", &delete),
        ] {
            let request = service.request(method, path).json(body);
            let refused = service.send(request.bearer_auth(&person.access_token));
            let refused = refused.await?;
            let seen = (refused.status, refused.code());
            assert_eq!(seen, (401, "invalid_credentials".to_owned()), "{path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_administrator_and_an_export_see_that_there_is_no_password() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    forget_password(&service, &person).await?;
    let path = format!("/admin/users/{}", person.id);
    let shown = service.get_as(&admin.access_token, &path).await?.json();
    assert_eq!(shown["id"], json!(person.id));
    assert_eq!(shown.get("password_changed_at"), Some(&Value::Null));
    let export = service.get_as(&person.access_token, "/me/export").await?;
    assert_eq!(export.json().get("password"), Some(&Value::Null));
    Ok(())
}

/// Makes an account one without a password, as only an import can.
async fn forget_password(service: &Service, person: &Person) -> anyhow::Result<()> {
    let tables = Tables::of(service);
    let key = format!("user#{}", person.id);
    for attribute in ["password_hash", "password_changed_at"] {
        let nothing = AttributeValue::Null(true);
        let set = tables.set("UsersTable", ("pk", &key), attribute, nothing);
        set.await?;
    }
    Ok(())
}
