//! Guessing passwords gets slower, for known and unknown names alike.

use futures_util::future::join_all;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::service::{CLIENT_ADDRESS, CLIENT_ADDRESS_HEADER, address, parameters};
use gatehouse_tests::tables::{Item, Tables, number, text};
use gatehouse_tests::{Response, Service};
use reqwest::Method;
use serde_json::json;

const WRONG: &str = "a wrong password";

/// A time that no test reaches.
const NEVER: i64 = 9_000_000_000;

async fn log_in_from(
    service: &Service,
    address: &str,
    name: &str,
    password: &str,
) -> anyhow::Result<Response> {
    let body = json!({ "username": name, "password": password });
    let request = service.request(Method::POST, "/login");
    let request = request.header(CLIENT_ADDRESS_HEADER, address);
    service.send(request.json(&body)).await
}

/// Fills the lane of an address.
async fn fill_address(service: &Service, address: &str) -> anyhow::Result<()> {
    let full = Item::from([
        ("pk".to_owned(), text(&format!("ip#{address}"))),
        ("tat".to_owned(), number(NEVER)),
        ("expires_at".to_owned(), number(NEVER)),
    ]);
    let tables = Tables::of(service);
    tables.put("LoginAttemptsTable", full).await
}

/// The key of the counter of failed logins with a name.
fn counter(name: &str) -> String {
    format!("id#{}", LoginIdentifier::parse(name).digest())
}

#[tokio::test]
async fn after_too_many_wrong_passwords_known_and_unknown_names_are_both_throttled()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let (stranger, elsewhere) = (address()?, address()?);
    for name in [ada.username.clone(), unique("nobody")] {
        let response = log_in_from(&service, &stranger, &name, WRONG).await?;
        response.assert_problem(401, "invalid_credentials");
        // Nine more fill the lane for hours, but in this test for ever.
        let tables = Tables::of(&service);
        tables.fill_until(&counter(&name), NEVER).await?;
        // The right password, from another address.
        let response = log_in_from(&service, &elsewhere, &name, &ada.password).await?;
        response.assert_problem(429, "too_many_requests");
        assert!(response.header("retry-after").parse::<u64>()? > 0);
    }
    let logs = service.logs().await?;
    let reason = r#""reason":"identifier""#;
    let throttled = |line: &&String| line.contains("login_throttled") && line.contains(reason);
    assert!(logs.iter().filter(throttled).count() >= 2);
    Ok(())
}

#[tokio::test]
async fn strangers_cannot_lock_out_an_address_that_the_account_logs_in_from() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let (name, password) = (&ada.username, &ada.password);
    let home = &address()?;
    let response = log_in_from(&service, home, name, password).await?;
    response.assert_status(200);
    log_in_from(&service, &address()?, name, WRONG).await?;
    let tables = Tables::of(&service);
    tables.fill_until(&counter(name), NEVER).await?;
    let elsewhere = log_in_from(&service, &address()?, name, password).await?;
    elsewhere.assert_problem(429, "too_many_requests");
    let response = log_in_from(&service, home, name, password).await?;
    response.assert_status(200);
    Ok(())
}

#[tokio::test]
async fn a_stolen_access_token_cannot_guess_the_password() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let change = async |current: &str| {
        let body =
            json!({ "current_password": current, "new_password": "eleven loud herons at dusk" });
        ada.call(&service, Method::PUT, "/me/password", &body).await
    };
    for _ in 0..2 {
        change(WRONG)
            .await?
            .assert_problem(401, "invalid_credentials");
    }
    let counter = format!("sub#{}", ada.id);
    let tables = Tables::of(&service);
    tables.fill_until(&counter, NEVER).await?;
    let refused = change(&ada.password).await?;
    refused.assert_problem(429, "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    // Once the lane has drained, the right password works, and leaves it empty.
    tables.fill_until(&counter, 1).await?;
    change(&ada.password).await?.assert_no_content();
    let left = tables.scan("LoginAttemptsTable").await?;
    let key = text(&counter);
    let lane = left.iter().find(|item| item.get("pk") == Some(&key));
    assert_eq!(lane.map(|lane| lane["tat"] == lane["res"]), Some(true));
    Ok(())
}

/// As many as a page that confirms several things at once.
#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_confirmed_together_do_not_refuse_each_other() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    // The new password is too weak: the current one is confirmed, and nothing changes.
    let body = json!({ "current_password": ada.password, "new_password": "passwordpassword" });
    let confirm = || ada.call(&service, Method::PUT, "/me/password", &body);
    for response in join_all((0..16).map(|_| confirm())).await {
        response?.assert_problem(422, "weak_password");
    }
    Ok(())
}

/// A code is not guessed, but each attempt costs a read.
#[tokio::test]
async fn password_resets_count_against_their_address_before_anything_is_read() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let code = ada.recovery_code(&service).await?;
    let (flood, elsewhere) = (address()?, address()?);
    fill_address(&service, &flood).await?;
    let reset = async |address: &str| {
        let body = json!({ "code": code, "new_password": "eleven loud herons at dusk" });
        let request = service.request(Method::POST, "/password/reset");
        let request = request.header(CLIENT_ADDRESS_HEADER, address);
        service.send(request.json(&body)).await
    };
    let refused = reset(&flood).await?;
    refused.assert_problem(429, "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    reset(&elsewhere).await?.assert_no_content();
    Ok(())
}

#[tokio::test]
async fn an_unreadable_counter_lets_nobody_in() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let from = address()?;
    let invalid = Item::from([
        ("pk".to_owned(), text(&format!("ip#{from}"))),
        ("tat".to_owned(), text("none at all")),
    ]);
    let tables = Tables::of(&service);
    tables.put("LoginAttemptsTable", invalid).await?;
    let response = log_in_from(&service, &from, &ada.username, &ada.password).await?;
    response.assert_problem(500, "internal");
    Ok(())
}

#[tokio::test]
async fn registrations_count_against_their_address() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let flood = address()?;
    fill_address(&service, &flood).await?;
    let register = async |address: &str, password: &str| {
        let body = json!({ "username": unique("new"), "password": password });
        let request = service.request(Method::POST, "/register");
        let request = request.header(CLIENT_ADDRESS_HEADER, address);
        service.send(request.json(&body)).await
    };
    // One of them is weak, but that takes an estimate.
    for password in [PASSWORD, "passwordpassword"] {
        let response = register(&flood, password).await?;
        response.assert_problem(429, "too_many_requests");
        assert!(!response.header("retry-after").is_empty());
    }
    let elsewhere = register(&address()?, PASSWORD).await?;
    elsewhere.assert_status(201);
    let logs = service.logs().await?;
    assert!(
        logs.iter()
            .any(|line| line.contains("registration_throttled"))
    );
    Ok(())
}

#[tokio::test]
async fn the_number_of_attempts_per_address_is_a_setting() -> anyhow::Result<()> {
    let few = [
        ("ClientAddress", CLIENT_ADDRESS),
        ("AddressAttemptsPerHour", "2"),
    ];
    let few = parameters(&few);
    let service = Service::start_locally(|options| options.parameters = few).await?;
    let from = address()?;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let response = log_in_from(&service, &from, &unique("nobody"), WRONG).await?;
        statuses.push(response.status);
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
    let elsewhere = address()?;
    let response = log_in_from(&service, &elsewhere, &unique("nobody"), WRONG).await?;
    response.assert_status(401);
    Ok(())
}
