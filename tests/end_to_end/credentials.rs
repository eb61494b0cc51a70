//! Credentials in the wrong place: those of one kind where another is expected, what the tables
//! hold, and addresses in tokens.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::template::Template;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::every_endpoint::{AUTHENTICATING, PROTECTED};

#[tokio::test]
async fn a_credential_of_one_kind_opens_nothing_that_takes_another() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let client = ResourceServer::register(&service).await?;
    let recovery = admin.recovery_code(&service).await?;
    let sub = SubjectId::parse(&admin.id)?;
    let code = |kind| MailCode::mint(kind, &sub, [7; 32]);
    for (kind, credential) in [
        ("an access token", admin.access_token.clone()),
        ("a refresh token", admin.refresh_token.clone()),
        ("a recovery code", recovery.clone()),
        (
            "a verification code",
            code(CodeKind::Verification)?.expose().to_owned(),
        ),
        (
            "a cancellation code",
            code(CodeKind::Cancellation)?.expose().to_owned(),
        ),
        ("a client's secret", client.secret.clone()),
        ("a password", admin.password.clone()),
        ("a user's id", admin.id.clone()),
        ("a session's id", admin.session()),
        ("a token's id", admin.claim("jti")),
    ] {
        for (place, response) in everywhere(&service, &admin, &client, &credential).await? {
            refused(place, &response.case(format!("{kind} {place}")));
        }
    }
    // Each is valid where it belongs.
    admin.is_let_in(&service).await?;
    admin.refreshes(&service).await?;
    let response = introspect(&service, &client.id, &client.secret, &admin).await?;
    response.assert_status(200);
    let reset = service.reset_password(&recovery, "another passphrase of mine");
    reset.await?.assert_no_content();
    Ok(())
}

/// Presents a credential in every place that takes one, unless it belongs there. Returns the
/// places and the responses.
async fn everywhere(
    service: &Service,
    admin: &Person,
    client: &ResourceServer,
    credential: &str,
) -> anyhow::Result<Vec<(&'static str, Response)>> {
    let mut responses = Vec::new();
    if credential != admin.access_token {
        for (method, path) in PROTECTED.into_iter().chain(AUTHENTICATING) {
            let request = service.request(method.parse()?, path);
            let request = request.header("authorization", format!("Bearer {credential}"));
            let request = request.form(&[("token", &admin.access_token)]);
            responses.push((BEARER, service.send(request).await?));
        }
    }
    if credential != admin.refresh_token {
        let response = service.refresh(credential).await?;
        responses.push(("as a refresh token", response));
    }
    if credential != admin.access_token && credential != admin.refresh_token {
        // RFC 7009 section 2.2: an invalid token is a 200, and ends nothing.
        let body = json!({ "token": credential });
        service.post("/revoke", &body).await?.assert_status(200);
    }
    if credential != client.secret {
        let response = introspect(service, &client.id, credential, admin).await?;
        responses.push(("as a client's secret", response));
    }
    if !credential.starts_with(CodeKind::Recovery.prefix()) {
        let response = service.reset_password(credential, "another passphrase of mine");
        responses.push((CODE, response.await?));
    }
    // The codes of the right kind were never mailed.
    let proof = json!({ "code": credential, "password": admin.password });
    responses.push((CODE, service.post("/email/verify", &proof).await?));
    let code = json!({ "code": credential });
    responses.push((CODE, service.post("/email/cancel", &code).await?));
    if credential != admin.password {
        let response = service.log_in(&admin.username, credential).await?;
        responses.push(("as a password", response));
    }
    Ok(responses)
}

const BEARER: &str = "as a bearer token";
const CODE: &str = "as a code";

#[track_caller]
fn refused(place: &str, response: &Response) {
    let statuses: &[u16] = match place {
        BEARER => &[401, 403],
        "as a password" => &[401, 429],
        "as a client's secret" => &[401],
        _ => &[400],
    };
    assert!(statuses.contains(&response.status), "{response}");
}

