//! Nothing secret reaches a log.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::code_in;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "canary of a passphrase 7Qz";
const WRONG_PASSWORD: &str = "canary-wrong-password";
const NEW_PASSWORD: &str = "canary of another passphrase 8Qz";

#[tokio::test]
async fn no_password_token_hash_or_address_is_ever_logged() -> anyhow::Result<()> {
    let service = Service::shared_with(&[("LogLevel", "debug")]).await?;
    let email = format!("{}@example.com", unique("canary.address"));
    let tokens = use_every_route(&service, &email).await?;
    let mut secrets: Vec<String> = [PASSWORD, WRONG_PASSWORD, NEW_PASSWORD, &email]
        .map(str::to_owned)
        .into();
    // A signature or a MAC is as sensitive as its token.
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
    assert!(secrets.len() >= 16, "{} canaries", secrets.len());

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
    let mailed = logs.iter().any(|line| line.contains("mail_sent"));
    assert!(mailed || is_deployed(), "the mailer's log is searched, too");
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
async fn an_unreadable_event_is_not_quoted() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for event in [
        json!({ "type": "REQUEST", "version": "2.0", "headers": "Bearer canary-token" }),
        json!({ "type": "REQUEST", "requestContext": "canary-token" }),
        json!("canary-token"),
    ] {
        let event = event.to_string();
        let response = service.invoke("authorizer", event.as_bytes()).await?;
        let error = response.expect_err("no authorizer event");
        assert!(!error.contains("canary"), "{error}");
        let response = service.invoke("protected", event.as_bytes()).await?;
        assert!(response.is_ok_and(|response| !response.is_empty()));
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
async fn hostile_text_stays_inside_one_json_line() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let agent = "agent {\"level\":\"error\"} \u{2028}";
    let request = service
        .request(Method::POST, "/login")
        .header("user-agent", agent.as_bytes())
        .json(&json!({ "username": "a\r\n{\"level\":\"error\"}\u{1b}[31m", "password": "x" }));
    service.send(request).await?.assert_status(401);
    let logs = service.logs().await?;
    assert!(logs.iter().any(|line| line.contains("login_failed")));
    for line in logs {
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "{line}");
    }
    Ok(())
}

/// Sends canaries through every route, in valid and invalid requests, and returns the
/// tokens in the responses.
async fn use_every_route(service: &Service, email: &str) -> anyhow::Result<Vec<String>> {
    let mut person = Person::named("canary-name").with_email(email.to_owned());
    PASSWORD.clone_into(&mut person.password);
    let mut person = person.is_imported(service).await?;
    let newcomer = json!({ "username": person.username, "password": PASSWORD, "email": email });
    email.clone_into(&mut person.username);
    person.log_in(service).await?;
    let next = person.refreshes(service).await?;
    let (access, refresh) = (&person.access_token[..60], &person.refresh_token[..60]);
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
        ("/refresh", json!({ "refresh_token": refresh })),
        ("/revoke", json!({ "token": access })),
    ] {
        service.post(path, &body).await?;
    }
    let mut tokens = manage_the_account(service, &mut person).await?;
    person.is_let_in(service).await?;
    let longer = format!("{}x", person.access_token);
    service.get_as(&longer, "/protected").await?;
    person.logs_out(service, "local").await?;
    next.cannot_refresh(service).await?;
    for person in [person, next] {
        tokens.extend([person.access_token, person.refresh_token]);
    }
    Ok(tokens)
}

/// The routes of `account` and `admin`; a recovery code is as sensitive as a token.
async fn manage_the_account(service: &Service, person: &mut Person) -> anyhow::Result<Vec<String>> {
    let admin = service.administrator("grace").await?;
    let mut tokens = vec![person.access_token.clone(), person.refresh_token.clone()];
    for path in ["/sessions", "/me/export"] {
        person.is_let_in_at(service, path).await?;
    }
    for current in [WRONG_PASSWORD, PASSWORD] {
        let body = json!({ "current_password": current, "new_password": NEW_PASSWORD });
        let path = "/me/password";
        person.call(service, Method::PUT, path, &body).await?;
    }
    let code = person.recovery_code(service).await?;
    for code in [&code[..60], &code] {
        service.reset_password(code, PASSWORD).await?;
    }
    tokens.push(code);
    person.log_in(service).await?;
    tokens.extend(forget_the_password(service, (&admin, person)).await?);
    let introspect = json!({ "token": person.access_token });
    let response = admin.post(service, "/introspect", &introspect).await?;
    response.assert_status(200);
    tokens.push(introspect_as_clients(service, &person.access_token).await?);
    let path = format!("/admin/users/{}", person.id);
    for path in ["/admin/users", "/admin/users?username=canary-name", &path] {
        admin.is_let_in_at(service, path).await?;
    }
    let roles = json!({ "roles": ["user", "admin"] });
    admin.call(service, Method::PATCH, &path, &roles).await?;
    let body = json!({ "password": WRONG_PASSWORD });
    person.log_in(service).await?;
    let response = person.call(service, Method::DELETE, "/me", &body).await?;
    response.assert_status(401);
    Ok(tokens)
}

/// Has a code mailed and uses it, and returns it. A deployed stack mails it, too, but nobody
/// reads it there.
async fn forget_the_password(
    service: &Service,
    (admin, person): (&Person, &mut Person),
) -> anyhow::Result<Vec<String>> {
    let Some(email) = person.email.clone() else {
        return Ok(Vec::new());
    };
    // Held, so that it gets a code.
    let path = format!("/admin/users/{}", person.id);
    let held = json!({ "email": email });
    let held = admin.call(service, Method::PATCH, &path, &held).await?;
    held.assert_status(200);
    let body = json!({ "username": email });
    let forgotten = service.post("/password/forgot", &body).await?;
    forgotten.assert_status(202);
    if is_deployed() {
        return Ok(Vec::new());
    }
    let code = code_in(&service.mail_to(&email).await?)?;
    let reset = service.reset_password(&code, PASSWORD).await?;
    reset.assert_no_content();
    // The notice of it.
    assert_eq!(code_in(&service.mail_to(&email).await?).ok(), None);
    person.log_in(service).await?;
    Ok(vec![code])
}

/// Sends a client secret everywhere that one can be, and returns it.
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
        let response = service.send(request.basic_auth(id, Some(secret))).await?;
        response.assert_status(status);
    }
    let form = [
        ("token", &secret),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    let request = service.request(Method::POST, "/introspect").form(&form);
    service.send(request).await?.assert_status(401);
    Ok(secret)
}

/// The private members of a key ring's keys, at any depth.
fn private_members(value: &Value) -> Vec<String> {
    if let Some(members) = value.as_object() {
        return members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("k", Some(text)) => vec![text.to_owned()],
                ("pkcs8", Some(text)) => {
                    let number = private_number(text);
                    number.into_iter().chain([text.to_owned()]).collect()
                }
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

/// The private number of an elliptic key in base64url, as the `d` of a JWK shows it.
fn private_number(pkcs8: &str) -> Option<String> {
    let der = STANDARD.decode(pkcs8).ok()?;
    let octets = der.windows(2).position(|bytes| bytes == [4, 32])?;
    der.get(octets + 2..octets + 34)
        .map(|number| URL_SAFE_NO_PAD.encode(number))
}
