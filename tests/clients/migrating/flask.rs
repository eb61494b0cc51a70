//! `docs/migrating/from-flask-jwt.md`: the application before and after the move, over HTTP.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::document::Step;
use gatehouse_tests::tokens::Mint;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::json;

use super::page::Page;
use super::project::Project;
use super::server::Server;
use crate::install;

const PAGE: &str = "docs/migrating/from-flask-jwt.md";
const THIS: &str = "tests/clients/migrating/flask.rs";
/// Everyone's password in the old application.
const PASSWORD: &str = "seven quiet otters at dawn";
/// The template's default for `AccessTokenTtlSeconds`.
const LIFETIME: Duration = Duration::from_mins(15);

/// The old application's users, moved as the page says.
struct Moved {
    service: Service,
    project: Project,
    /// The command that starts the new application.
    start: Step,
}

/// The new application.
struct App(Server);

impl Moved {
    async fn follow_the_page() -> anyhow::Result<Self> {
        let service = Service::start().await?;
        let page = Page::read(PAGE)?;
        let project = Project::of(&service)?;
        project.write_programs(&page)?;
        project.script("seed_flask.py", &[PASSWORD])?;
        let mut steps = page.steps_run_by(THIS);
        let start = steps.pop().context("the page starts the application")?;
        let keep = |commands: String| {
            commands.replace("create flask-app", "create flask-app | tee client.txt")
        };
        project.follow(steps, keep).await?;
        Ok(Self {
            service,
            project,
            start,
        })
    }

    /// Starts the application; its clock is ahead by a time.
    async fn app(&self, ahead: Duration) -> anyhow::Result<App> {
        self.app_of(self.service.issuer(), ahead).await
    }

    async fn app_of(&self, issuer: &str, ahead: Duration) -> anyhow::Result<App> {
        let server = self.project.serve(&self.start, "--port 0", (issuer, ahead));
        Ok(App(server.await?))
    }

    /// Logs in at the application with the old password.
    async fn log_in(&self, app: &App, username: &str) -> anyhow::Result<Response> {
        let body = json!({"username": username, "password": PASSWORD});
        let request = app.0.request(Method::POST, "/login").json(&body);
        app.0.send(request).await
    }
}

impl App {
    async fn call(&self, path: &str, token: &str) -> anyhow::Result<Response> {
        let route = ROUTES.iter().find(|(_, known)| *known == path);
        let (method, path) = route.context("an unknown route")?;
        let request = self.0.request(method.clone(), path).bearer_auth(token);
        self.0.send(request).await
    }

    async fn statuses(&self, token: &str) -> anyhow::Result<[u16; 4]> {
        self.0.statuses(&ROUTES, token).await
    }
}

const ROUTES: [(Method, &str); 4] = [
    (Method::GET, "/me"),
    (Method::GET, "/drafts"),
    (Method::POST, "/publish"),
    (Method::POST, "/payout"),
];

