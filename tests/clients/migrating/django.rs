//! `docs/migrating/from-django.md`: a project before and after the move, over HTTP.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::document::Step;
use gatehouse_tests::tokens::Mint;
use reqwest::Method;
use serde_json::json;

use super::page::Page;
use super::project::{Project, scripts};
use super::server::Server;
use crate::install;

const PAGE: &str = "docs/migrating/from-django.md";
const THIS: &str = "tests/clients/migrating/django.rs";
/// Everyone's password in the old project.
const PASSWORD: &str = "seven quiet otters at dawn";
/// The template's default for `AccessTokenTtlSeconds`.
const LIFETIME: Duration = Duration::from_mins(15);

const ROUTES: [(Method, &str); 3] = [
    (Method::GET, "/me"),
    (Method::GET, "/drafts"),
    (Method::POST, "/publish"),
];

/// The old project's users, moved as the page says.
struct Moved {
    service: Service,
    project: Project,
    /// The command that starts the new application.
    start: Step,
}

impl Moved {
    async fn follow_the_page() -> anyhow::Result<Self> {
        let service = Service::start().await?;
        let page = Page::read(PAGE)?;
        let project = Project::of(&service)?;
        let mut startproject = project.command("django-admin");
        startproject.args(["startproject", "shop", "."]);
        ensure!(startproject.status()?.success(), "startproject failed");
        project.script("seed_django.py", &[PASSWORD])?;
        let mut steps = page.steps_run_by(THIS);
        let start = steps.pop().context("the page starts the application")?;
        let link = steps
            .iter()
            .position(|step| step.commands.contains("startapp"));
        let link = steps.split_off(link.context("the page creates an app")? + 1);
        project.follow(steps, |commands| commands).await?;
        project.write_programs(&page)?;
        let url = service.issuer().to_owned();
        let keep = move |commands: String| {
            let created = commands.replace("create shop", "create shop | tee client.txt");
            format!("export ISSUER={url} CLIENT_ID=shop CLIENT_SECRET=\n{created}")
        };
        project.follow(link, keep).await?;
        Ok(Self {
            service,
            project,
            start,
        })
    }

    /// Starts the application; its clock is ahead by a time.
    async fn app(&self, issuer: &str, ahead: Duration) -> anyhow::Result<Server> {
        let more = "--noreload 127.0.0.1:0";
        self.project.serve(&self.start, more, (issuer, ahead)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_django_project_moves_its_users_and_its_login() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    moved.project.change_roles("--add editor").await?;
    let service = &moved.service;
    let app = moved.app(service.issuer(), Duration::ZERO).await?;
    let later = moved.app(service.issuer(), LIFETIME).await?;
    // The old passwords; whoever had none, or is disabled, does not log in.
    for (username, status) in [
        ("grace@example.org", 200),
        ("max@example.org", 200),
        ("eve", 401),
        ("guest", 401),
    ] {
        let login = service.log_in(username, PASSWORD).await?;
        assert_eq!(login.status, status, "{username}: {login:?}");
    }
    let ada = service.log_in("ada", PASSWORD).await?;
    let token = ada.member("access_token");
    assert_eq!(app.statuses(&ROUTES, &token).await?, [200; 3]);
    let me = app.request(Method::GET, "/me").bearer_auth(&token);
    let me = app.send(me).await?;
    assert_eq!(me.json(), json!({"id": 1, "username": "ada"}));
    // In Django she is a superuser, in Gatehouse she has no role.
    let grace = service.log_in("grace", PASSWORD).await?;
    let grace = grace.member("access_token");
    assert_eq!(app.statuses(&ROUTES, &grace).await?, [200, 403, 403]);

    moved.project.change_roles("--remove editor").await?;
    assert_eq!(app.statuses(&ROUTES, &token).await?, [200, 200, 401]);
    assert_eq!(later.statuses(&ROUTES, &token).await?, [401; 3]);
    let refreshed = service.refresh(&ada.member("refresh_token")).await?;
    let token = refreshed.member("access_token");
    assert_eq!(app.statuses(&ROUTES, &token).await?, [200, 403, 403]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_django_project_lets_no_invalid_token_in_and_fails_closed() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    let service = &moved.service;
    let app = moved.app(service.issuer(), Duration::ZERO).await?;
    let login = service.log_in("ada", PASSWORD).await?;
    let token = login.member("access_token");
    let me = service.get_as(&token, "/me").await?;
    let person = gatehouse_tests::Person {
        id: me.member("id"),
        ..gatehouse_tests::Person::with_username("ada")
    };
    let mint = Mint::of(service).await?;
    // The control for the others; its session need not exist, only not be revoked.
    let valid = app.statuses(&ROUTES, &mint.valid(&person)?).await?;
    assert_eq!(valid, [200, 403, 403]);
    for (token, what) in [
        (mint.expired(&person)?, "expired"),
        (mint.foreign_issuer(&person)?, "another issuer"),
        (mint.wrong_audience(&person)?, "another audience"),
        (mint.foreign_key(&person)?, "an unpublished key"),
        (login.member("refresh_token"), "a refresh token"),
        ("eyJhbGciOiJub25lIn0.e30.".to_owned(), "no signature"),
    ] {
        assert_eq!(app.statuses(&ROUTES, &token).await?, [401; 3], "{what}");
    }
    // Nothing listens there.
    let without = moved.app("http://127.0.0.1:9", Duration::ZERO).await?;
    assert_eq!(without.statuses(&ROUTES, &token).await?, [401, 401, 503]);
    let _outage = service.cut_off_tables().await?;
    assert_eq!(app.statuses(&ROUTES, &token).await?, [200, 403, 503]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_django_begin_with_a_password_in_gatehouse() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let moved = Moved::follow_the_page().await?;
    let settings = [("ISSUER", moved.service.issuer()), ("CLIENT_ID", "shop")];
    let mut script = moved.project.command("python");
    script
        .arg(scripts().join("session_django.py"))
        .arg(PASSWORD)
        .envs(settings)
        .env("CLIENT_SECRET", "unused");
    let output = script.output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    Ok(())
}
