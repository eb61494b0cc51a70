//! `POST /register`.

use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::service::MAIL_FROM;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Response, Service};
use serde_json::json;

#[tokio::test]
async fn the_response_to_a_registration_has_no_secrets() -> anyhow::Result<()> {
    let service = Service::shared_with(&[(MAIL_FROM.0, "")]).await?;
    let name = unique("Ada");
    let email = format!("{name}@Example.com");
    let body = json!({ "username": name, "password": PASSWORD, "email": email });
    let response = service.post("/register", &body).await?;
    insta::assert_snapshot!(response.snapshot(&["id", "created_at", "username", "email"]), @r#"
    201
    cache-control: no-store
    content-type: application/json
    location: /me
    x-content-type-options: nosniff

    {
      "created_at": "[created_at]",
      "email": "[email]",
      "id": "[id]",
      "roles": [
        "user"
      ],
      "username": "[username]"
    }
    "#);
    assert!(!response.header("x-request-id").is_empty());
    assert_eq!(response.member("username"), name, "as it was typed");
    assert_eq!(response.member("email"), format!("{name}@example.com"));
    assert_eq!(response.member("id").len(), 22);
    Ok(())
}

#[tokio::test]
async fn a_taken_username_is_refused_in_every_spelling() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let name = service.registered("ada").await?.username;
    let wide = name.replacen('a', "\u{ff41}", 1);
    let title = name.replacen('a', "A", 1);
    for spelling in [&name, &name.to_uppercase(), &wide, &title] {
        let response = register(&service, spelling).await?;
        response.assert_problem(409, "username_taken");
    }
    Ok(())
}

/// Cherokee, Adlam, Georgian and Greek, even in the case that nobody types.
#[tokio::test]
async fn a_name_of_any_script_logs_in_in_any_case() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    // Letters of another script would mix with the names.
    let digits = unique("");
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    for name in [
        "\u{13e3}\u{13b3}\u{13a9}",
        "\u{1e900}\u{1e923}\u{1e924}",
        "\u{1c92}\u{1c98}\u{1c9d}",
        "\u{393}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}",
    ] {
        let name = format!("{name}{digits}");
        register(&service, &name).await?.assert_status(201);
        for case in [name.to_uppercase(), name.to_lowercase()] {
            let response = service.log_in(&case, PASSWORD).await?;
            response.assert_status(200);
        }
    }
    let response = register(&service, "ada \u{1f600}").await?;
    assert_eq!(
        response.json()["errors"][0],
        json!({ "field": "username", "code": "invalid_character", "detail": "a username cannot contain U+0020, a space" })
    );
    Ok(())
}

#[tokio::test]
async fn a_taken_address_leaves_nothing_of_the_new_account() -> anyhow::Result<()> {
    // With mail, an address waits, and nobody learns whether it is taken.
    let service = Service::shared_with(&[(MAIL_FROM.0, "")]).await?;
    let ada = Person::named("ada");
    let email = format!("{}@example.com", ada.username);
    ada.with_email(email.clone()).register(&service).await?;
    let eve = Person::named("eve");
    let body = json!({ "username": eve.username, "password": PASSWORD, "email": email });
    let response = service.post("/register", &body).await?;
    response.assert_problem(409, "email_taken");
    // Her name is still free.
    eve.register(&service).await?;
    Ok(())
}

#[tokio::test]
async fn every_invalid_field_of_a_registration_is_named_at_once() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let body = json!({ "username": null, "email": 7 });
    let response = service.post("/register", &body).await?;
    response.assert_problem(422, "validation_failed");
    let mut fields = response.invalid_fields();
    fields.sort();
    assert_eq!(fields, ["email", "password", "username"]);
    Ok(())
}

#[tokio::test]
async fn invalid_usernames_and_addresses_are_refused_and_named() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for invalid in [
        "ab",
        "a@b.example",
        "a#b",
        "a b",
        "a\0bc",
        "a\r\nbc",
        "a\u{202e}bc",
        "a\u{200b}bc",
        "p\u{430}ypal",
        &"a".repeat(65),
    ] {
        let response = register(&service, invalid).await?;
        response.assert_invalid_field("username");
    }
    for invalid in [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b@c.example",
        "a b@c.example",
        "\u{e9}@b.example",
        &format!("{}@b.example", "a".repeat(65)),
    ] {
        let body = json!({ "username": "somebody", "password": PASSWORD, "email": invalid });
        let response = service.post("/register", &body).await?;
        response.assert_invalid_field("email");
    }
    Ok(())
}

#[tokio::test]
async fn a_weak_password_is_refused_with_reasons_and_suggestions() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for weak in [
        "short",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "somebody-somebody",
        "passwordpassword",
    ] {
        let body = json!({ "username": "somebody", "password": weak });
        let response = service.post("/register", &body).await?;
        response.assert_problem(422, "weak_password");
        assert_eq!(response.invalid_fields()[0], "password", "{response}");
        let problem = response.json();
        assert!(problem["errors"][0]["detail"].is_string(), "{response}");
        assert!(problem["suggestions"].is_array(), "{response}");
        assert!(
            !response.text.contains(weak) || weak == "short",
            "the response repeats the password"
        );
    }
    Ok(())
}

#[tokio::test]
async fn unknown_fields_are_named_and_nothing_is_stored() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = Person::named("ada");
    let body = json!({ "username": ada.username, "password": PASSWORD, "roles": ["admin"], "sub": "x", "pk": "x", "status": "x" });
    let response = service.post("/register", &body).await?;
    response.assert_problem(422, "validation_failed");
    let mut named = response.invalid_fields();
    named.sort();
    assert_eq!(named, ["pk", "roles", "status", "sub"]);
    let response = register(&service, &ada.username).await?;
    response.assert_status(201);
    assert_eq!(response.json()["roles"], json!(["user"]));
    Ok(())
}

#[tokio::test]
async fn a_closed_registration_says_so() -> anyhow::Result<()> {
    let service = Service::shared_with(&[("Registration", "closed")]).await?;
    let response = register(&service, "ada").await?;
    response.assert_problem(403, "registration_closed");
    Ok(())
}

#[tokio::test]
async fn a_new_stack_has_no_accounts() -> anyhow::Result<()> {
    // No other test uses a stack with this parameter.
    let service = Service::shared_with(&[("Audience", "nobody")]).await?;
    let tables = Tables::of(&service);
    assert!(tables.scan("UsersTable").await?.is_empty());
    service.registered("ada").await?;
    let items = tables.scan("UsersTable").await?;
    assert_eq!(items.len(), 2, "the user and the username");
    Ok(())
}

/// Registers a username that may be invalid or taken.
async fn register(service: &Service, username: &str) -> anyhow::Result<Response> {
    let body = json!({ "username": username, "password": PASSWORD });
    service.post("/register", &body).await
}
