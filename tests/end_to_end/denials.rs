//! What the log says about a denial: whose token it was, if we signed it.

use gatehouse_tests::tokens::Mint;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the denials of requests with this user agent, the latest last.
async fn denials(service: &Service, user_agent: &str) -> anyhow::Result<Vec<Value>> {
    let lines = service.logs().await?;
    let lines = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    let denied =
        |line: &Value| line["event"] == "authorization_denied" && line["user_agent"] == user_agent;
    Ok(lines.filter(denied).collect())
}

/// Sends a request with a token, and returns its denials.
async fn denied(
    service: &Service,
    (method, path): (Method, &str),
    token: &str,
    user_agent: &str,
) -> anyhow::Result<Vec<Value>> {
    let request = service.request(method.clone(), path);
    let request = request.bearer_auth(token).header("user-agent", user_agent);
    let request = match (method, path) {
        (Method::POST, _) => request.form(&[("token", token)]),
        (Method::DELETE, _) => request.json(&json!({ "password": "not the password" })),
        _ => request,
    };
    let response = service.send(request).await?;
    assert!(
        matches!(response.status, 401 | 403),
        "{user_agent}: {}",
        response.status
    );
    denials(service, user_agent).await
}

fn assert_names(line: &Value, person: &Person, case: &str) {
    assert_eq!(line["sub"], *person.id, "{case}");
    assert!(line["sid"].is_string(), "{case}: {line}");
    assert!(line["jti"].is_string(), "{case}: {line}");
}

#[tokio::test]
async fn a_denial_names_the_user_session_and_token_if_the_signature_is_valid() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let mint = Mint::of(&service).await?;
    let out = ada.logs_in_again(&service).await?;
    out.logs_out(&service, "local").await?;
    let (protected, admin) = ((Method::GET, "/protected"), (Method::GET, "/admin/users"));
    let (introspect, delete) = ((Method::POST, "/introspect"), (Method::DELETE, "/me"));
    let valid = ada.access_token.clone();
    for (route, token, reason) in [
        (protected.clone(), mint.expired(&ada)?, "expired"),
        (protected.clone(), mint.wrong_audience(&ada)?, "audience"),
        (protected.clone(), mint.foreign_issuer(&ada)?, "issuer"),
        (protected, out.access_token.clone(), "session_revoked"),
        (admin, valid.clone(), "missing_role"),
        (introspect.clone(), mint.expired(&ada)?, "expired"),
        (introspect, valid.clone(), "missing_scope"),
        (delete, valid, "wrong_password"),
    ] {
        let case = format!("{reason} at {} for {}", route.1, ada.id);
        let lines = denied(&service, route, &token, &case).await?;
        assert_eq!(lines.len(), 1, "{case}: {lines:?}");
        assert_names(&lines[0], &ada, &case);
        assert_eq!(lines[0]["reason"], reason, "{case}");
    }
    Ok(())
}

/// Anyone can write a name into a token that we did not sign.
#[tokio::test]
async fn a_denial_names_nobody_if_the_signature_is_invalid() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let mint = Mint::of(&service).await?;
    let (message, _) = ada.access_token.rsplit_once('.').unwrap_or_default();
    for (case, token) in [
        ("another key", mint.foreign_key(&ada)?),
        ("another signature", format!("{message}.{}", "A".repeat(86))),
        ("garbage", "garbage".to_owned()),
    ] {
        for route in [(Method::GET, "/protected"), (Method::POST, "/introspect")] {
            let case = format!("{case} at {} instead of {}", route.1, ada.id);
            let lines = denied(&service, route, &token, &case).await?;
            assert_eq!(lines.len(), 1, "{case}: {lines:?}");
            for name in ["sub", "sid", "jti"] {
                assert!(lines[0].get(name).is_none(), "{case}: {lines:?}");
            }
        }
    }
    Ok(())
}
