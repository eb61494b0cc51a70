//! `POST /login`.

use gatehouse_tests::person::unique;
use gatehouse_tests::{Answer, Person, Service};
use serde_json::{Value, json};

#[tokio::test]
async fn a_login_gives_tokens_by_their_rfc_6749_names() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::register(&service).await?;
    let body = json!({ "username": person.username, "password": person.password });
    let answer = service.post("/login", &body).await?;
    assert_eq!(answer.header("cache-control"), "no-store");
    insta::assert_json_snapshot!(answer.json(), { ".access_token" => "[token]", ".refresh_token" => "[token]" }, @r#"
    {
      "access_token": "[token]",
      "expires_in": 900,
      "refresh_expires_in": 1209600,
      "refresh_token": "[token]",
      "scope": "profile",
      "token_type": "Bearer"
    }
    "#);
    assert!(answer.member("refresh_token").starts_with("gh_rt_"));
    assert_eq!(answer.member("refresh_token").len(), 109);
    Ok(())
}

#[tokio::test]
async fn the_address_logs_in_as_the_name_does() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let password = "a long and winding passphrase";
    let name = unique("ada");
    let email = format!("Big.{name}@EXAMPLE.com");
    let body = json!({ "username": name, "password": password, "email": email });
    assert_eq!(service.post("/register", &body).await?.status, 201);
    for identifier in [&name, &name.to_uppercase(), &email, &email.to_lowercase()] {
        let body = json!({ "username": identifier, "password": password });
        assert_eq!(
            service.post("/login", &body).await?.status,
            200,
            "{identifier}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn unknown_wrong_and_disabled_are_one_answer() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let known = Person::register(&service).await?;
    let disabled = Person::register(&service).await?;
    let tables = gatehouse_tests::tables::Tables::of(&service);
    let status = aws_sdk_dynamodb::types::AttributeValue::S("disabled".into());
    tables
        .set(
            "UsersTable",
            ("pk", &format!("user#{}", disabled.id)),
            "status",
            status,
        )
        .await?;
    let attempts = [
        json!({ "username": known.username, "password": "not the password at all" }),
        json!({ "username": "nobody-of-that-name", "password": known.password }),
        json!({ "username": "nobody@example.com", "password": known.password }),
        json!({ "username": "no\u{202e}body", "password": known.password }),
        json!({ "username": "", "password": "" }),
        json!({ "username": known.username, "password": "x".repeat(2000) }),
        json!({ "username": disabled.username, "password": disabled.password }),
        json!({ "username": disabled.username, "password": "not the password at all" }),
    ];
    let mut answers = Vec::new();
    for attempt in &attempts {
        answers.push(anonymous(&service.post("/login", attempt).await?));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(answers[0].0, 401);
    assert_eq!(answers[0].1["code"], "invalid_credentials");
    Ok(())
}

#[tokio::test]
async fn a_401_names_the_scheme_and_no_error_where_no_token_was() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let answer = service
        .post("/login", &json!({ "username": "nobody", "password": "x" }))
        .await?;
    assert_eq!(
        answer.header("www-authenticate"),
        r#"Bearer realm="gatehouse""#
    );
    Ok(())
}

#[tokio::test]
async fn a_login_may_ask_for_fewer_scopes_and_never_for_more() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        let scopes = r#"{"user":["read","write"]}"#;
        options
            .parameters
            .insert("RoleScopes".into(), scopes.into());
    })
    .await?;
    let person = Person::register(&service).await?;
    let ask = |scope: &str| json!({ "username": person.username, "password": person.password, "scope": scope });
    let fewer = service.post("/login", &ask("read")).await?;
    assert_eq!(
        (fewer.status, fewer.member("scope").as_str()),
        (200, "read")
    );
    for more in ["admin", "read admin", "re\"ad"] {
        let answer = service.post("/login", &ask(more)).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "invalid_scope"),
            "{more}"
        );
    }
    // A right password is a matter for the log, whatever comes after it.
    let logs = service.logs().await?;
    assert!(
        logs.iter()
            .any(|line| line.contains(r#""reason":"invalid_scope""#))
    );
    Ok(())
}

#[tokio::test]
async fn a_hash_of_older_parameters_is_replaced_at_login() -> anyhow::Result<()> {
    let older = Service::start_to_change("older").await?;
    let mut person = Person::register(&older).await?;
    let newer = older.changed(&[("Argon2MemoryKib", "20480")]).await?;
    let tables = gatehouse_tests::tables::Tables::of(&newer);
    person.log_in(&newer).await?;
    let items = tables.scan("UsersTable").await?;
    let hashes: Vec<&String> = items
        .iter()
        .filter_map(|item| item.get("password_hash")?.as_s().ok())
        .collect();
    assert_eq!(hashes.len(), 1);
    assert!(hashes[0].starts_with("$argon2id$v=19$m=20480,t=2,p=1$"));
    person.log_in(&newer).await
}

/// What a stranger can compare: status, headers but their ids, body but its ids.
pub(crate) fn anonymous(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.json();
    for name in ["request_id", "instance"] {
        assert!(body[name].is_string(), "{body}");
        body[name] = Value::Null;
    }
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "apigw-requestid", "date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    // Two request ids may differ in length, and nothing else.
    headers.retain(|header| !header.starts_with("content-length"));
    (answer.status, body, headers)
}

#[tokio::test]
async fn white_space_around_a_name_is_trimmed_and_around_a_password_it_is_not() -> anyhow::Result<()>
{
    let service = Service::start().await?;
    let name = unique("Trim");
    let email = format!("{name}@example.org");
    let password = " a long and winding passphrase ";
    let body = json!({
        "username": format!("\u{feff}{name} "),
        "email": format!(" {email}\r\n"),
        "password": password,
    });
    let registered = service.post("/register", &body).await?;
    assert_eq!(registered.status, 201);
    assert_eq!(registered.member("username"), name);
    assert_eq!(
        registered.member("email").to_lowercase(),
        email.to_lowercase()
    );
    let log_in = async |name: &str, password: &str| {
        let body = json!({ "username": name, "password": password });
        service.post("/login", &body).await
    };
    for typed in [
        name.clone(),
        format!("{name} "),
        format!("\t{name}\u{3000}"),
        format!("\u{a0}{name}\u{feff}"),
        format!("{email} "),
    ] {
        assert_eq!(log_in(&typed, password).await?.status, 200, "{typed:?}");
    }
    assert_eq!(log_in(&name, password.trim()).await?.status, 401);
    let (first, rest) = name.split_at(2);
    let inside = format!("{first} {rest}");
    assert_eq!(log_in(&inside, password).await?.status, 401);
    Ok(())
}
