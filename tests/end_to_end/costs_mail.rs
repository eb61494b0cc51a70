//! What mail costs in DynamoDB units, according to `docs/costs.md`. Unless a test says
//! otherwise, the mailer's calls are part of a row.

use std::collections::BTreeMap;
use std::time::Duration;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{Message, MessageKind, Notices, Origin};
use gatehouse_auth::random;
use gatehouse_store::Outbox;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::{MAIL_FROM, code_in};
use gatehouse_tests::tables::{Tables, number, text};
use gatehouse_tests::{Person, Service, clock};
use reqwest::Method;
use serde_json::{Value, json};

use crate::costs::{Meter, start};

const NEW_PASSWORD: &str = "another winding passphrase of mine";

fn address(name: &str) -> String {
    format!("{}@example.net", unique(name))
}

/// The address that somebody holds, or registered.
fn of(person: &Person) -> &str {
    person.email.as_deref().unwrap_or_default()
}

/// Opens the outbox past the proxy, which counts nothing of it.
fn outbox(service: &Service) -> Outbox {
    let table = service.table("OutboxTable").to_owned();
    Outbox::new(service.tables(), table, Notices::none())
}

async fn mailed(service: &Service, address: &str) -> anyhow::Result<String> {
    code_in(&service.mail_to(address).await?)
}

/// With the default notices, a login costs what it costs without mail, even from a network
/// that is new, and so does a refresh.
#[tokio::test]
async fn mail_costs_the_documented_units_and_only_where_it_is_sent() -> anyhow::Result<()> {
    let mut both = Vec::new();
    for mail_from in ["", "auth@example.org"] {
        let (service, proxy) = start(&[("MailFrom", mail_from)]).await?;
        let suffix = if mail_from.is_empty() {
            ""
        } else {
            ", with mail"
        };
        let mut meter = Meter::new(&service, &proxy);
        let admin = service.administrator("grace").await?;
        // The first time, each function starts, and then its reads are in the row, too.
        for _ in 0..2 {
            measure_owner(&service, &mut meter, &admin, suffix).await?;
        }
        let measured = meter.documented()?.into_iter();
        let plain = |row: String| row.trim_end_matches(", with mail").to_owned();
        let measured = measured.map(|(row, units)| (plain(row), units));
        both.push(measured.collect::<BTreeMap<_, _>>());
    }
    for free in ["logins", "refreshes"] {
        assert_eq!(both[0][free], both[1][free], "{free}");
    }
    assert!(both[0]["new passwords"] < both[1]["new passwords"]);
    Ok(())
}

/// Measures what is done to an account that holds an address.
async fn measure_owner(
    service: &Service,
    meter: &mut Meter<'_>,
    admin: &Person,
    suffix: &str,
) -> anyhow::Result<()> {
    let row = |name: &str| format!("{name}{suffix}");
    let mut ada = service.registered("costs").await?;
    let path = format!("/admin/users/{}", ada.id);
    let change = async |path: &str, body: Value| {
        let changed = admin.call(service, Method::PATCH, path, &body).await?;
        changed.assert_status(200);
        anyhow::Ok(())
    };
    change(&path, json!({ "email": address("first") })).await?;
    verify(service, &ada).await?;
    age(service, &ada).await?;
    meter.skip().await;
    ada.log_in(service).await?;
    meter.note(&row("logins")).await;
    let second = ada.refreshes(service).await?;
    meter.note(&row("refreshes")).await;
    second.refreshes(service).await?;
    meter.skip().await;
    ada.cannot_refresh(service).await?;
    meter.note(&row("replayed refresh tokens")).await;
    ada.log_in(service).await?;
    meter.skip().await;
    let body = json!({ "current_password": ada.password, "new_password": NEW_PASSWORD });
    let changed = ada.call(service, Method::PUT, "/me/password", &body);
    changed.await?.assert_no_content();
    meter.note(&row("new passwords")).await;
    let code = ada.recovery_code(service).await?;
    meter.skip().await;
    let reset = service.reset_password(&code, &ada.password).await?;
    reset.assert_no_content();
    meter
        .note(&row("new passwords with a code from the operator"))
        .await;
    change(&path, json!({ "status": "disabled" })).await?;
    meter.note(&row("disabled accounts")).await;
    let delete = Method::DELETE;
    let deleted = admin.call(service, delete, &path, &json!({})).await?;
    deleted.assert_no_content();
    meter.note(&row("deleted accounts")).await;

    let eve = service.logged_in("costs").await?;
    let path = format!("/admin/users/{}", eve.id);
    change(&path, json!({ "email": address("first") })).await?;
    meter.skip().await;
    change(&path, json!({ "email": address("second") })).await?;
    meter.note(&row("corrected addresses")).await;
    change(&path, json!({ "username": unique("renamed") })).await?;
    meter.note(&row("corrected usernames")).await;
    Ok(())
}

