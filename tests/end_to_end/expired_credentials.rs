//! Credentials that AWS no longer accepts: the process reports it, and ends.

use std::time::Duration;

use bytes::Bytes;
use gatehouse_testing::{Fault, at_call};
use gatehouse_tests::Service;
use http::Response;
use serde_json::json;

/// The log line of a process that ends for this reason.
const LAST_LINE: &str = "the credentials of this process have expired or are unknown";
/// How often a process that has logged its last line is given time to end.
const TRIES: usize = 100;

#[tokio::test]
async fn expired_credentials_are_a_503_and_end_the_process() -> anyhow::Result<()> {
    let (service, proxy) = Service::start_behind_a_proxy(|_| ()).await?;
    let ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    let before = ["login", "refresh", "authorizer"].map(|name| service.stack().process_ids(name));

    let error = json!({"__type": "ExpiredTokenException", "message": "expired"}).to_string();
    let error = Response::builder().status(400).body(Bytes::from(error))?;
    proxy.faults().inject_always(at_call(0), Fault::Fail(error));
    let response = service.log_in(&ada.username, &ada.password).await?;
    response.assert_problem(503, "unavailable");
    let response = service.refresh(&ada.refresh_token).await?;
    response.assert_oauth_error(503, "temporarily_unavailable");
    let response = ada.get(&service, "/protected").await?;
    response.assert_from_gateway(500, "Internal Server Error");
    proxy.faults().clear();

    for _ in 0..TRIES {
        let logs = service.logs().await?;
        let ended =
            |line: &&String| line.contains("the function stops") && line.contains(LAST_LINE);
        if logs.iter().filter(ended).count() == before.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..TRIES {
        let response = service.log_in(&ada.username, &ada.password).await?;
        if response.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ada = ada.refreshes(&service).await?;
    ada.is_let_in(&service).await?;
    let after = ["login", "refresh", "authorizer"].map(|name| service.stack().process_ids(name));
    for (before, after) in before.iter().zip(&after) {
        assert!(
            before.iter().all(|id| !after.contains(id)),
            "{before:?} {after:?}"
        );
    }
    Ok(())
}
