//! `Path=/` sends the refresh cookie to every function behind the domain. None of them
//! logs it.

use gatehouse_tests::Service;
use gatehouse_tests::page::{COOKIE, COOKIES, ORIGIN, Page};
use gatehouse_tests::service::{MAIL_FROM, parameters};
use reqwest::Method;
use serde_json::json;

use crate::every_endpoint::{AUTHENTICATING, PROTECTED, PROVING, PUBLIC};

/// What no line may contain.
const CANARIES: [&str; 2] = ["canary-of-a-cookie-7Qz", "canary-of-another-8Qz"];

#[tokio::test]
async fn no_cookie_is_logged_whatever_route_it_is_sent_to() -> anyhow::Result<()> {
    let mut pairs = COOKIES.to_vec();
    pairs.extend([("LogLevel", "debug"), MAIL_FROM]);
    let service = Service::start_locally(|options| options.parameters = parameters(&pairs)).await?;
    let mut secrets: Vec<String> = CANARIES.map(str::to_owned).into();
    for kind in ["valid", "forged", "malformed", "twice"] {
        let ada = service.registered("ada").await?;
        let mut page = Page::open();
        let ada = page.log_in(&service, &ada).await?;
        let cookie = page.cookie.clone().unwrap_or_default();
        let sent = match kind {
            "forged" => format!("{COOKIE}={}", cookie.replace("gh_rt_", "gh_rt_B")),
            "malformed" => format!("{COOKIE}=\"{}\"", CANARIES[1]),
            "twice" => format!("{COOKIE}={cookie}; {COOKIE}={}", CANARIES[1]),
            _ => format!("{COOKIE}={cookie}"),
        };
        let cookies = format!("theirs={}; {sent}", CANARIES[0]);
        let open = PUBLIC.iter().chain(&AUTHENTICATING).chain(&PROVING);
        for (method, path) in open.chain(&PROTECTED) {
            // The session has to last until the end.
            let ends = ["/revoke", "/logout"].contains(path);
            for token in [None, Some(&ada.access_token)] {
                let method: Method = method.parse()?;
                let body = if ends && kind == "valid" { "[" } else { "{}" };
                let request = service.request(method, path).body(body);
                let request = request
                    .header("content-type", "application/json")
                    .header("origin", ORIGIN)
                    .header("cookie", &cookies);
                let request = match token {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                };
                let response = service.send(request).await?;
                assert_ne!(response.status, 500, "{kind}: {response}");
                assert!(!response.text.contains("canary"), "{response}");
            }
        }
        let _refreshed = page.refresh(&service).await?;
        let response = page.post(&service, "/revoke", &json!({})).await?;
        response.assert_status(200);
        secrets.extend([Some(cookie), page.cookie].into_iter().flatten());
    }
    send_events_that_are_none(&service).await?;
    // A MAC is as sensitive as its token.
    let macs: Vec<String> = secrets
        .iter()
        .filter_map(|secret| secret.get(secret.len().saturating_sub(40)..))
        .map(str::to_owned)
        .collect();
    secrets.extend(macs);

    let logs = service.logs().await?;
    for event in ["login_succeeded", "token_refreshed", "session_revoked"] {
        assert!(logs.iter().any(|line| line.contains(event)), "{event}");
    }
    for line in &logs {
        let shown: String = line.chars().take(60).collect();
        let found = secrets.iter().any(|secret| line.contains(secret.as_str()));
        assert!(!found, "a cookie in {shown}");
    }
    Ok(())
}

/// Events whose cookies no parser accepts.
async fn send_events_that_are_none(service: &Service) -> anyhow::Result<()> {
    let [one, two] = CANARIES;
    for cookies in [json!(one), json!([one, 7]), json!({ one: two })] {
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /refresh",
            "rawPath": "/refresh",
            "cookies": cookies,
            "requestContext": { "http": { "method": "POST" } },
        });
        let event = event.to_string();
        for function in [
            "account",
            "admin",
            "introspect",
            "jwks",
            "login",
            "logout",
            "protected",
            "refresh",
            "register",
        ] {
            let response = service.invoke(function, event.as_bytes());
            let response = response.await?.map_err(anyhow::Error::msg)?;
            let response = String::from_utf8_lossy(&response).into_owned();
            assert!(response.contains("\"statusCode\":400"), "{response}");
            assert!(!response.contains("canary"), "{function}: {response}");
        }
    }
    Ok(())
}
