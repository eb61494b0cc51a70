//! The clients in `docs/clients`, through a relay that counts their requests and loses
//! responses. `gatehouse_client.mjs` and `gatehouse_client.py` act; this file counts.
//!
//! The service has no grace window, so a refresh that is repeated with another key, or by
//! a second caller, ends the session and fails the scenario.

use std::collections::BTreeSet;

use http::StatusCode;

use crate::relay::Reaction;
use crate::scenario::{ALL, Kind, PYTHON, REFRESH, run};

const PROTECTED: &str = "GET /protected";

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_cause_one_refresh() -> anyhow::Result<()> {
    for run in run("many_callers", &ALL, &[]).await? {
        run.refreshes(1).await?;
        run.requests(PROTECTED, 100);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_clients_with_one_storage_cause_one_refresh() -> anyhow::Result<()> {
    for run in run("many_clients", &ALL, &[]).await? {
        run.refreshes(1).await?;
        run.requests(PROTECTED, 100);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_processes_with_one_file_cause_one_refresh() -> anyhow::Result<()> {
    for run in run("many_processes", &PYTHON, &[]).await? {
        run.refreshes(1).await?;
        run.requests(PROTECTED, 100);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refused_callers_cause_one_refresh() -> anyhow::Result<()> {
    for run in run("many_refused", &ALL, &[]).await? {
        run.refreshes(1).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_refused_token_is_refreshed_and_its_request_sent_again() -> anyhow::Result<()> {
    for run in run("refused", &ALL, &[]).await? {
        run.requests("POST /logout", 2);
        run.requests("GET /admin", 1);
        run.requests("PUT /me/password", 1);
        run.refreshes(1).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_sent_again_only_once() -> anyhow::Result<()> {
    let refused = Reaction::respond(StatusCode::FORBIDDEN, 0, r#"{"message":"Forbidden"}"#);
    let reactions = [("GET /me", refused.clone()), ("GET /me", refused)];
    for run in run("always_refused", &ALL, &reactions).await? {
        run.requests("GET /me", 2);
        run.refreshes(1).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_whose_response_is_lost_is_repeated_with_its_key() -> anyhow::Result<()> {
    for run in run("lost", &ALL, &[(REFRESH, Reaction::Lose)]).await? {
        let keys = run.keys();
        assert_eq!(keys.len(), 3, "{:?}", run.kind);
        assert_eq!(keys[0], keys[1], "{:?}", run.kind);
        assert_ne!(keys[1], keys[2], "{:?}", run.kind);
        assert!(keys.iter().all(|key| key.len() >= 22), "{:?}", run.kind);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_client_repeats_the_refresh_with_the_stored_key() -> anyhow::Result<()> {
    let reactions = [(); 3].map(|()| (REFRESH, Reaction::Lose));
    for run in run("lost_and_restarted", &ALL, &reactions).await? {
        let keys = run.keys();
        assert_eq!(
            keys.len(),
            4,
            "all callers share one failure: {:?}",
            run.kind
        );
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_service_logs_no_client_out() -> anyhow::Result<()> {
    let body = r#"{"error":"temporarily_unavailable"}"#;
    let reactions = [
        (
            REFRESH,
            Reaction::respond(StatusCode::SERVICE_UNAVAILABLE, 2, body),
        ),
        (REFRESH, Reaction::Pass),
        // Longer than a caller should wait.
        (
            REFRESH,
            Reaction::respond(StatusCode::SERVICE_UNAVAILABLE, 60, body),
        ),
    ];
    for run in run("unavailable", &ALL, &reactions).await? {
        let keys = run.keys();
        assert_eq!(keys.len(), 4, "{:?}", run.kind);
        assert_eq!(keys[0], keys[1], "{:?}", run.kind);
        assert_eq!(keys[2], keys[3], "{:?}", run.kind);
        assert_ne!(keys[1], keys[2], "{:?}", run.kind);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_login_says_when_to_try_again() -> anyhow::Result<()> {
    let throttled = Reaction::respond(
        StatusCode::TOO_MANY_REQUESTS,
        7,
        r#"{"code":"too_many_requests"}"#,
    );
    for run in run("throttled", &ALL, &[("POST /login", throttled)]).await? {
        run.requests("POST /login", 2);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_elsewhere_logs_the_client_out() -> anyhow::Result<()> {
    for run in run("ended_elsewhere", &ALL, &[]).await? {
        run.requests(REFRESH, 1);
        run.requests(PROTECTED, 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_even_if_its_response_is_lost() -> anyhow::Result<()> {
    for run in run("logout", &ALL, &[("POST /revoke", Reaction::Lose)]).await? {
        run.requests("POST /revoke", 2);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_not_sent_again_as_another_user() -> anyhow::Result<()> {
    for run in run("another_user", &ALL, &[]).await? {
        run.requests("GET /me", 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_task_does_not_stop_the_refresh() -> anyhow::Result<()> {
    for run in run("cancelled", &[Kind::Asyncio], &[]).await? {
        run.refreshes(1).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_and_no_object_shows_a_token() -> anyhow::Result<()> {
    // Tokens that a header cannot hold: the platform's own error would quote them.
    let malformed = Reaction::respond(
        StatusCode::OK,
        0,
        r#"{"access_token":"eyJ\ngh_rt_","refresh_token":"gh_rt_\n","expires_in":900}"#,
    );
    let unparsable = Reaction::respond(StatusCode::OK, 0, r#"{"access_token":"eyJ"#);
    let reactions = [
        ("POST /login", malformed),
        (REFRESH, unparsable.clone()),
        (REFRESH, unparsable.clone()),
        (REFRESH, unparsable),
    ];
    for run in run("secrets", &ALL, &reactions).await? {
        // `run` looks for tokens; here is what it looked through.
        assert!(run.output.len() > 500, "{}", run.output);
    }
    Ok(())
}
