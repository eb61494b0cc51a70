//! `PUT /me/email` and `POST /email/cancel`: another address waits for its code, and the old
//! one gets a code that cancels the change.

use gatehouse_tests::person::unique;
use gatehouse_tests::service::code_in;
use gatehouse_tests::tables::{Tables, number};
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// A person who holds a verified address and has logged in.
async fn ada(service: &Service) -> anyhow::Result<Person> {
    let admin = service.administrator("grace").await?;
    let mut ada = service.logged_in("ada").await?;
    let email = address();
    let path = format!("/admin/users/{}", ada.id);
    let body = json!({ "email": email });
    let set = admin.call(service, Method::PATCH, &path, &body).await?;
    set.assert_status(200);
    let proven = number(1_700_000_000);
    let tables = Tables::of(service);
    tables.set_user(&ada, "email_verified_at", proven).await?;
    ada.email = Some(email);
    Ok(ada)
}

fn address() -> String {
    format!("{}@example.org", unique("ada"))
}

/// The address that the person holds.
fn held(person: &Person) -> &str {
    person.email.as_deref().unwrap_or_default()
}

async fn ask(service: &Service, person: &Person, email: &str) -> anyhow::Result<Response> {
    let body = json!({ "email": email, "password": person.password });
    person.call(service, Method::PUT, "/me/email", &body).await
}

async fn cancel(service: &Service, code: &str) -> anyhow::Result<Response> {
    service
        .post("/email/cancel", &json!({ "code": code }))
        .await
}

async fn pending(service: &Service, person: &Person) -> anyhow::Result<Option<String>> {
    let sub = gatehouse_auth::id::SubjectId::parse(&person.id)?;
    let user = Tables::of(service).users()?.get(&sub).await?;
    Ok(user.and_then(|user| user.pending_email))
}

#[tokio::test]
async fn a_new_address_waits_and_both_addresses_get_a_code() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (ada, new) = (ada(&service).await?, address());
    let response = ask(&service, &ada, &new).await?;
    response.assert_status(202);
    assert_eq!(response.text, "");
    assert_eq!(pending(&service, &ada).await?, Some(new.clone()));
    // Nothing changes yet, and no session ends.
    let me = ada.get(&service, "/me").await?;
    assert_eq!(me.member("email"), held(&ada));
    assert!(code_in(&service.mail_to(&new).await?)?.starts_with("gh_ev_"));
    assert!(code_in(&service.mail_to(held(&ada)).await?)?.starts_with("gh_ec_"));
    let waiting = Person {
        username: new,
        ..ada.clone()
    };
    waiting.cannot_log_in(&service).await
}

#[tokio::test]
async fn the_code_to_the_old_address_cancels_the_change_and_logs_everyone_out() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let (ada, new) = (ada(&service).await?, address());
    let elsewhere = ada.logs_in_again(&service).await?;
    ask(&service, &ada, &new).await?.assert_status(202);
    let code = code_in(&service.mail_to(held(&ada)).await?)?;
    cancel(&service, &code).await?.assert_no_content();
    for mut session in [ada.clone(), elsewhere] {
        session.is_logged_out(&service).await?;
        session.log_in(&service).await?;
        assert_eq!(
            session.get(&service, "/me").await?.member("email"),
            held(&ada)
        );
    }
    assert_eq!(pending(&service, &ada).await?, None);
    // It works once.
    cancel(&service, &code)
        .await?
        .assert_problem(400, "invalid_code");
    Ok(())
}

#[tokio::test]
async fn the_code_to_the_new_address_makes_the_change_and_the_old_one_gets_a_notice()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (ada, new) = (ada(&service).await?, address());
    ask(&service, &ada, &new).await?.assert_status(202);
    let proof = code_in(&service.mail_to(&new).await?)?;
    let cancellation = code_in(&service.mail_to(held(&ada)).await?)?;
    let body = json!({ "code": proof });
    let verified = ada.post(&service, "/email/verify", &body).await?;
    verified.assert_no_content();
    let me = ada.get(&service, "/me").await?;
    assert_eq!(me.member("email"), new);
    assert_eq!(me.json()["email_verified"], true);
    // The old one gets a notice without a code, and cancels nothing any longer.
    let notice = service.mail_to(held(&ada)).await?;
    assert_eq!(notice.code(), None);
    assert_eq!(service.mails_to(held(&ada)).await?.len(), 2);
    cancel(&service, &cancellation)
        .await?
        .assert_problem(400, "invalid_code");
    let old = Person {
        username: held(&ada).to_owned(),
        ..ada.clone()
    };
    old.cannot_log_in(&service).await?;
    Person {
        username: new,
        ..ada.clone()
    }
    .log_in(&service)
    .await
}

