//! `POST /login`.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::tables::{Tables, text};
use gatehouse_tests::{Person, Response, Service};
use serde_json::{Value, json};

#[tokio::test]
async fn a_login_returns_tokens_under_their_rfc_6749_names() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let response = service.log_in(&ada.username, &ada.password).await?;
    insta::assert_snapshot!(response.snapshot(&["access_token", "refresh_token"]), @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-content-type-options: nosniff

    {
      "access_token": "[access_token]",
      "expires_in": 900,
      "refresh_expires_in": 1209600,
      "refresh_token": "[refresh_token]",
      "scope": "profile",
      "token_type": "Bearer"
    }
    "#);
    assert!(response.member("refresh_token").starts_with("gh_rt_"));
    assert_eq!(response.member("refresh_token").len(), 109);
    Ok(())
}

#[tokio::test]
async fn the_email_address_logs_in_like_the_username() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = Person::named("ada");
    let email = format!("Big.{}@EXAMPLE.com", ada.username);
    let ada = ada.with_email(email.clone()).is_imported(&service).await?;
    let name = &ada.username;
    let spaced = format!("{email} ");
    for identifier in [
        name,
        &name.to_uppercase(),
        &email,
        &email.to_lowercase(),
        &spaced,
    ] {
        let response = service.log_in(identifier, &ada.password).await?;
        response.assert_status(200);
    }
    Ok(())
}

#[tokio::test]
async fn unknown_wrong_and_disabled_get_the_same_response() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let known = service.registered("ada").await?;
    let disabled = service.registered("eve").await?;
    let tables = Tables::of(&service);
    tables
        .set_user(&disabled, "status", text("disabled"))
        .await?;
    let wrong = "not the password at all";
    let mut responses = Vec::new();
    for (name, password) in [
        (known.username.as_str(), wrong),
        ("nobody-of-that-name", &known.password),
        ("nobody@example.com", &known.password),
        ("no\u{202e}body", &known.password),
        ("", ""),
        (&known.username, &"x".repeat(2000)),
        (&disabled.username, &disabled.password),
        (&disabled.username, wrong),
    ] {
        let response = service.log_in(name, password).await?;
        response.assert_problem(401, "invalid_credentials");
        responses.push(anonymous(&response));
    }
    for response in &responses {
        assert_eq!(response, &responses[0]);
    }
    Ok(())
}

#[tokio::test]
async fn a_401_without_a_token_names_the_scheme_and_no_error() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let response = service.log_in("nobody", "x").await?;
    response.assert_problem(401, "invalid_credentials");
    assert_eq!(
        response.header("www-authenticate"),
        r#"Bearer realm="gatehouse""#
    );
    Ok(())
}

#[tokio::test]
async fn a_login_may_request_fewer_scopes_but_never_more() -> anyhow::Result<()> {
    let scopes = r#"{"*":[],"user":["read","write"]}"#;
    let service = Service::shared_with(&[("RoleScopes", scopes)]).await?;
    let ada = service.registered("ada").await?;
    let ask =
        |scope: &str| json!({ "username": ada.username, "password": PASSWORD, "scope": scope });
    let fewer = service.post("/login", &ask("read")).await?;
    fewer.assert_status(200);
    assert_eq!(fewer.member("scope"), "read");
    for more in ["admin", "read admin", "re\"ad"] {
        let response = service.post("/login", &ask(more)).await?;
        response.assert_problem(422, "invalid_scope");
    }
    // A correct password is logged, whatever happens after it.
    let logs = service.logs().await?;
    let reason = r#""reason":"invalid_scope""#;
    assert!(logs.iter().any(|line| line.contains(reason)));
    Ok(())
}

#[tokio::test]
async fn a_hash_of_older_parameters_is_replaced_at_login() -> anyhow::Result<()> {
    let older = Service::start_to_change("older").await?;
    let mut ada = older.registered("ada").await?;
    let newer = older.changed(&[("Argon2MemoryKib", "20480")]).await?;
    ada.log_in(&newer).await?;
    let items = Tables::of(&newer).scan("UsersTable").await?;
    let hashes: Vec<&String> = items
        .iter()
        .filter_map(|item| item.get("password_hash")?.as_s().ok())
        .collect();
    assert_eq!(hashes.len(), 1);
    assert!(hashes[0].starts_with("$argon2id$v=19$m=20480,t=2,p=1$"));
    ada.log_in(&newer).await
}

