//! `gatehouse users`, beside a running service.

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use serde_json::json;

use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_made_and_unmade_while_the_service_runs() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let refused = project.run(&["users", "promote", "ada-1"])?;
    assert!(
        !refused.succeeded() && refused.out.is_empty(),
        "nobody is there: {refused:?}"
    );

    let mut person = service.logged_in("ada").await?;
    let name = person.username.clone();
    let before = person.access_token.clone();
    assert_eq!(service.get_as(&before, "/admin").await?.status, 403);
    let promoted = project.run(&["users", "promote", &name])?;
    ensure!(promoted.succeeded(), "{promoted:?}");
    assert!(
        promoted.out.contains("has the roles admin user now"),
        "{promoted:?}"
    );
    // The old token says otherwise, and is refused.
    assert_eq!(service.get_as(&before, "/protected").await?.status, 403);
    let refreshed = service.refresh(&person.refresh_token).await?;
    let token = refreshed.member("access_token");
    assert_eq!(service.get_as(&token, "/admin").await?.status, 200);

    let last = project.run(&["users", "disable", &name, "--yes"])?;
    assert!(
        !last.succeeded() && last.err.contains("last administrator"),
        "{last:?}"
    );
    assert_eq!(service.get_as(&token, "/admin").await?.status, 200);

    let other = service.logged_in("eve").await?;
    ensure!(
        project
            .run(&["users", "promote", &other.username])?
            .succeeded()
    );
    let disabled = project.run(&["users", "disable", &name, "--yes"])?;
    ensure!(disabled.succeeded(), "{disabled:?}");
    assert_eq!(service.get_as(&token, "/protected").await?.status, 403);
    assert!(person.log_in(&service).await.is_err());
    let editor = project.run(&["users", "roles", &other.username, "--add", "editor"])?;
    assert!(
        editor.succeeded()
            && editor
                .err
                .contains("RoleScopes grants nothing to the role editor"),
        "{editor:?}"
    );
    ensure!(project.run(&["users", "enable", &name])?.succeeded());
    person.log_in(&service).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_made_by_the_command_logs_in_and_its_password_is_shown_nowhere()
-> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        let closed = ("Registration".to_owned(), "closed".to_owned());
        options.parameters.extend([closed]);
    })
    .await?;
    let project = Project::of(&service)?;
    let password = "canary of quiet otters at dawn";
    let words = ["users", "create", "Ada", "--role", "admin", "--json"];
    let weak = project.run_with_input(&words, "canary\n")?;
    assert!(
        !weak.succeeded() && weak.err.contains("fewer than 15"),
        "{weak:?}"
    );
    assert!(!weak.err.contains("canary"), "{weak:?}");
    let made = project.run_with_input(&words, &format!("{password}\n"))?;
    ensure!(made.succeeded(), "{made:?}");
    assert!(
        !made.out.contains("canary") && !made.err.contains("canary"),
        "{made:?}"
    );
    let made: serde_json::Value = serde_json::from_str(&made.out)?;
    assert_eq!(made["user"]["roles"], json!(["admin"]));

    let body = json!({ "username": "ada", "password": password });
    let login = service.post("/login", &body).await?;
    ensure!(login.status == 200, "{login:?}");
    let token = login.member("access_token");
    assert_eq!(service.get_as(&token, "/admin").await?.status, 200);

    let unasked = project.run_with_input(&["users", "revoke-sessions", "ada"], "ada\n")?;
    assert!(
        !unasked.succeeded() && unasked.err.contains("--yes"),
        "{unasked:?}"
    );
    assert_eq!(service.get_as(&token, "/admin").await?.status, 200);
    ensure!(
        project
            .run(&["users", "revoke-sessions", "ada", "--yes"])?
            .succeeded()
    );
    assert_eq!(service.get_as(&token, "/admin").await?.status, 403);
    let refreshed = service.refresh(&login.member("refresh_token")).await?;
    assert_eq!(refreshed.status, 400);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_forgot_the_password_comes_back_with_a_code_and_once_alone() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let mut person = service.logged_in("ada").await?;
    let name = person.username.clone();
    let ended = project.run(&["users", "recover", &name, "--json"])?;
    ensure!(ended.succeeded(), "the code is not given");
    let printed: serde_json::Value = serde_json::from_str(&ended.out)?;
    let code = printed["code"].as_str().context("there is no code")?;

    person.password = "nine patient herons in the rain".to_owned();
    let body = json!({ "code": code, "new_password": person.password });
    let reset = service.post("/password/reset", &body).await?;
    assert_eq!(reset.status, 204);
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        403
    );
    assert_eq!(service.refresh(&person.refresh_token).await?.status, 400);
    person.log_in(&service).await?;
    assert_eq!(service.post("/password/reset", &body).await?.status, 400);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_gone_at_the_next_request() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let mut person = service.logged_in("ada").await?;
    let name = person.username.clone();
    let deleted = project.run(&["users", "delete", &name, "--yes"])?;
    ensure!(deleted.succeeded(), "{deleted:?}");
    assert_eq!(
        deleted.out,
        format!("{name} is deleted; sessions that went along: 1.\n")
    );
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        403
    );
    assert_eq!(service.refresh(&person.refresh_token).await?.status, 400);
    assert!(person.log_in(&service).await.is_err());
    let listed = project.run(&["users", "list"])?;
    assert_eq!(listed.out, "accounts: 0\n");
    Ok(())
}
