//! `gatehouse clients`, with a running service.

use anyhow::ensure;
use gatehouse_tests::binaries::root;
use gatehouse_tests::{Response, Service, document};
use http::Method;
use serde_json::Value;

use crate::project::Project;

/// Runs a command that prints JSON.
fn run(project: &Project, words: &[&str]) -> anyhow::Result<Value> {
    let words: Vec<&str> = ["clients"].iter().chain(words).copied().collect();
    let done = project.run(&[&words[..], &["--json"]].concat())?;
    ensure!(done.succeeded(), "{done:?}");
    Ok(serde_json::from_str(&done.out)?)
}

async fn introspect(service: &Service, client: &Value, token: &str) -> anyhow::Result<Response> {
    let text = |name: &str| client[name].as_str().unwrap_or_default().to_owned();
    let request = service.request(Method::POST, "/introspect");
    let request = request
        .basic_auth(text("client_id"), Some(text("client_secret")))
        .form(&[("token", token)]);
    service.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_introspects_from_its_creation_to_its_revocation() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let person = service.logged_in("ada").await?;
    let token = person.access_token.as_str();

    let created = run(&project, &["create", "reports"])?;
    let answer = introspect(&service, &created, token).await?;
    assert_eq!(answer.json()["active"], true, "{answer:?}");

    // The function caches a client for ten seconds, so each check needs a new client.
    let old = run(&project, &["create", "mail"])?;
    let new = run(&project, &["rotate", "mail", "--overlap", "1h"])?;
    for client in [&old, &new] {
        assert_eq!(introspect(&service, client, token).await?.status, 200);
    }
    let old = run(&project, &["create", "search"])?;
    let new = run(&project, &["rotate", "search", "--overlap", "0"])?;
    assert_eq!(introspect(&service, &old, token).await?.status, 401);
    assert_eq!(introspect(&service, &new, token).await?.status, 200);
    let gone = run(&project, &["create", "gone"])?;
    run(&project, &["revoke", "gone", "--yes"])?;
    assert_eq!(introspect(&service, &gone, token).await?.status, 401);

    let list = run(&project, &["list"])?;
    let clients = list["clients"].as_array().into_iter().flatten();
    let ids: Vec<&Value> = clients.map(|client| &client["client_id"]).collect();
    assert_eq!(ids, ["mail", "reports", "search"]);
    Ok(())
}

/// Extracts the secret, as a user would do by reading.
const SECRET: &str = "sed -n 's/^Client secret:  //p'";

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_commands_for_introspection_work() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = service.logged_in("ada").await?;
    let project = Project::of(&service)?;
    let page = std::fs::read_to_string(root().join("docs/your-own-services.md"))?;
    let steps = document::steps_run_by("infra/cli/tests/command/clients.rs", &page);
    assert_eq!(steps.len(), 2);
    let mut shell = project.shell();
    shell
        .env("API_URL", service.url())
        .env("ACCESS_TOKEN", &person.access_token);
    let run = move || {
        document::run(&steps, shell, |commands| {
            commands
                .replace("cargo gatehouse", env!("CARGO_BIN_EXE_gatehouse"))
                .replace("create reports", "create reports | tee secret")
                .replace("curl", &format!("CLIENT_SECRET=$({SECRET} secret)\ncurl"))
        })
    };
    tokio::task::spawn_blocking(run).await?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rotation_asks_before_it_ends_a_valid_secret() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let first = run(&project, &["create", "reports"])?;
    run(&project, &["rotate", "reports"])?;
    // There is no terminal.
    let refused = project.run(&["clients", "rotate", "reports"])?;
    assert!(
        !refused.succeeded() && refused.err.contains("--yes"),
        "{refused:?}"
    );
    assert_eq!(introspect(&service, &first, "x").await?.status, 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_arguments_are_refused_and_change_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    run(&project, &["create", "reports"])?;
    for (words, reason) in [
        (
            &["create", "two words"][..],
            "a client id has 1 to 64 characters",
        ),
        (&["create", "a:b"], "a client id has 1 to 64 characters"),
        (&["create", "reports"], "the client reports already exists"),
        (&["rotate", "unknown"], "there is no client unknown"),
        (&["rotate", "reports", "--overlap", "24"], "30m, 24h or 7d"),
        (
            &["rotate", "reports", "--overlap", "31d"],
            "at most 30 days",
        ),
        (
            &["revoke", "unknown", "--yes"],
            "there is no client unknown",
        ),
        (&["revoke", "reports"], "--yes"),
    ] {
        let words: Vec<&str> = ["clients"].iter().chain(words).copied().collect();
        let refused = project.run(&words)?;
        assert!(
            !refused.succeeded() && refused.out.is_empty(),
            "{refused:?}"
        );
        assert!(refused.err.contains(reason), "{refused:?}");
    }
    let list = run(&project, &["list"])?;
    assert_eq!(list["clients"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["clients"][0]["rotated_at"], Value::Null);
    Ok(())
}
