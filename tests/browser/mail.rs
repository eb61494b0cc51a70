//! The page in `docs/browsers` that mails link to, in a browser.

use anyhow::Context as _;
use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::service::{MAIL_FROM, parameters};
use gatehouse_tests::tables::{Tables, number};
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::json;

use crate::scripts::Scripts;

const NEW_PASSWORD: &str = "another winding passphrase of mine";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_behind_the_link_acts_on_a_click_and_keeps_no_code() -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let page = "https://app.example.test/browsers/mail.html#{code}";
    let settings = parameters(&[
        MAIL_FROM,
        ("MailLink", page),
        ("CorsOrigins", "https://app.example.test"),
    ]);
    let service = Service::start_locally(|options| options.parameters = settings).await?;
    let email = format!("{}@example.net", unique("ada"));
    let ada = Person::named("ada").with_email(email.clone());
    let ada = ada.register(&service).await?;
    let verification = link_to(&service, &email).await?;
    let bob = holder(&service, "bob").await?;
    let of_bob = bob.email.clone().unwrap_or_default();
    let forgotten = json!({ "username": of_bob });
    let noted = service.post("/password/forgot", &forgotten).await?;
    noted.assert_status(202);
    let reset = link_to(&service, &of_bob).await?;
    let eve = holder(&service, "eve").await?;
    let other = json!({ "email": format!("{}@example.net", unique("eve")), "password": PASSWORD });
    let asked = eve.call(&service, Method::PUT, "/me/email", &other).await?;
    asked.assert_status(202);
    let cancellation = link_to(&service, eve.email.as_deref().unwrap_or_default()).await?;
    let variables = [
        ("VERIFICATION", &*verification),
        ("RESET", &reset),
        ("CANCELLATION", &cancellation),
        ("PASSWORD", PASSWORD),
        ("NEW_PASSWORD", NEW_PASSWORD),
    ];
    scripts.run("mail.mjs", &service, &variables).await?;

    let me = ada
        .logs_in_again(&service)
        .await?
        .get(&service, "/me")
        .await?;
    assert_eq!(me.member("email"), email);
    assert_eq!(me.json()["email_verified"], true);
    service.log_in(&of_bob, PASSWORD).await?.assert_status(401);
    let changed = service.log_in(&of_bob, NEW_PASSWORD).await?;
    changed.assert_status(200);
    eve.is_logged_out(&service).await?;
    let me = eve
        .logs_in_again(&service)
        .await?
        .get(&service, "/me")
        .await?;
    assert_eq!(me.json().get("pending_email"), None);
    Ok(())
}

/// A person who is logged in and holds a verified address.
async fn holder(service: &Service, name: &str) -> anyhow::Result<Person> {
    let admin = service.administrator("grace").await?;
    let person = service.logged_in(name).await?;
    let email = format!("{}@example.org", person.username);
    let path = format!("/admin/users/{}", person.id);
    let body = json!({ "email": email });
    let set = admin.call(service, Method::PATCH, &path, &body).await?;
    set.assert_status(200);
    let (tables, proven) = (Tables::of(service), number(1_700_000_000));
    tables
        .set_user(&person, "email_verified_at", proven)
        .await?;
    Ok(person.with_email(email))
}

/// Returns the link of the newest mail to an address, which its text and its HTML share.
async fn link_to(service: &Service, address: &str) -> anyhow::Result<String> {
    let mail = service.mail_to(address).await?;
    let link = mail.html.split("href=\"").nth(1);
    let link = link.and_then(|rest| rest.split('"').next());
    let link = link.context("the mail has no link")?.to_owned();
    assert!(mail.text.contains(&format!("\n{link}\n")), "{link}");
    Ok(link)
}
