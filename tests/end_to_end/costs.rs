//! What a request costs in DynamoDB units, according to `docs/costs.md`.

use gatehouse_tests::binaries::root;
use gatehouse_tests::call::Cost;
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::page::{COOKIES, Page};
use gatehouse_tests::proxy::Proxy;
use gatehouse_tests::service::{CLIENT_ADDRESS, MAIL_FROM, parameters};
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::json;

/// Read units, write units, and the number of calls, which are sequential.
type Units = (f64, f64, usize);

#[tokio::test]
async fn each_request_costs_the_documented_units() -> anyhow::Result<()> {
    let mut settings = COOKIES.to_vec();
    settings.push(("ClientAddress", CLIENT_ADDRESS));
    // As many as in a deployment, so that the address's counter is in use throughout.
    settings.push(("AddressAttemptsPerHour", "300"));
    let settings = parameters(&settings);
    let start = Service::start_behind_a_proxy(|options| options.parameters = settings);
    let (service, proxy) = start.await?;
    // The first request of each kind starts its function, which reads too.
    let mut ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    let rotated = ada.refreshes(&service).await?;
    let eve = service.logged_in("eve").await?;
    eve.logs_out(&service, "local").await?;
    let client = ResourceServer::register(&service).await?;
    let admin = service.administrator("grace").await?;
    let _warm_ups = proxy.take_costs();

    let mut measured = Vec::new();
    let newcomer = Person::named("costs");
    let email = format!("{}@example.com", newcomer.username);
    newcomer.with_email(email).register(&service).await?;
    measured.push(("registrations with e-mail", spent(&proxy)));
    ada.log_in(&service).await?;
    measured.push(("logins", spent(&proxy)));
    let replacing = log_in_twice(&service, &proxy, &ada).await?;
    measured.push(("logins that replace a session", replacing));
    let mut newcomer = service.registered("costs").await?;
    let _registration = proxy.take_costs();
    newcomer.log_in(&service).await?;
    measured.push(("logins from a new address", spent(&proxy)));
    let body = json!({ "username": newcomer.username, "password": "a wrong password" });
    let wrong = service.post("/login", &body).await?;
    wrong.assert_status(401);
    measured.push(("wrong passwords", spent(&proxy)));
    rotated.refreshes(&service).await?;
    measured.push(("refreshes", spent(&proxy)));
    ada.is_let_in(&service).await?;
    measured.push(("authorised calls", spent(&proxy)));
    let form = [("token", ada.access_token.as_str())];
    let introspect = || service.request(Method::POST, "/introspect").form(&form);
    let by_client = || introspect().basic_auth(&client.id, Some(&client.secret));
    let by_token = || introspect().bearer_auth(&admin.access_token);
    // The first introspection also reads the keys and the client.
    service.send(by_client()).await?;
    let _warm_up = proxy.take_costs();
    for (name, request) in [
        ("introspections by a client", by_client()),
        ("introspections by an access token", by_token()),
    ] {
        let response = service.send(request).await?;
        assert_eq!(response.json()["active"], true, "{response}");
        measured.push((name, spent(&proxy)));
    }
    ada.logs_out(&service, "local").await?;
    measured.push(("logouts of one session", spent(&proxy)));

    assert_documented(measured)
}

/// The mailer's calls are part of it. An unknown name costs the request the same.
#[tokio::test]
async fn a_forgotten_password_and_its_mail_cost_the_documented_units() -> anyhow::Result<()> {
    let settings = parameters(&[MAIL_FROM, ("ClientAddress", CLIENT_ADDRESS)]);
    let start = Service::start_behind_a_proxy(|options| options.parameters = settings);
    let (service, proxy) = start.await?;
    let (admin, ada) = (service.administrator("grace").await?, Person::named("ada"));
    let ada = ada.register(&service).await?;
    let email = format!("{}@example.org", ada.username);
    let (path, body) = (
        format!("/admin/users/{}", ada.id),
        json!({ "email": email }),
    );
    let patched = admin.call(&service, Method::PATCH, &path, &body).await?;
    patched.assert_status(200);
    let mut measured = Vec::new();
    // The first request starts both functions.
    for (request, name) in [
        ("", "nobody"),
        ("forgotten passwords, with the mail", &ada.username),
        ("forgotten passwords of unknown names", "somebody"),
    ] {
        let _earlier = service.mails_to(&email).await?;
        let _others = proxy.take_costs();
        let body = json!({ "username": name });
        let response = service.post("/password/forgot", &body).await?;
        response.assert_status(202);
        let _mails = service.mails_to(&email).await?;
        measured.push((request, spent(&proxy)));
    }
    assert_eq!(service.mails_to(&email).await?.len(), 1);
    measured.remove(0);
    assert_documented(measured)
}