#[tokio::test]
async fn the_response_does_not_depend_on_who_else_has_the_address() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (ada, eve) = (ada(&service).await?, ada(&service).await?);
    let (free, taken) = (address(), held(&eve));
    let bodies = [
        ask(&service, &ada, &free).await?,
        ask(&service, &ada, taken).await?,
    ];
    for response in bodies {
        response.assert_status(202);
        assert_eq!(response.text, "");
    }
    eve.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn the_held_address_takes_back_what_was_asked() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = ada(&service).await?;
    ask(&service, &ada, &address()).await?.assert_status(202);
    ask(&service, &ada, held(&ada)).await?.assert_status(202);
    assert_eq!(pending(&service, &ada).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_change_needs_the_password_and_a_valid_address() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = ada(&service).await?;
    let put = async |body: &Value| ada.call(&service, Method::PUT, "/me/email", body).await;
    for (body, field) in [
        (json!({ "password": ada.password }), "email"),
        (json!({ "email": address() }), "password"),
        (json!({ "email": "ada", "password": ada.password }), "email"),
        (json!({ "email": null, "password": ada.password }), "email"),
        (json!({ "email": address(), "password": 7 }), "password"),
        (
            json!({ "email": address(), "password": "x", "username": "ada" }),
            "username",
        ),
    ] {
        put(&body).await?.assert_invalid_field(field);
    }
    // As in `PUT /me/password`, a thief of the token can guess five times.
    let wrong = json!({ "email": address(), "password": "a wrong and winding passphrase" });
    for _ in 0..5 {
        put(&wrong)
            .await?
            .assert_problem(401, "invalid_credentials");
    }
    put(&wrong).await?.assert_problem(429, "too_many_requests");
    assert_eq!(pending(&service, &ada).await?, None);
    assert_eq!(service.mails_to(held(&ada)).await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn other_codes_cancel_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (ada, new) = (ada(&service).await?, address());
    ask(&service, &ada, &new).await?.assert_status(202);
    let verification = code_in(&service.mail_to(&new).await?)?;
    let cancellation = code_in(&service.mail_to(held(&ada)).await?)?;
    let changed = if cancellation.ends_with('A') {
        "Q"
    } else {
        "A"
    };
    let forged = format!("{}{changed}", &cancellation[..cancellation.len() - 1]);
    for code in [
        "",
        "gh_ec_",
        &verification,
        &forged,
        &ada.recovery_code(&service).await?,
    ] {
        cancel(&service, code)
            .await?
            .assert_problem(400, "invalid_code");
    }
    for (body, field) in [
        (json!({}), "code"),
        (json!({ "code": 7 }), "code"),
        (json!({ "code": cancellation, "password": "x" }), "password"),
    ] {
        let response = service.post("/email/cancel", &body).await?;
        response.assert_invalid_field(field);
    }
    assert_eq!(pending(&service, &ada).await?, Some(new));
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn an_administrators_correction_ends_the_code_and_the_old_address_gets_a_notice()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let (ada, new) = (ada(&service).await?, address());
    ask(&service, &ada, &new).await?.assert_status(202);
    let code = code_in(&service.mail_to(held(&ada)).await?)?;
    let path = format!("/admin/users/{}", ada.id);
    let body = json!({ "email": address() });
    let set = admin.call(&service, Method::PATCH, &path, &body).await?;
    set.assert_status(200);
    cancel(&service, &code)
        .await?
        .assert_problem(400, "invalid_code");
    assert_eq!(pending(&service, &ada).await?, None);
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn requests_and_cancellations_are_audit_events_without_addresses() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (ada, new) = (ada(&service).await?, address());
    ask(&service, &ada, &new).await?.assert_status(202);
    let code = code_in(&service.mail_to(held(&ada)).await?)?;
    cancel(&service, &code).await?.assert_no_content();
    let lines = service.logs().await?;
    for secret in [&new, held(&ada), &code] {
        assert!(!lines.iter().any(|line| line.contains(secret)));
    }
    for event in ["email_change_requested", "email_change_cancelled"] {
        let lines = lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let found = lines.filter(|line| line["event"] == event && line["sub"] == *ada.id);
        assert_eq!(found.count(), 1, "{event}");
    }
    Ok(())
}