/// What a stranger can compare: everything except ids and times.
pub(crate) fn anonymous(response: &Response) -> (u16, Value, Vec<String>) {
    let mut body = response.json();
    for name in ["request_id", "instance"] {
        assert!(body[name].is_string(), "{body}");
        body[name] = Value::Null;
    }
    let mut headers: Vec<String> = response
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "apigw-requestid", "date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    // Two request ids may differ in length; nothing else may.
    headers.retain(|header| !header.starts_with("content-length"));
    (response.status, body, headers)
}

#[tokio::test]
async fn white_space_is_trimmed_around_a_name_but_not_around_a_password() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let name = unique("Trim");
    let email = format!("{name}@example.org");
    let password = " a long and winding passphrase ";
    let body = json!({
        "username": format!("\u{feff}{name} "),
        "email": format!(" {email}\r\n"),
        "password": password,
    });
    let registered = service.post("/register", &body).await?;
    registered.assert_status(201);
    assert_eq!(registered.member("username"), name);
    assert_eq!(
        registered.member("pending_email").to_lowercase(),
        email.to_lowercase()
    );
    for typed in [
        name.clone(),
        format!("{name} "),
        format!("\t{name}\u{3000}"),
        format!("\u{a0}{name}\u{feff}"),
    ] {
        let response = service.log_in(&typed, password).await?;
        response.assert_status(200);
    }
    let response = service.log_in(&name, password.trim()).await?;
    response.assert_status(401);
    let (first, rest) = name.split_at(2);
    let inside = format!("{first} {rest}");
    service.log_in(&inside, password).await?.assert_status(401);
    Ok(())
}

/// The client gets one response for all of them; the operator needs the reason.
#[tokio::test]
async fn each_reason_of_a_failed_login_is_logged() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let tables = Tables::of(&service);
    let people: Vec<Person> = {
        let people = (0..4).map(|_| service.registered("ada"));
        futures_util::future::try_join_all(people).await?
    };
    let [wrong, disabled, unusable, passwordless] = &people[..] else {
        anyhow::bail!("four people");
    };
    tables
        .set_user(disabled, "status", text("disabled"))
        .await?;
    let garbage = text("garbage");
    tables.set_user(unusable, "password_hash", garbage).await?;
    for attribute in ["password_hash", "password_changed_at"] {
        let nothing = AttributeValue::Null(true);
        tables.set_user(passwordless, attribute, nothing).await?;
    }
    let password = wrong.password.as_str();
    let mut expected = Vec::new();
    for (reason, name, password) in [
        ("unknown_user", "nobody-of-that-name", password),
        ("wrong_password", &wrong.username, "a wrong password"),
        ("disabled", &disabled.username, &disabled.password),
        ("unusable_hash", &unusable.username, password),
        ("no_password", &passwordless.username, password),
    ] {
        let response = service.log_in(name, password).await?.case(reason);
        response.assert_problem(401, "invalid_credentials");
        expected.push((reason, response.header("x-request-id").to_owned()));
    }
    let scope = json!({ "username": wrong.username, "password": password, "scope": "everything" });
    let response = service.post("/login", &scope).await?;
    response.assert_problem(422, "invalid_scope");
    expected.push(("invalid_scope", response.header("x-request-id").to_owned()));
    if is_deployed() {
        // The log has its own request ids there.
        return Ok(());
    }
    let logs = service.logs().await?;
    for (reason, id) in expected {
        let line = logs
            .iter()
            .find(|line| line.contains("login_failed") && line.contains(&id));
        let line: Value = serde_json::from_str(line.map_or("null", String::as_str))?;
        assert_eq!(line["reason"], reason, "{line}");
        assert_eq!(line["outcome"], "failure", "{line}");
        assert!(line["ip"].is_string(), "{line}");
    }
    Ok(())
}
