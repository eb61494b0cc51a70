//! The client's address behind a proxy is the same in every audit line.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::service::{CLIENT_ADDRESS, CLIENT_ADDRESS_HEADER, parameters};
use reqwest::Method;
use serde_json::{Value, json};

const SECRET_HEADER: &str = "x-gatehouse-proxy-secret";

#[tokio::test]
async fn the_audit_lines_of_every_function_have_the_clients_address() -> anyhow::Result<()> {
    let service = behind_a_proxy(&[("ClientAddress", CLIENT_ADDRESS)]).await?;
    drive(&service).await?;
    let mut functions = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for line in lines(&service, "event").await? {
        // The authorizer's span is the runtime's, which does not name the function.
        let function = line["span"]["function"].as_str().unwrap_or("authorizer");
        functions.insert(function.to_owned());
        addresses.insert(line["ip"].to_string());
    }
    let expected = [
        "account",
        "admin",
        "authorizer",
        "login",
        "logout",
        "protected",
        "refresh",
        "register",
    ];
    for function in expected {
        assert!(functions.contains(function), "{function}: {functions:?}");
    }
    assert_eq!(addresses.len(), 1, "{addresses:?}");
    assert!(!addresses.contains(r#""127.0.0.1""#), "the proxy's address");
    let unreadable = lines(&service, "client_address_unreadable").await?;
    assert!(unreadable.is_empty(), "{unreadable:?}");
    Ok(())
}

#[tokio::test]
async fn each_mode_reads_what_its_proxy_writes() -> anyhow::Result<()> {
    for (mode, header, value, address) in [
        ("connection", "x-forwarded-for", "203.0.113.5", "127.0.0.1"),
        (
            "cloudfront",
            "cloudfront-viewer-address",
            "2001:db8::5:46532",
            "2001:db8::5",
        ),
        (
            "forwarded:1",
            "x-forwarded-for",
            "198.51.100.1, 203.0.113.5",
            "203.0.113.5",
        ),
    ] {
        let service = behind_a_proxy(&[("ClientAddress", mode)]).await?;
        try_to_log_in(&service, &[(header, value)]).await?;
        assert_eq!(logged_addresses(&service).await?, [address], "{mode}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unreadable_address_is_counted_and_never_guessed() -> anyhow::Result<()> {
    let service = behind_a_proxy(&[("ClientAddress", "cloudfront")]).await?;
    for value in ["203.0.113.5", "203.0.113.5:443, 203.0.113.6:443"] {
        try_to_log_in(&service, &[("cloudfront-viewer-address", value)]).await?;
    }
    assert_eq!(
        logged_addresses(&service).await?,
        ["127.0.0.1", "127.0.0.1"]
    );
    let counts = lines(&service, "client_address_unreadable").await?;
    assert_eq!(counts.len(), 2, "{counts:?}");
    let warnings = lines(&service, "client_address").await?;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["reason"], "malformed");
    assert!(!warnings[0].to_string().contains("203.0.113"));
    Ok(())
}

#[tokio::test]
async fn a_request_that_bypasses_the_proxy_is_identified_by_its_connection() -> anyhow::Result<()> {
    let (secret, digest) = secret_as_documented()?;
    let service = behind_a_proxy(&[
        ("ClientAddress", CLIENT_ADDRESS),
        ("ProxySecretSha256", &digest),
    ])
    .await?;
    let claim = (CLIENT_ADDRESS_HEADER, "203.0.113.5");
    try_to_log_in(&service, &[claim]).await?;
    try_to_log_in(&service, &[claim, (SECRET_HEADER, "a guess")]).await?;
    try_to_log_in(&service, &[claim, (SECRET_HEADER, &secret)]).await?;
    let logged = logged_addresses(&service).await?;
    assert_eq!(logged, ["127.0.0.1", "127.0.0.1", "203.0.113.5"]);
    assert_eq!(lines(&service, "direct_request").await?.len(), 2);
    for line in service.logs().await? {
        assert!(!line.contains(&secret) && !line.contains("a guess"));
    }
    Ok(())
}

/// A secret and its digest, from the commands in `docs/deploying.md`.
fn secret_as_documented() -> anyhow::Result<(String, String)> {
    let commands = r#"
        secret=$(openssl rand -hex 32)
        printf %s "$secret" | sha256sum
        echo "$secret"
    "#;
    let output = Command::new("sh").args(["-ec", commands]).output()?;
    ensure!(output.status.success(), "the commands failed");
    let output = String::from_utf8(output.stdout)?;
    let (digest, secret) = output.split_once('\n').context("one line")?;
    let digest = digest.split(' ').next().context("no digest")?;
    Ok((secret.trim().to_owned(), digest.to_owned()))
}

async fn try_to_log_in(service: &Service, headers: &[(&str, &str)]) -> anyhow::Result<()> {
    let nobody = json!({ "username": "nobody-here", "password": "any password" });
    let mut request = service.request(Method::POST, "/login").json(&nobody);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = service.send(request).await?;
    response.assert_problem(401, "invalid_credentials");
    Ok(())
}

/// The addresses in the audit lines of failed logins, in order.
async fn logged_addresses(service: &Service) -> anyhow::Result<Vec<String>> {
    let lines = lines(service, "event").await?.into_iter();
    let failed = lines.filter(|line| line["event"] == "login_failed");
    Ok(failed
        .map(|line| line["ip"].as_str().unwrap_or_default().to_owned())
        .collect())
}

/// Makes every function write an audit line.
async fn drive(service: &Service) -> anyhow::Result<()> {
    let admin = service.administrator("grace").await?;
    let mut ada = service.logged_in("ada").await?;
    // The authorizer refuses, and so do the routes for administrators.
    service.get_as("no.valid.token", "/protected").await?;
    ada.lacks_the_role_for(service, "/admin").await?;
    ada.lacks_the_role_for(service, "/admin/users").await?;
    service.log_in(&ada.username, "a wrong password").await?;
    ada.refreshes(service).await?;
    let path = format!("/admin/users/{}", ada.id);
    let roles = json!({ "roles": ["user", "admin"] });
    admin.call(service, Method::PATCH, &path, &roles).await?;
    ada.log_in(service).await?;
    let revoked = json!({ "token": ada.refresh_token });
    service.post("/revoke", &revoked).await?;
    ada.log_in(service).await?;
    let session = format!("/sessions/{}", ada.session());
    ada.log_in(service).await?;
    let none = json!({});
    ada.call(service, Method::DELETE, &session, &none).await?;
    ada.log_in(service).await?;
    ada.logs_out(service, "local").await
}

async fn behind_a_proxy(pairs: &[(&str, &str)]) -> anyhow::Result<Service> {
    Service::start_locally(|options| options.parameters = parameters(pairs)).await
}

/// The log lines that have a member with this name.
async fn lines(service: &Service, member: &str) -> anyhow::Result<Vec<Value>> {
    let logs = service.logs().await?;
    let lines = logs
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    let lines = lines.filter(|line: &Value| line.get(member).is_some());
    Ok(lines.collect())
}
