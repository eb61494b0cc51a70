//! The data of the console of `cargo local`: what it shows, and to whom. The page itself is
//! tested in Chromium, in `tests/browser/console.rs`.

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::response::Response;
use gatehouse_tests::service::parameters;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// A local stack, even if the other tests use a deployed one: nothing else has a console.
async fn service() -> anyhow::Result<Service> {
    Service::start_locally(|_| ()).await
}

async fn data(service: &Service, name: &str) -> anyhow::Result<Value> {
    let response = service.get(&format!("/_gatehouse/data/{name}")).await?;
    response.assert_status(200);
    Ok(response.json())
}

async fn rotate(service: &Service, now: bool) -> anyhow::Result<Response> {
    let request = service
        .request(Method::POST, "/_gatehouse/data/rotation")
        .header("origin", service.url())
        .json(&json!({ "now": now }));
    service.send(request).await
}

/// The state and the generation of a person's session.
async fn session(service: &Service, ada: &Person) -> anyhow::Result<(String, u64)> {
    let state = data(service, "state").await?;
    let users = state["accounts"]["users"].as_array().context("no users")?;
    let user = users.iter().find(|user| user["sub"] == ada.id.as_str());
    let user = user.context("the user is missing")?;
    assert_eq!(user["roles"], json!(["user"]));
    let sessions = user["sessions"].as_array().context("no sessions")?;
    let found = sessions
        .iter()
        .find(|it| it["sid"] == ada.session().as_str());
    let found = found.context("the session is missing")?;
    let state = found["state"].as_str().unwrap_or_default().to_owned();
    Ok((state, found["generation"].as_u64().unwrap_or_default()))
}

#[tokio::test]
async fn a_session_is_shown_from_its_login_to_its_end() -> anyhow::Result<()> {
    let service = service().await?;
    let ada = service.logged_in("ada").await?;
    assert_eq!(session(&service, &ada).await?, ("active".to_owned(), 0));
    let once = ada.refreshes(&service).await?;
    let twice = once.refreshes(&service).await?;
    assert_eq!(session(&service, &ada).await?, ("active".to_owned(), 2));
    // A replay of a token whose successor has been used.
    ada.cannot_refresh(&service).await?;
    assert_eq!(session(&service, &ada).await?, ("revoked".to_owned(), 2));
    let events = data(&service, "events").await?;
    let lines = events["events"].as_array().context("no events")?;
    let replay = lines
        .iter()
        .find(|line| line["fields"]["event"] == "refresh_reuse_detected");
    let replay = replay.context("the replay is not in the stream")?;
    assert_eq!(replay["function"], "refresh");
    assert_eq!(replay["fields"]["sid"], ada.session());
    let last = events["last"].as_u64().context("no number")?;
    let after = data(&service, &format!("events?after={last}")).await?;
    assert_eq!(after["events"], json!([]));
    twice.is_shut_out(&service).await?;
    let after = data(&service, &format!("events?after={last}")).await?;
    let refused = &after["events"][0]["fields"];
    assert_eq!(refused["event"], "authorization_denied");
    Ok(())
}

#[tokio::test]
async fn a_user_whose_sessions_were_ended_has_none_that_is_active() -> anyhow::Result<()> {
    let service = service().await?;
    let ada = service.logged_in("ada").await?;
    ada.logs_out(&service, "global").await?;
    let (state, _) = session(&service, &ada).await?;
    assert_eq!(state, "ended");
    Ok(())
}

#[tokio::test]
async fn the_authorizers_decision_is_found_by_the_id_of_the_request() -> anyhow::Result<()> {
    let service = service().await?;
    let ada = service.logged_in("ada").await?;
    let record = async |response: Response| {
        let id = response.header("apigw-requestid").to_owned();
        data(&service, &format!("requests/{id}")).await
    };
    let allowed = record(service.get_as(&ada.access_token, "/protected").await?).await?;
    let request = &allowed["request"];
    assert_eq!(request["route"], "GET /protected");
    assert_eq!(request["status"], 200);
    assert_eq!(request["authorizer"]["function"], "authorizer");
    assert_eq!(request["authorizer"]["decision"], "allowed");
    assert_eq!(request["authorizer"]["context"]["sub"], ada.id);

    let denied = record(service.get_as("a.b.c", "/protected").await?).await?;
    assert_eq!(denied["request"]["authorizer"]["decision"], "denied");
    let line = &denied["lines"][0];
    assert_eq!(line["function"], "authorizer");
    assert_eq!(line["fields"]["event"], "authorization_denied");

    let missing = record(service.get("/protected").await?).await?;
    assert_eq!(missing["request"]["authorizer"]["decision"], "not_called");
    assert_eq!(missing["request"]["status"], 401);

    let role = record(service.get_as(&ada.access_token, "/admin").await?).await?;
    assert_eq!(role["request"]["authorizer"]["decision"], "allowed");
    assert_eq!(role["request"]["status"], 403);
    assert_eq!(role["lines"][0]["fields"]["reason"], "missing_role");

    let open = record(service.get("/.well-known/jwks.json").await?).await?;
    assert_eq!(open["request"]["authorizer"], Value::Null);
    let unknown = service.get("/_gatehouse/data/requests/unknown").await?;
    unknown.assert_status(404);
    Ok(())
}

