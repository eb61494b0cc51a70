//! A store that is slow or hangs: every function responds within its budget.

use std::time::{Duration, Instant};

use gatehouse_testing::{Fault, at_call};
use gatehouse_tests::{Person, Response, Service};
use serde_json::json;

/// What a response may take beyond the budget of its function: a fifth of it, and what
/// this machine needs for a cold start and the way through the gateway.
const SLACK: Duration = Duration::from_millis(1_500);
const REQUEST: Duration = Duration::from_secs(6);
const AUTHORIZER: Duration = Duration::from_millis(1_200);

#[tokio::test]
async fn with_a_slow_store_every_function_responds_within_its_budget() -> anyhow::Result<()> {
    let (service, proxy) = Service::start_behind_a_proxy(|_| ()).await?;
    let ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    let elsewhere = ada.logs_in_again(&service).await?;
    for delay in [Duration::from_millis(1_800), Duration::from_secs(15)] {
        proxy
            .faults()
            .inject_always(at_call(0), Fault::Delay(delay));
        assert_late(&service, &ada).await?;
        proxy.faults().clear();
    }
    ada.is_let_in(&service).await?;
    elsewhere.refreshes(&service).await?;
    Ok(())
}

/// INIT gives up on the store after two seconds, and leaves it to the first request.
#[tokio::test]
async fn a_function_that_starts_while_its_store_hangs_responds_within_its_budget()
-> anyhow::Result<()> {
    let (service, proxy) = Service::start_behind_a_proxy(|_| ()).await?;
    proxy.faults().inject_always(at_call(0), Fault::Hold);
    let started = Instant::now();
    let login = json!({ "username": "ada", "password": "a wrong passphrase" });
    let response = service.post("/login", &login).await?;
    response.assert_problem(503, "unavailable");
    let limit = Duration::from_secs(2) + REQUEST + SLACK;
    assert!(started.elapsed() < limit, "{:?}", started.elapsed());
    Ok(())
}

/// Asserts that each kind of request fails in time, and says when to try again.
async fn assert_late(service: &Service, ada: &Person) -> anyhow::Result<()> {
    let credentials = json!({ "username": ada.username, "password": ada.password });
    let token = json!({ "refresh_token": ada.refresh_token });
    let (login, refresh, guarded) = tokio::join!(
        timed(service.post("/login", &credentials)),
        timed(service.post("/refresh", &token)),
        timed(ada.get(service, "/protected")),
    );
    let (login, took) = login?;
    login.assert_problem(503, "unavailable");
    assert!(["1", "2"].contains(&login.header("retry-after")), "{login}");
    assert!(took < REQUEST + SLACK, "{took:?}");
    let (refresh, took) = refresh?;
    // Two slow calls fit into its budget; two that hang do not.
    if refresh.status != 200 {
        refresh.assert_oauth_error(503, "temporarily_unavailable");
    }
    assert!(took < REQUEST + SLACK, "{took:?}");
    let (guarded, took) = guarded?;
    guarded.assert_from_gateway(500, "Internal Server Error");
    assert!(took < AUTHORIZER + SLACK, "{took:?}");
    Ok(())
}

async fn timed(
    response: impl Future<Output = anyhow::Result<Response>>,
) -> anyhow::Result<(Response, Duration)> {
    let started = Instant::now();
    Ok((response.await?, started.elapsed()))
}
