//! The refresh cookie in a real browser: what a page can do with it, and what others cannot.

use gatehouse_tests::Service;
use gatehouse_tests::service::parameters;

use crate::scripts::Scripts;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_logs_in_refreshes_and_logs_out_with_a_cookie_it_cannot_read() -> anyhow::Result<()>
{
    run("session.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tab_of_another_account_is_refused_and_changes_nothing() -> anyhow::Result<()> {
    run("accounts.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_never_acts_for_the_user_of_another_tab() -> anyhow::Result<()> {
    run("cookie_client.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_subdomain_sends_the_cookie_and_is_refused() -> anyhow::Result<()> {
    run("sibling.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_cannot_plant_the_cookie() -> anyhow::Result<()> {
    run("planted.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_is_refused_even_by_a_browser_without_samesite() -> anyhow::Result<()> {
    run("other_site.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_is_not_listed_is_refused_even_without_a_preflight() -> anyhow::Result<()> {
    run("unasked.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_and_a_null_origin_are_refused() -> anyhow::Result<()> {
    run("frames.mjs").await
}

/// Runs a script against a service with the cookie, two users and an administrator.
pub(crate) async fn run(script: &str) -> anyhow::Result<()> {
    run_with(script, &[]).await
}

/// As [`run`], with further parameters of the template.
pub(crate) async fn run_with(script: &str, more: &[(&str, &str)]) -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let cookie = parameters(&[&COOKIE, more].concat());
    let service = Service::start_locally(|options| options.parameters = cookie).await?;
    let (ada, bob) = (
        service.registered("ada").await?,
        service.registered("bob").await?,
    );
    let grace = service.administrator("grace").await?;
    let variables = [
        ("USERNAME", &*ada.username),
        ("ID", &ada.id),
        ("OTHER_USERNAME", &bob.username),
        ("OTHER_ID", &bob.id),
        ("PASSWORD", &ada.password),
        ("ADMIN_TOKEN", &grace.access_token),
    ];
    scripts.run(script, &service, &variables).await
}

/// The domains of `stage.mjs`. No certificate is read: its proxy makes its own.
const COOKIE: [(&str, &str); 4] = [
    ("RefreshCookie", "on"),
    ("DomainName", "auth.example.test"),
    (
        "CertificateArn",
        "arn:aws:acm:eu-central-1:000000000000:certificate/none",
    ),
    ("CorsOrigins", "https://app.example.test"),
];
