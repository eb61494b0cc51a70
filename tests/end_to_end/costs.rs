//! What a request costs in DynamoDB units, according to `docs/costs.md`; those about mail are
//! in `costs_mail.rs`.

use std::collections::BTreeMap;

use gatehouse_tests::binaries::root;
use gatehouse_tests::call::Cost;
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::page::{COOKIES, Page};
use gatehouse_tests::proxy::Proxy;
use gatehouse_tests::service::{CLIENT_ADDRESS, parameters};
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::json;

/// Measures what requests cost, together with the mails that they cause.
pub(crate) struct Meter<'a> {
    service: &'a Service,
    proxy: &'a Proxy,
    measured: BTreeMap<String, Units>,
}

/// Read units, write units, and the number of calls, which are sequential.
type Units = (f64, f64, usize);

impl<'a> Meter<'a> {
    pub(crate) fn new(service: &'a Service, proxy: &'a Proxy) -> Self {
        Self {
            service,
            proxy,
            measured: BTreeMap::new(),
        }
    }

    /// Notes what was spent since the last call, under the name of its row.
    pub(crate) async fn note(&mut self, row: &str) {
        let units = self.spent().await;
        self.measured.insert(row.to_owned(), units);
    }

    /// Forgets what was spent since the last call.
    pub(crate) async fn skip(&self) {
        let _units = self.spent().await;
    }

    /// Sums up what was spent since the last call, once all mails are sent, except for what is
    /// read every few seconds.
    async fn spent(&self) -> Units {
        self.service.stack().settled().await;
        let mut costs = self.proxy.take_costs();
        costs.retain(|cost| !cost.is_of_keys && !cost.is_of_client);
        let sum = |part: fn(&Cost) -> f64| costs.iter().map(part).sum();
        (sum(|cost| cost.reads), sum(|cost| cost.writes), costs.len())
    }

    /// Expects a row in the document for everything that was measured, and returns it.
    pub(crate) fn documented(self) -> anyhow::Result<BTreeMap<String, Units>> {
        let document = std::fs::read_to_string(root().join("docs/costs.md"))?;
        let row = |(request, (reads, writes, calls)): (&String, &Units)| {
            format!("| {request} | {reads} | {writes} | {calls} |")
        };
        let rows = self.measured.iter().map(row);
        let missing: Vec<String> = rows.filter(|row| !document.contains(row)).collect();
        assert!(
            missing.is_empty(),
            "docs/costs.md has no rows that begin with\n{}",
            missing.join("\n")
        );
        Ok(self.measured)
    }
}

/// Starts a service whose calls are counted, with further parameters.
pub(crate) async fn start(settings: &[(&str, &str)]) -> anyhow::Result<(Service, Proxy)> {
    let mut settings = settings.to_vec();
    settings.push(("ClientAddress", CLIENT_ADDRESS));
    // As many as in a deployment, so that the address's counter is in use throughout.
    settings.push(("AddressAttemptsPerHour", "300"));
    let settings = parameters(&settings);
    Service::start_behind_a_proxy(|options| options.parameters = settings).await
}

/// Only registrations cost more with mail: all other requests have one row for both.
#[tokio::test]
async fn each_request_costs_the_documented_units_with_and_without_mail() -> anyhow::Result<()> {
    let mut both = Vec::new();
    for (mail_from, registration) in [
        ("", "registrations with e-mail"),
        ("auth@example.org", "registrations with e-mail, with mail"),
    ] {
        let (service, proxy) = start(&[&COOKIES[..], &[("MailFrom", mail_from)]].concat()).await?;
        let mut meter = Meter::new(&service, &proxy);
        measure(&service, &mut meter, registration).await?;
        let mut measured = meter.documented()?;
        measured.remove(registration);
        both.push(measured);
    }
    assert_eq!(both[0], both[1]);
    Ok(())
}

async fn measure(
    service: &Service,
    meter: &mut Meter<'_>,
    registration: &str,
) -> anyhow::Result<()> {
    // The first request of each kind starts its function, which reads too.
    newcomer().register(service).await?;
    let mut ada = service.logged_in("ada").await?;
    ada.is_let_in(service).await?;
    let rotated = ada.refreshes(service).await?;
    let eve = service.logged_in("eve").await?;
    eve.logs_out(service, "local").await?;
    let client = ResourceServer::register(service).await?;
    let admin = service.administrator("grace").await?;
    meter.skip().await;

    newcomer().register(service).await?;
    meter.note(registration).await;
    ada.log_in(service).await?;
    meter.note("logins").await;
    // Twice in one browser.
    let mut page = Page::open();
    page.log_in(service, &ada).await?;
    meter.skip().await;
    page.log_in(service, &ada).await?;
    meter.note("logins that replace a session").await;
    let mut newcomer = service.registered("costs").await?;
    meter.skip().await;
    newcomer.log_in(service).await?;
    meter.note("logins from a new address").await;
    let body = json!({ "username": newcomer.username, "password": "a wrong password" });
    let wrong = service.post("/login", &body).await?;
    wrong.assert_status(401);
    meter.note("wrong passwords").await;
    rotated.refreshes(service).await?;
    meter.note("refreshes").await;
    ada.is_let_in(service).await?;
    meter.note("authorised calls").await;
    let form = [("token", ada.access_token.as_str())];
    let introspect = || service.request(Method::POST, "/introspect").form(&form);
    let by_client = || introspect().basic_auth(&client.id, Some(&client.secret));
    let by_token = || introspect().bearer_auth(&admin.access_token);
    // The first introspection also reads the keys and the client.
    service.send(by_client()).await?;
    meter.skip().await;
    for (name, request) in [
        ("introspections by a client", by_client()),
        ("introspections by an access token", by_token()),
    ] {
        let response = service.send(request).await?;
        assert_eq!(response.json()["active"], true, "{response}");
        meter.note(name).await;
    }
    ada.logs_out(service, "local").await?;
    meter.note("logouts of one session").await;
    Ok(())
}

/// Returns someone who has not registered yet, with an address.
fn newcomer() -> Person {
    let person = Person::named("costs");
    let email = format!("{}@example.com", person.username);
    person.with_email(email)
}