fn challenge(response: &Response) -> &str {
    response.header("www-authenticate")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flask_application_moves_its_users_and_its_login() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    let app = moved.app(Duration::ZERO).await?;
    // The old passwords, also by e-mail address; a disabled account stays disabled.
    let ada = moved.log_in(&app, "ada").await?;
    assert_eq!(ada.status, 200, "{ada:?}");
    assert_eq!(moved.log_in(&app, "grace@example.org").await?.status, 200);
    assert_eq!(moved.log_in(&app, "eve").await?.status, 401);

    let token = ada.member("access_token");
    assert_eq!(app.statuses(&token).await?, [200; 4]);
    let me = app.call("/me", &token).await?;
    assert_eq!(me.json(), json!({"id": 1, "team": "ada's team"}));

    // Grace is not an editor.
    let grace = moved.log_in(&app, "grace").await?.member("access_token");
    assert_eq!(app.statuses(&grace).await?, [200, 403, 403, 200]);
    let refused = app.call("/drafts", &grace).await?;
    assert_eq!(challenge(&refused), "Bearer error=\"insufficient_scope\"");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flask_application_refuses_a_token_in_time_after_a_change_of_roles() -> anyhow::Result<()>
{
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    let app = moved.app(Duration::ZERO).await?;
    let later = moved.app(LIFETIME).await?;
    let almost = moved.app(LIFETIME.saturating_sub(Duration::from_mins(1)));
    let almost = almost.await?;
    let ada = moved.log_in(&app, "ada").await?;
    let token = ada.member("access_token");
    assert_eq!(app.statuses(&token).await?, [200; 4]);

    moved.project.change_roles("--remove editor").await?;
    // With introspection at once, with the published keys when the token expires.
    assert_eq!(app.statuses(&token).await?, [200, 200, 401, 401]);
    assert_eq!(almost.statuses(&token).await?, [200, 200, 401, 401]);
    assert_eq!(later.statuses(&token).await?, [401; 4]);
    let refused = app.call("/publish", &token).await?;
    assert_eq!(challenge(&refused), "Bearer error=\"invalid_token\"");

    let refreshed = moved.service.refresh(&ada.member("refresh_token")).await?;
    let token = refreshed.member("access_token");
    assert_eq!(app.statuses(&token).await?, [200, 403, 403, 200]);
    // The refreshed token says when the password was entered.
    let six_minutes_later = moved.app(Duration::from_mins(6)).await?;
    let old = six_minutes_later.call("/payout", &token).await?;
    assert_eq!(old.status, 401);
    let expected = "Bearer error=\"insufficient_user_authentication\", max_age=300";
    assert_eq!(challenge(&old), expected);

    // A logout takes effect just as soon.
    let session = json!({"scope": "local"});
    let logout = moved.service.post_as(&token, "/logout", &session).await?;
    logout.assert_no_content();
    assert_eq!(app.statuses(&token).await?, [200, 403, 401, 401]);
    assert_eq!(later.statuses(&token).await?, [401; 4]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flask_application_lets_no_invalid_token_in() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    let app = moved.app(Duration::ZERO).await?;
    let ada = moved.log_in(&app, "ada").await?;
    let me = moved
        .service
        .get_as(&ada.member("access_token"), "/me")
        .await?;
    let person = Person {
        id: me.member("id"),
        ..Person::with_username("ada")
    };
    let mint = Mint::of(&moved.service).await?;
    // The control for the others; its session need not exist, only not be revoked.
    let valid = app.call("/me", &mint.valid(&person)?).await?;
    assert_eq!(valid.status, 200, "{valid:?}");
    for (token, what) in [
        (mint.expired(&person)?, "expired"),
        (mint.foreign_issuer(&person)?, "another issuer"),
        (mint.wrong_audience(&person)?, "another audience"),
        (mint.foreign_key(&person)?, "an unpublished key"),
        (ada.member("refresh_token"), "a refresh token"),
        ("eyJhbGciOiJub25lIn0.e30.".to_owned(), "no signature"),
        ("garbage".to_owned(), "garbage"),
    ] {
        assert_eq!(app.statuses(&token).await?, [401; 4], "{what}");
    }
    for header in [None, Some("Basic YTpi"), Some("Bearer"), Some("JWT x")] {
        let request = app.0.request(Method::GET, "/me");
        let request = match header {
            Some(value) => request.header("Authorization", value),
            None => request,
        };
        let response = app.0.send(request).await?;
        assert_eq!(response.status, 401, "{header:?}");
        assert!(challenge(&response).starts_with("Bearer"), "{header:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flask_application_fails_closed_without_gatehouse() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    let app = moved.app(Duration::ZERO).await?;
    let token = moved.log_in(&app, "ada").await?.member("access_token");
    ensure!(app.call("/me", &token).await?.status == 200);
    // Nothing listens there.
    let without = moved.app_of("http://127.0.0.1:9", Duration::ZERO).await?;
    assert_eq!(without.statuses(&token).await?, [503; 4]);
    // With the tables down, introspection returns 503.
    let _outage = moved.service.cut_off_tables().await?;
    assert_eq!(app.statuses(&token).await?, [200, 200, 503, 503]);
    Ok(())
}