/// Lets a person have registered long enough ago for a notice of a login from a new network.
async fn age(service: &Service, person: &Person) -> anyhow::Result<()> {
    let earlier = number(clock::now()?.minus(Duration::from_hours(2)).unix());
    let tables = Tables::of(service);
    tables.set_user(person, "created_at", earlier).await
}

/// Lets a person have verified the address that they hold: mails to another one are counted.
async fn verify(service: &Service, person: &Person) -> anyhow::Result<()> {
    let earlier = number(1_700_000_000);
    let tables = Tables::of(service);
    tables.set_user(person, "email_verified_at", earlier).await
}

/// An unknown name costs the request the same as a known one.
#[tokio::test]
async fn a_forgotten_password_costs_the_documented_units() -> anyhow::Result<()> {
    let (service, proxy) = start(&[MAIL_FROM]).await?;
    let mut meter = Meter::new(&service, &proxy);
    for _ in 0..2 {
        let ada = Person::named("ada").with_email(address("ada"));
        let ada = ada.is_imported(&service).await?;
        for (row, name) in [
            ("forgotten passwords, with mail", of(&ada)),
            ("forgotten passwords of unknown names, with mail", "nobody"),
        ] {
            let body = json!({ "username": name });
            meter.skip().await;
            let response = service.post("/password/forgot", &body).await?;
            response.assert_status(202);
            meter.note(row).await;
        }
        let code = mailed(&service, of(&ada)).await?;
        meter.skip().await;
        let reset = service.reset_password(&code, NEW_PASSWORD).await?;
        reset.assert_no_content();
        meter
            .note("new passwords with a mailed code, with mail")
            .await;
    }
    meter.documented().map(drop)
}

#[tokio::test]
async fn verifications_cost_the_documented_units() -> anyhow::Result<()> {
    let (service, proxy) = start(&[MAIL_FROM]).await?;
    let mut meter = Meter::new(&service, &proxy);
    let path = "/email/verification";
    for _ in 0..2 {
        let ada = Person::named("ada").with_email(address("ada"));
        let ada = ada.register(&service).await?;
        let code = mailed(&service, of(&ada)).await?;
        meter.skip().await;
        let body = json!({ "code": code, "password": ada.password });
        let verified = service.post("/email/verify", &body).await?;
        verified.assert_no_content();
        meter
            .note("verifications with the password, with mail")
            .await;

        let bob = Person::named("bob").with_email(address("bob"));
        let mut bob = bob.is_imported(&service).await?;
        bob.log_in(&service).await?;
        meter.skip().await;
        let asked = bob.post(&service, path, &json!({})).await?;
        asked.assert_status(202);
        meter
            .note("requests for a code with an access token, with mail")
            .await;
        let body = json!({ "code": mailed(&service, of(&bob)).await? });
        let verified = bob.post(&service, "/email/verify", &body).await?;
        verified.assert_no_content();
        meter
            .note("verifications with an access token, with mail")
            .await;

        let eve = Person::named("eve").with_email(address("eve"));
        let eve = eve.is_imported(&service).await?;
        meter.skip().await;
        let body = json!({ "username": eve.username, "password": eve.password });
        service.post(path, &body).await?.assert_status(202);
        meter
            .note("requests for a code with the password, with mail")
            .await;
    }
    meter.documented().map(drop)
}