#[tokio::test]
async fn a_rotation_waits_for_verifiers_unless_it_is_to_happen_now() -> anyhow::Result<()> {
    let service = service().await?;
    let before = service.signing_kid().await?;
    let early = rotate(&service, false).await?;
    early.assert_status(200);
    assert_eq!(early.json()["rotated"], false);
    assert_eq!(service.signing_kid().await?, before);

    let ada = service.logged_in("ada").await?;
    let rotated = rotate(&service, true).await?;
    assert_eq!(rotated.json()["rotated"], true);
    let after = service.signing_kid().await?;
    assert_ne!(after, before);
    let keys = &data(&service, "state").await?["keys"];
    let state = |list: &str, kid: &str| {
        let keys = keys[list].as_array().into_iter().flatten();
        let mut found = keys.filter(|key| key["kid"] == kid);
        found.next().map(|key| key["state"].clone())
    };
    for list in ["signing", "published"] {
        assert_eq!(state(list, &after), Some(json!("active")), "{list}");
        assert_eq!(state(list, &before), Some(json!("retired")), "{list}");
    }
    ada.is_let_in(&service).await
}

#[tokio::test]
async fn a_rotation_by_the_function_is_an_event() -> anyhow::Result<()> {
    let short = parameters(&[("KeyCacheSeconds", "1"), ("MinPendingSeconds", "1")]);
    let service = Service::start_locally(|options| options.parameters = short).await?;
    let before = service.signing_kid().await?;
    let mut rotated = false;
    for _ in 0..20 {
        rotated = rotate(&service, false).await?.json()["rotated"] == true;
        if rotated {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert!(rotated, "the pending key is never promoted");
    assert_ne!(service.signing_kid().await?, before);
    let events = data(&service, "events").await?;
    let lines = events["events"].as_array().into_iter().flatten();
    let mut names = lines.map(|line| &line["fields"]["event"]);
    assert!(names.any(|name| name == "key_rotated"), "{events}");
    Ok(())
}

#[tokio::test]
async fn no_data_has_a_key_a_hash_a_token_or_a_password() -> anyhow::Result<()> {
    let service = service().await?;
    let ada = service.logged_in("ada").await?;
    let next = ada.refreshes(&service).await?;
    let call = service.get_as(&next.access_token, "/protected").await?;
    let id = call.header("apigw-requestid").to_owned();
    let ring = service.key_ring().await?;
    let rotated = rotate(&service, true).await?.text;
    let mut shown = vec![rotated];
    for name in ["state", "events", &format!("requests/{id}")] {
        shown.push(service.get(&format!("/_gatehouse/data/{name}")).await?.text);
    }
    let mut secrets = vec![
        "$argon2".to_owned(),
        "gh_rt_".to_owned(),
        ada.password.clone(),
        next.access_token.clone(),
        next.refresh_token.clone(),
    ];
    for text in [ring, service.key_ring().await?] {
        private_members(&serde_json::from_str(&text)?, &mut secrets);
    }
    assert!(secrets.len() >= 5 + 8, "two rings with four keys each");
    for shown in &shown {
        assert!(shown.contains("sub") || shown.contains("kid"), "{shown}");
        for secret in &secrets {
            assert!(!shown.contains(secret.as_str()), "{shown}");
        }
    }
    Ok(())
}

/// As with `cargo local --watch`, while `cargo lambda watch` is not running.
#[tokio::test]
async fn functions_that_run_elsewhere_are_reported() -> anyhow::Result<()> {
    let remote = Some("http://127.0.0.1:9".to_owned());
    let service = Service::start_locally(|options| options.remote = remote).await?;
    let call = service.get_as("a.b.c", "/protected").await?;
    call.assert_status(500);
    let id = call.header("apigw-requestid");
    let request = &data(&service, &format!("requests/{id}")).await?["request"];
    assert_eq!(request["authorizer"]["decision"], "failed");
    let events = data(&service, "events").await?;
    assert_eq!(events["elsewhere"], true);
    let note = events["events"][0]["fields"]["message"].as_str();
    let note = note.context("no note")?;
    assert!(note.starts_with("authorizer is unreachable"), "{note}");
    let rotation = rotate(&service, false).await?;
    rotation.assert_status(503);
    let message = rotation.member("message");
    assert!(message.contains("rotate-keys is unreachable"), "{message}");
    Ok(())
}

/// Collects every text in a key ring that is not an id, a name or a time: the keys.
fn private_members(value: &Value, found: &mut Vec<String>) {
    const PUBLIC: [&str; 10] = [
        "kid", "id", "alg", "kty", "crv", "use", "state", "x", "y", "since",
    ];
    for (name, value) in value.as_object().into_iter().flatten() {
        if let Some(text) = value.as_str()
            && !PUBLIC.contains(&name.as_str())
        {
            found.push(text.to_owned());
        }
        private_members(value, found);
    }
    for item in value.as_array().into_iter().flatten() {
        private_members(item, found);
    }
}

#[tokio::test]
async fn no_other_page_and_no_rebound_name_gets_the_data() -> anyhow::Result<()> {
    // Even if the API's own CORS rules allow every page.
    let cors = parameters(&[("CorsOrigins", "*")]);
    let service = Service::start_locally(|options| options.parameters = cors).await?;
    let port = service.stack().address().port();
    let foreign: [&[(&str, String)]; 5] = [
        &[("host", format!("evil.example:{port}"))],
        &[("origin", "https://evil.example".to_owned())],
        &[("origin", "http://localhost:5173".to_owned())],
        &[("sec-fetch-site", "cross-site".to_owned())],
        &[("sec-fetch-site", "same-site".to_owned())],
    ];
    for headers in foreign {
        for (method, name) in [
            (Method::GET, "state"),
            (Method::GET, "events"),
            (Method::POST, "rotation"),
        ] {
            let mut request = service.request(method, &format!("/_gatehouse/data/{name}"));
            for (header, value) in headers {
                request = request.header(*header, value);
            }
            let response = service.send(request.json(&json!({ "now": true }))).await?;
            response.case(format!("{headers:?}")).assert_status(403);
        }
    }
    let preflight = service
        .request(Method::OPTIONS, "/_gatehouse/data/rotation")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    let preflight = service.send(preflight).await?;
    preflight.assert_status(403);
    let own = service
        .request(Method::GET, "/_gatehouse/data/state")
        .header("origin", service.url());
    let own = service.send(own).await?;
    own.assert_status(200);
    for response in [preflight, own] {
        assert_eq!(response.header("access-control-allow-origin"), "");
        let policy = response.header("cross-origin-resource-policy");
        assert_eq!(policy, "same-origin");
    }
    Ok(())
}

#[tokio::test]
async fn a_route_of_the_template_keeps_its_home() -> anyhow::Result<()> {
    let template = std::fs::read_to_string(root().join("infra/template.yaml"))?;
    let folder = tempfile::TempDir::new()?;
    let file = folder.path().join("template.yaml");
    let changed = template.replace("RouteKey: GET /protected\n", "RouteKey: GET /\n");
    assert_ne!(changed, template);
    std::fs::write(&file, changed)?;
    let service = Service::start_locally(|options| options.template = file).await?;
    let home = service.get("/").await?;
    home.assert_from_gateway(401, "Unauthorized");
    service.get("/_gatehouse/").await?.assert_status(200);
    Ok(())
}

#[tokio::test]
async fn the_home_leads_to_the_page_which_may_load_only_its_own_files() -> anyhow::Result<()> {
    let service = service().await?;
    for entry in ["/", "/_gatehouse"] {
        let home = service.get(entry).await?;
        home.assert_status(302);
        assert_eq!(home.header("location"), "/_gatehouse/");
    }
    let page = service.get("/_gatehouse/").await?;
    page.assert_status(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let link = service
        .request(Method::GET, "/_gatehouse/")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate");
    service.send(link).await?.assert_status(200);
    for (method, path, status) in [
        (Method::POST, "/_gatehouse/", 405),
        (Method::POST, "/_gatehouse/data/state", 405),
        (Method::GET, "/_gatehouse/data/rotation", 405),
        (Method::GET, "/_gatehouse/data/unknown", 404),
        (Method::GET, "/_gatehouse/console/unknown.js", 404),
    ] {
        let request = service.request(method, path);
        let request = request.header("origin", service.url());
        let response = service.send(request).await?;
        response.case(path).assert_status(status);
    }
    let nonsense = service
        .request(Method::POST, "/_gatehouse/data/rotation")
        .header("origin", service.url())
        .json(&json!({ "now": "yes" }));
    service.send(nonsense).await?.assert_status(400);
    Ok(())
}
