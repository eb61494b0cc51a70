//! Guesses are slowed down, whoever is guessed at.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_local::StackOptions;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::{CLIENT_ADDRESS, CLIENT_ADDRESS_HEADER, address};
use gatehouse_tests::tables::{Item, Tables};
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::json;

async fn behind_a_proxy() -> anyhow::Result<Service> {
    Service::start_with(|options| {
        options
            .parameters
            .insert("ClientAddress".into(), CLIENT_ADDRESS.into());
    })
    .await
}

async fn log_in(
    service: &Service,
    name: &str,
    password: &str,
    address: &str,
) -> anyhow::Result<Answer> {
    let body = json!({ "username": name, "password": password });
    let request = service.request(Method::POST, "/login");
    service
        .send(request.header(CLIENT_ADDRESS_HEADER, address).json(&body))
        .await
}

#[tokio::test]
async fn after_some_wrong_passwords_nobody_is_let_try_known_or_not() -> anyhow::Result<()> {
    let service = behind_a_proxy().await?;
    let person = Person::register(&service).await?;
    let (tables, stranger, elsewhere) = (Tables::of(&service), address()?, address()?);
    for name in [person.username.clone(), unique("nobody")] {
        for _ in 0..6 {
            let answer = log_in(&service, &name, "a wrong password", &stranger).await?;
            assert_eq!(answer.status, 401);
        }
        // The sixth has made the next one wait: a second, and here for ever.
        let item = format!("id#{}", LoginIdentifier::parse(&name).digest());
        let key = ("pk", item.as_str());
        tables
            .set_number("LoginAttemptsTable", key, "locked_until", 9_000_000_000)
            .await?;
        let answer = log_in(&service, &name, &person.password, &elsewhere).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (429, "too_many_requests"),
            "the right password, from elsewhere"
        );
        assert!(answer.header("retry-after").parse::<u64>()? > 0);
    }
    let logs = service.logs().await?;
    let throttled = |reason: &str| {
        let reason = format!(r#""reason":"{reason}""#);
        let is = |line: &&String| line.contains("login_throttled") && line.contains(&reason);
        logs.iter().filter(is).count()
    };
    assert!(throttled("identifier") >= 2);
    Ok(())
}

#[tokio::test]
async fn an_address_that_the_account_logs_in_from_is_not_kept_out_by_strangers()
-> anyhow::Result<()> {
    let service = behind_a_proxy().await?;
    let person = Person::register(&service).await?;
    let (name, password) = (&person.username, &person.password);
    let home = &address()?;
    assert_eq!(log_in(&service, name, password, home).await?.status, 200);
    log_in(&service, name, "a wrong password", &address()?).await?;
    let item = format!("id#{}", LoginIdentifier::parse(name).digest());
    Tables::of(&service)
        .set_number(
            "LoginAttemptsTable",
            ("pk", &item),
            "locked_until",
            9_000_000_000,
        )
        .await?;
    let elsewhere = log_in(&service, name, password, &address()?).await?;
    assert_eq!(elsewhere.status, 429);
    assert_eq!(log_in(&service, name, password, home).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_stolen_access_token_guesses_no_password() -> anyhow::Result<()> {
    let service = behind_a_proxy().await?;
    let person = Person::join(&service).await?;
    let change = async |current: &str| {
        let body =
            json!({ "current_password": current, "new_password": "eleven loud herons at dusk" });
        let request = service
            .request(Method::PUT, "/me/password")
            .bearer_auth(&person.access_token);
        service.send(request.json(&body)).await
    };
    for _ in 0..6 {
        assert_eq!(change("a wrong password").await?.status, 401);
    }
    let item = format!("sub#{}", person.id);
    let tables = Tables::of(&service);
    tables
        .set_number(
            "LoginAttemptsTable",
            ("pk", &item),
            "locked_until",
            9_000_000_000,
        )
        .await?;
    let locked = change(&person.password).await?;
    assert_eq!(
        (locked.status, locked.code().as_str()),
        (429, "too_many_requests")
    );
    assert!(!locked.header("retry-after").is_empty());
    // Once the wait is over, the right password is good, and the counter gone.
    tables
        .set_number("LoginAttemptsTable", ("pk", &item), "locked_until", 1)
        .await?;
    assert_eq!(change(&person.password).await?.status, 204);
    let left = tables.scan("LoginAttemptsTable").await?;
    let key = AttributeValue::S(item);
    assert!(left.iter().all(|item| item.get("pk") != Some(&key)));
    Ok(())
}

#[tokio::test]
async fn a_counter_that_cannot_be_read_lets_nobody_in() -> anyhow::Result<()> {
    let service = behind_a_proxy().await?;
    let person = Person::register(&service).await?;
    let from = address()?;
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let odd = Item::from([
        ("pk".to_owned(), text(&format!("ip#{from}"))),
        ("failures".to_owned(), text("none at all")),
    ]);
    Tables::of(&service).put("LoginAttemptsTable", odd).await?;
    let answer = log_in(&service, &person.username, &person.password, &from).await?;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    Ok(())
}

#[tokio::test]
async fn registrations_count_against_their_address() -> anyhow::Result<()> {
    let service = behind_a_proxy().await?;
    let flood = address()?;
    let number = |value: i64| AttributeValue::N(value.to_string());
    let locked = Item::from([
        ("pk".to_owned(), AttributeValue::S(format!("ip#{flood}"))),
        ("failures".to_owned(), number(400)),
        ("locked_until".to_owned(), number(9_000_000_000)),
        ("counted_until".to_owned(), number(9_000_000_000)),
        ("expires_at".to_owned(), number(9_000_000_000)),
    ]);
    Tables::of(&service)
        .put("LoginAttemptsTable", locked)
        .await?;
    let register = async |address: &str| {
        let body =
            json!({ "username": unique("new"), "password": "a long and winding passphrase" });
        let request = service.request(Method::POST, "/register");
        service
            .send(request.header(CLIENT_ADDRESS_HEADER, address).json(&body))
            .await
    };
    let answer = register(&flood).await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "too_many_requests")
    );
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(register(&address()?).await?.status, 201);
    let logs = service.logs().await?;
    assert!(
        logs.iter()
            .any(|line| line.contains("registration_throttled"))
    );
    Ok(())
}

#[tokio::test]
async fn a_deployment_says_how_many_attempts_an_address_has() -> anyhow::Result<()> {
    let few = |options: &mut StackOptions| {
        let parameters = [
            ("ClientAddress", CLIENT_ADDRESS),
            ("AddressAttemptsPerHour", "2"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        options.parameters.extend(parameters.map(owned));
    };
    let service = Service::start_locally(few).await?;
    let from = address()?;
    // Beyond the two, each waits twice as long as the one before.
    let mut statuses = Vec::new();
    while statuses.len() < 10 && !statuses.contains(&429) {
        let answer = log_in(&service, &unique("nobody"), "a wrong password", &from).await?;
        statuses.push(answer.status);
    }
    assert_eq!(statuses.get(..3), Some(&[401, 401, 401][..]));
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    let elsewhere = address()?;
    let answer = log_in(&service, &unique("nobody"), "a wrong password", &elsewhere).await?;
    assert_eq!(answer.status, 401);
    Ok(())
}
