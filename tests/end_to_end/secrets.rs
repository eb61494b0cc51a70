//! Nothing secret reaches a log.

use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::person::unique;
use gatehouse_tests::power::{administrator, recover};
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "canary of a passphrase 7Qz";
const WRONG_PASSWORD: &str = "canary-wrong-password";
const NEW_PASSWORD: &str = "canary of another passphrase 8Qz";

#[tokio::test]
async fn no_password_token_hash_or_address_is_ever_logged() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        options.parameters.insert("LogLevel".into(), "debug".into());
    })
    .await?;
    let email = format!("{}@example.com", unique("canary.address"));
    let tokens = use_every_route(&service, &email).await?;
    let mut secrets: Vec<String> = [PASSWORD, WRONG_PASSWORD, NEW_PASSWORD, &email]
        .map(str::to_owned)
        .into();
    // Signatures and MACs on their own are as good as the tokens.
    secrets.extend(
        tokens
            .iter()
            .map(|token| token[token.len() - 40..].to_owned()),
    );
    secrets.extend(tokens);
    for item in Tables::of(&service).scan("UsersTable").await? {
        secrets.extend(
            item.get("password_hash")
                .and_then(|hash| hash.as_s().ok())
                .cloned(),
        );
    }
    let ring = service.key_ring().await?;
    secrets.extend(private_members(&serde_json::from_str(&ring)?));
    assert!(secrets.len() >= 14, "{} canaries", secrets.len());

    let logs = service.logs().await?;
    for event in [
        "login_succeeded",
        "login_failed",
        "authorization_denied",
        "logged_out",
        "password_changed",
        "role_changed",
        "client_refused",
    ] {
        assert!(
            logs.iter().any(|line| line.contains(event)),
            "{event} is in the logs"
        );
    }
    for line in &logs {
        let shown: String = line.chars().take(60).collect();
        assert!(
            !secrets.iter().any(|secret| line.contains(secret.as_str())),
            "a secret in {shown}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_not_quoted() -> anyhow::Result<()> {
    let service = Service::start().await?;
    for event in [
        json!({ "type": "REQUEST", "version": "2.0", "headers": "Bearer canary-token" }),
        json!({ "type": "REQUEST", "requestContext": "canary-token" }),
        json!("canary-token"),
    ] {
        let event = event.to_string();
        let answer = service.invoke("authorizer", event.as_bytes()).await?;
        let error = answer.expect_err("no authorizer event");
        assert!(!error.contains("canary"), "{error}");
        let answer = service.invoke("protected", event.as_bytes()).await?;
        assert!(answer.is_ok_and(|answer| !answer.is_empty()));
    }
    let logs = service.logs().await?;
    assert!(
        logs.iter().any(|line| line.contains("UnknownEvent")),
        "{logs:?}"
    );
    assert!(!logs.iter().any(|line| line.contains("canary")), "{logs:?}");
    Ok(())
}

#[tokio::test]
async fn a_hostile_text_stays_inside_one_json_line() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let agent = "agent {\"level\":\"error\"} \u{2028}";
    let request = service
        .request(reqwest::Method::POST, "/login")
        .header("user-agent", agent.as_bytes())
        .json(&json!({ "username": "a\r\n{\"level\":\"error\"}\u{1b}[31m", "password": "x" }));
    assert_eq!(service.send(request).await?.status, 401);
    let logs = service.logs().await?;
    assert!(logs.iter().any(|line| line.contains("login_failed")));
    for line in logs {
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "{line}");
    }
    Ok(())
}