/// Introspects a person's access token as a client.
async fn introspect(
    service: &Service,
    id: &str,
    secret: &str,
    person: &Person,
) -> anyhow::Result<Response> {
    let request = service.request(Method::POST, "/introspect");
    let request = request.basic_auth(id, Some(secret));
    service
        .send(request.form(&[("token", &person.access_token)]))
        .await
}

#[tokio::test]
async fn nothing_in_the_tables_is_a_credential() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let ada = service.logged_in("ada").await?;
    let ada = ada.refreshes(&service).await?;
    service.administrator("grace").await?;
    let code = ada.recovery_code(&service).await?;
    let client = ResourceServer::register(&service).await?;
    let name = json!({ "username": ada.username });
    service
        .post("/password/forgot", &name)
        .await?
        .assert_status(202);

    let mut stored = BTreeSet::new();
    for (table, _) in Template::read()?.resources("AWS::DynamoDB::Table") {
        for item in Tables::of(&service).scan(table).await? {
            for value in item.values() {
                collect(value, &mut stored);
            }
        }
    }
    assert!(stored.len() > 40, "{stored:?}");
    for secret in [
        &ada.access_token,
        &ada.refresh_token,
        &ada.password,
        &code,
        &client.secret,
    ] {
        assert!(!stored.contains(secret), "a credential is stored as it is");
    }
    for text in &stored {
        let shown: String = text.chars().take(30).collect();
        let refused = |response: &Response, statuses: &[u16]| {
            assert!(statuses.contains(&response.status), "{shown}: {response}");
        };
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let response = service.get_as(text, "/protected").await?;
            refused(&response, &[403]);
        }
        refused(&service.refresh(text).await?, &[400]);
        let new = "another passphrase of mine";
        refused(&service.reset_password(text, new).await?, &[400, 429]);
        let response = service.log_in(&ada.username, text).await?;
        refused(&response, &[401, 429]);
        let response = introspect(&service, &client.id, text, &ada).await?;
        refused(&response, &[401]);
    }
    ada.is_let_in(&service).await
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an enum of the SDK, to which it may add"
)]
/// Collects the texts of an attribute, and the parts that a key consists of.
fn collect(value: &AttributeValue, found: &mut BTreeSet<String>) {
    match value {
        AttributeValue::S(text) => {
            found.insert(text.clone());
            found.extend(text.split('#').map(str::to_owned));
            // What is stored as JSON.
            if let Ok(json) = serde_json::from_str::<Value>(text) {
                collect_json(&json, found);
            }
        }
        AttributeValue::Ss(texts) => found.extend(texts.iter().cloned()),
        AttributeValue::L(values) => values.iter().for_each(|value| collect(value, found)),
        AttributeValue::M(members) => members.values().for_each(|value| collect(value, found)),
        _ => {}
    }
    found.remove("");
}

fn collect_json(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| collect_json(value, found)),
        Value::Object(members) => members
            .values()
            .for_each(|value| collect_json(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whoever fetches what a token names can be sent anywhere, and believes its keys.
#[tokio::test]
async fn no_address_in_a_header_is_ever_fetched() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let attacker = format!("http://{}/keys", listener.local_addr()?);
    let parts: Vec<&str> = ada.access_token.split('.').collect();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0])?)?;
    for (name, value) in [
        ("jku", json!(attacker)),
        ("x5u", json!(attacker)),
        ("kid", json!(attacker)),
        ("iss", json!(attacker)),
        ("jwk", json!({ "kty": "EC", "x5u": attacker })),
        ("x5c", json!([attacker])),
    ] {
        let mut header = header.clone();
        header[name] = value;
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let token = format!("{header}.{}.{}", parts[1], parts[2]);
        let response = service.get_as(&token, "/protected").await?.case(name);
        response.assert_from_gateway(403, "Forbidden");
        let request = service.request(Method::POST, "/introspect");
        let request = request.bearer_auth(&token).form(&[("token", &token)]);
        service.send(request).await?.case(name).assert_status(401);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let fetched = listener.accept();
    assert!(fetched.is_err(), "something connected: {fetched:?}");
    ada.is_let_in(&service).await
}