#[tokio::test]
async fn changes_of_an_address_cost_the_documented_units() -> anyhow::Result<()> {
    let (service, proxy) = start(&[MAIL_FROM]).await?;
    let mut meter = Meter::new(&service, &proxy);
    for _ in 0..2 {
        let ada = Person::named("ada").with_email(address("ada"));
        let mut ada = ada.is_imported(&service).await?;
        verify(&service, &ada).await?;
        ada.log_in(&service).await?;
        meter.skip().await;
        let ask = async |ada: &Person, new: &str| {
            let body = json!({ "email": new, "password": ada.password });
            let asked = ada.call(&service, Method::PUT, "/me/email", &body).await?;
            asked.assert_status(202);
            anyhow::Ok(())
        };
        ask(&ada, &address("new")).await?;
        meter.note("requests for another address, with mail").await;
        let body = json!({ "code": mailed(&service, of(&ada)).await? });
        let cancelled = service.post("/email/cancel", &body).await?;
        cancelled.assert_no_content();
        meter
            .note("cancelled changes of an address, with mail")
            .await;
        ada.log_in(&service).await?;
        let new = address("new");
        ask(&ada, &new).await?;
        let body = json!({ "code": mailed(&service, &new).await?, "password": ada.password });
        meter.skip().await;
        let verified = service.post("/email/verify", &body).await?;
        verified.assert_no_content();
        meter
            .note("verifications of another address, with mail")
            .await;
    }
    meter.documented().map(drop)
}

#[tokio::test]
async fn mails_that_are_off_by_default_cost_the_documented_units() -> anyhow::Result<()> {
    let (service, proxy) = start(&[
        MAIL_FROM,
        ("EmailVerification", "required"),
        ("MailNotices", "new_network"),
    ])
    .await?;
    let mut meter = Meter::new(&service, &proxy);
    let outbox = outbox(&service);
    for _ in 0..2 {
        let ada = Person::named("ada").with_email(address("ada"));
        let ada = ada.register(&service).await?;
        meter.skip().await;
        // As if the registration's mail had not just been sent.
        outbox.delete_all(&SubjectId::parse(&ada.id)?, &[]).await?;
        let response = service.log_in(&ada.username, &ada.password).await?;
        response.assert_problem(403, "email_not_verified");
        meter
            .note("logins before the address is verified, with mail")
            .await;

        let bob = Person::named("bob").with_email(address("bob"));
        let mut bob = bob.is_imported(&service).await?;
        verify(&service, &bob).await?;
        age(&service, &bob).await?;
        meter.skip().await;
        bob.log_in(&service).await?;
        meter
            .note("logins with the notice `new_network`, with mail")
            .await;
    }
    meter.documented().map(drop)
}

/// Only the mailer's own calls: the messages are written by the test.
#[tokio::test]
async fn the_mailer_costs_the_documented_units() -> anyhow::Result<()> {
    let (service, proxy) = start(&[MAIL_FROM]).await?;
    let mut meter = Meter::new(&service, &proxy);
    let (tables, outbox) = (Tables::of(&service), outbox(&service));
    for _ in 0..2 {
        for (row, kind, origin) in [
            ("notices", MessageKind::PasswordChanged, Origin::Session),
            (
                "codes that set a password",
                MessageKind::PasswordReset,
                Origin::Anyone,
            ),
            (
                "codes that verify an address",
                MessageKind::EmailVerification,
                Origin::Anyone,
            ),
            (
                "codes that cancel a change",
                MessageKind::AddressChangeRequested,
                Origin::Session,
            ),
        ] {
            let ada = Person::named("ada").with_email(address("ada"));
            let ada = ada.is_imported(&service).await?;
            if kind != MessageKind::EmailVerification {
                verify(&service, &ada).await?;
            }
            if kind == MessageKind::AddressChangeRequested {
                let new = address("new");
                for attribute in ["pending_email", "pending_email_canonical"] {
                    tables.set_user(&ada, attribute, text(&new)).await?;
                }
            }
            let now = clock::now()?;
            let message = Message::new(kind, &SubjectId::parse(&ada.id)?, 0, origin, now);
            meter.skip().await;
            outbox.put(&message).await?;
            meter.note(row).await;
            assert_eq!(service.mails_to(of(&ada)).await?.len(), 1, "{row}");
        }
        let nobody = SubjectId::from_bytes(random::bytes()?);
        let kind = MessageKind::PasswordReset;
        let message = Message::new(kind, &nobody, 0, Origin::Anyone, clock::now()?);
        outbox.put(&message).await?;
        meter.note("messages without a mail").await;
    }
    meter.documented().map(drop)
}