/// Sends canaries through every route, well and badly, and returns the tokens it got.
async fn use_every_route(service: &Service, email: &str) -> anyhow::Result<Vec<String>> {
    let name = unique("canary-name");
    let newcomer = json!({ "username": name, "password": PASSWORD, "email": email });
    assert_eq!(service.post("/register", &newcomer).await?.status, 201);
    let mut person = Person {
        username: email.to_owned(),
        password: PASSWORD.to_owned(),
        id: String::new(),
        access_token: String::new(),
        refresh_token: String::new(),
    };
    person.log_in(service).await?;
    let next = service.refresh(&person.refresh_token).await?;
    for (path, body) in [
        (
            "/login",
            json!({ "username": email, "password": WRONG_PASSWORD }),
        ),
        ("/login", json!({ "password": WRONG_PASSWORD })),
        ("/register", newcomer),
        (
            "/register",
            json!({ "username": "a@b", "password": PASSWORD, "email": email }),
        ),
        (
            "/refresh",
            json!({ "refresh_token": &person.refresh_token[..60] }),
        ),
        ("/revoke", json!({ "token": &person.access_token[..60] })),
    ] {
        service.post(path, &body).await?;
    }
    let mut tokens = manage_the_account(service, &mut person).await?;
    service.get_as(&person.access_token, "/protected").await?;
    service
        .get_as(&format!("{}x", person.access_token), "/protected")
        .await?;
    service
        .post_as(&person.access_token, "/logout", &json!({}))
        .await?;
    service.refresh(&next.member("refresh_token")).await?;
    tokens.extend([
        person.access_token,
        person.refresh_token,
        next.member("access_token"),
        next.member("refresh_token"),
    ]);
    Ok(tokens)
}

/// The routes of `account` and `admin`; a recovery code is as good as a token.
async fn manage_the_account(service: &Service, person: &mut Person) -> anyhow::Result<Vec<String>> {
    let admin = administrator(service).await?;
    person.id = service
        .get_as(&person.access_token, "/me")
        .await?
        .member("id");
    let mut tokens = vec![person.access_token.clone(), person.refresh_token.clone()];
    for path in ["/sessions", "/me/export"] {
        assert_eq!(
            service.get_as(&person.access_token, path).await?.status,
            200
        );
    }
    for current in [WRONG_PASSWORD, PASSWORD] {
        let body = json!({ "current_password": current, "new_password": NEW_PASSWORD });
        let (token, path) = (&person.access_token, "/me/password");
        service.call_as(token, Method::PUT, path, &body).await?;
    }
    let code = recover(service, person, 0).await?;
    for code in [&code[..60], &code] {
        let body = json!({ "code": code, "new_password": PASSWORD });
        service.post("/password/reset", &body).await?;
    }
    tokens.push(code);
    person.log_in(service).await?;
    let introspect = json!({ "token": person.access_token });
    let (token, path) = (&admin.access_token, format!("/admin/users/{}", person.id));
    let introspected = service.post_as(token, "/introspect", &introspect).await?;
    assert_eq!(introspected.status, 200);
    tokens.push(introspect_as_clients(service, &person.access_token).await?);
    for path in ["/admin/users", "/admin/users?username=canary-name", &path] {
        assert_eq!(service.get_as(token, path).await?.status, 200);
    }
    let roles = json!({ "roles": ["user", "editor"] });
    service.call_as(token, Method::PATCH, &path, &roles).await?;
    let body = json!({ "password": WRONG_PASSWORD });
    person.log_in(service).await?;
    let token = &person.access_token;
    let refused = service.call_as(token, Method::DELETE, "/me", &body).await?;
    assert_eq!(refused.status, 401);
    Ok(tokens)
}

/// Sends a client secret in every place where one may stand, and returns it.
async fn introspect_as_clients(service: &Service, token: &str) -> anyhow::Result<String> {
    let ResourceServer { id, secret } = ResourceServer::register(service).await?;
    let form = [("token", token)];
    for (id, secret, status) in [
        (&id, &secret, 200),
        (&secret, &secret, 401),
        (&secret, &id, 401),
        (&id, &format!("{secret}x"), 401),
    ] {
        let request = service.request(Method::POST, "/introspect").form(&form);
        let answer = service.send(request.basic_auth(id, Some(secret))).await?;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let form = [
        ("token", &secret),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    let request = service.request(Method::POST, "/introspect").form(&form);
    assert_eq!(service.send(request).await?.status, 401);
    Ok(secret)
}

/// The private members of a key ring's keys, wherever they stand.
fn private_members(value: &Value) -> Vec<String> {
    if let Some(members) = value.as_object() {
        let private = |name: &str| ["d", "k", "p", "q"].contains(&name);
        return members
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if private(name) => vec![text.to_owned()],
                _ => private_members(value),
            })
            .collect();
    }
    value
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(private_members)
        .collect()
}