/// With the default notices, a login and a refresh cost what they cost without mail.
#[tokio::test]
async fn mail_costs_the_documented_units_and_only_where_it_is_sent() -> anyhow::Result<()> {
    for mail_from in ["", "auth@example.org"] {
        let settings = parameters(&[
            ("ClientAddress", CLIENT_ADDRESS),
            ("AddressAttemptsPerHour", "300"),
            ("MailFrom", mail_from),
        ]);
        let start = Service::start_behind_a_proxy(|options| options.parameters = settings);
        let (service, proxy) = start.await?;
        let measured = measure_notices(&service, &proxy).await?;
        let has_mail = !mail_from.is_empty();
        let named = measured.into_iter().map(|(request, units)| {
            let suffix = if has_mail { ", with mail" } else { "" };
            (format!("{request}{suffix}"), units)
        });
        assert_documented(named.collect())?;
    }
    Ok(())
}

async fn measure_notices(
    service: &Service,
    proxy: &Proxy,
) -> anyhow::Result<Vec<(&'static str, Units)>> {
    // The first request of each kind starts its function, which reads too.
    let admin = service.administrator("grace").await?;
    let mut ada = holder(service, &admin).await?;
    let mut measured = Vec::new();
    for round in 0..2 {
        let path = format!("/admin/users/{}", ada.id);
        spent_with_mails(service, proxy).await;
        ada.log_in(service).await?;
        measured.push(("logins", spent_with_mails(service, proxy).await));
        let second = ada.refreshes(service).await?;
        measured.push(("refreshes", spent_with_mails(service, proxy).await));
        second.refreshes(service).await?;
        spent_with_mails(service, proxy).await;
        ada.cannot_refresh(service).await?;
        measured.push((
            "replayed refresh tokens",
            spent_with_mails(service, proxy).await,
        ));
        ada.log_in(service).await?;
        spent_with_mails(service, proxy).await;
        let new = format!("yet another passphrase, number {round}");
        let body = json!({ "current_password": ada.password, "new_password": new });
        let changed = ada.call(service, Method::PUT, "/me/password", &body);
        changed.await?.assert_no_content();
        measured.push(("new passwords", spent_with_mails(service, proxy).await));
        let disable = json!({ "status": "disabled" });
        let disabled = admin.call(service, Method::PATCH, &path, &disable).await?;
        disabled.assert_status(200);
        measured.push(("disabled accounts", spent_with_mails(service, proxy).await));
        let delete = Method::DELETE;
        let deleted = admin.call(service, delete, &path, &json!({})).await?;
        deleted.assert_no_content();
        measured.push(("deleted accounts", spent_with_mails(service, proxy).await));
        if round == 0 {
            measured.clear();
            ada = holder(service, &admin).await?;
        }
    }
    Ok(measured)
}

/// Returns a person who is logged in and has an address.
async fn holder(service: &Service, admin: &Person) -> anyhow::Result<Person> {
    let person = service.logged_in("costs").await?;
    let email = json!({ "email": format!("{}@example.com", person.username) });
    let path = format!("/admin/users/{}", person.id);
    let held = admin.call(service, Method::PATCH, &path, &email).await?;
    held.assert_status(200);
    Ok(person)
}

/// Sums up what was spent since the last call, once all mails are sent.
async fn spent_with_mails(service: &Service, proxy: &Proxy) -> Units {
    service.stack().settled().await;
    spent(proxy)
}

fn assert_documented(measured: Vec<(impl std::fmt::Display, Units)>) -> anyhow::Result<()> {
    let document = std::fs::read_to_string(root().join("docs/costs.md"))?;
    let rows = measured
        .into_iter()
        .map(|(request, (reads, writes, calls))| {
            format!("| {request} | {reads} | {writes} | {calls} |")
        });
    let missing: Vec<String> = rows.filter(|row| !document.contains(row)).collect();
    assert!(
        missing.is_empty(),
        "docs/costs.md has no rows that begin with\n{}",
        missing.join("\n")
    );
    Ok(())
}

/// Logs in twice in one browser, and returns what the second time cost.
async fn log_in_twice(service: &Service, proxy: &Proxy, person: &Person) -> anyhow::Result<Units> {
    let mut page = Page::open();
    page.log_in(service, person).await?;
    let _first = proxy.take_costs();
    page.log_in(service, person).await?;
    Ok(spent(proxy))
}

/// Sums up what was spent since the last call, except for the published keys.
fn spent(proxy: &Proxy) -> Units {
    let mut costs = proxy.take_costs();
    costs.retain(|cost| !cost.is_of_keys);
    let sum = |part: fn(&Cost) -> f64| costs.iter().map(part).sum();
    (sum(|cost| cost.reads), sum(|cost| cost.writes), costs.len())
}
