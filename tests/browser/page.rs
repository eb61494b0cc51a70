//! The page in `docs/browsers`, in a browser.

use std::net::TcpListener;

use gatehouse_tests::Service;
use gatehouse_tests::service::parameters;

use crate::cookie::{run, run_with};
use crate::scripts::Scripts;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_keeps_users_logged_in_and_stores_no_token() -> anyhow::Result<()> {
    run("page.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_refresh_at_once_rotate_once_and_stay_logged_in() -> anyhow::Result<()> {
    run("tabs.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_survives_a_response_that_is_lost_after_the_rotation() -> anyhow::Result<()> {
    run_with("network.mjs", &[("RefreshGraceSeconds", "0")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_refreshes_when_a_token_is_refused_even_if_it_cannot_read_the_refusal()
-> anyhow::Result<()> {
    run("refusals.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_the_document_log_in_refresh_call_and_log_out() -> anyhow::Result<()> {
    run("snippets.mjs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_on_localhost() -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let port = TcpListener::bind("localhost:0")?
        .local_addr()?
        .port()
        .to_string();
    let origin = format!("http://localhost:{port}");
    let cookie = parameters(&[("RefreshCookie", "on"), ("CorsOrigins", &origin)]);
    let service = Service::start_locally(|options| options.parameters = cookie).await?;
    let ada = service.registered("ada").await?;
    let variables = [
        ("USERNAME", &*ada.username),
        ("PASSWORD", &ada.password),
        ("PAGE_PORT", &port),
    ];
    scripts.run("localhost.mjs", &service, &variables).await
}
