//! The commands on the pages from Auth0, Firebase, Keycloak and Cognito, with exports in
//! their formats.

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use serde_json::{Value, json};

use super::page::Page;
use super::project::Project;
use crate::install;

const THIS: &str = "tests/clients/migrating/people.rs";
/// Everyone's password in the exports that this project writes.
const PASSWORD: &str = "seven quiet otters at dawn";
/// The password and the parameters of the example in Firebase's own documentation.
const FIREBASE_PASSWORD: &str = "user1password";
const FIREBASE: &str = "export ROUNDS=8 MEM_COST=14 BASE64_SALT_SEPARATOR=Bw== \
    BASE64_SIGNER_KEY=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==\n";

/// Follows the commands of a page; returns the service with the imported users.
async fn follow(page: &str) -> anyhow::Result<(Service, Project)> {
    let service = Service::start().await?;
    let page = Page::read(page)?;
    let project = Project::of(&service)?;
    project.write_programs(&page)?;
    project.script("seed_exports.py", &[PASSWORD])?;
    let keep = |commands: String| {
        let kept = commands.replace("recover ada", "recover ada | tee code.txt");
        format!("{FIREBASE}{kept}")
    };
    project.follow(page.steps_run_by(THIS), keep).await?;
    Ok((service, project))
}

/// Expects a login to have a status; returns the account after a success.
async fn log_in(
    service: &Service,
    (name, password, status): (&str, &str, u16),
) -> anyhow::Result<Value> {
    let login = service.log_in(name, password).await?;
    ensure!(login.status == status, "{name}: {login:?}");
    if status != 200 {
        return Ok(Value::Null);
    }
    let me = service.get_as(&login.member("access_token"), "/me").await?;
    Ok(me.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_auth0_and_firebase_log_in_with_their_old_passwords() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let (service, _project) = follow("docs/migrating/from-auth0-and-firebase.md").await?;
    let ada = log_in(&service, ("ada@example.org", PASSWORD, 200)).await?;
    assert_eq!(ada["username"], "auth0-5dea9f9c82dd7c0e76e4ec93");
    assert_eq!(ada["created_at"], "2019-12-06T18:36:12Z");
    let user = log_in(&service, ("user1@test.com", FIREBASE_PASSWORD, 200)).await?;
    assert_eq!(user["username"], "user-kYi4EvWQlQTKSfnJ3dRSP6IH3ed2");
    assert_eq!(user["created_at"], "2017-10-25T01:12:05Z");
    for name in [
        "grace@example.org", // blocked
        "max@example.org",   // a social login
        "user2@test.com",    // disabled
        "user3@test.com",    // without a hash
    ] {
        log_in(&service, (name, PASSWORD, 401)).await?;
        log_in(&service, (name, FIREBASE_PASSWORD, 401)).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_keycloak_log_in_with_their_old_passwords_and_roles() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let (service, _project) = follow("docs/migrating/from-keycloak.md").await?;
    let ada = log_in(&service, ("ada", PASSWORD, 200)).await?;
    assert_eq!(ada["roles"], json!(["editor", "user"]));
    assert_eq!(ada["id"], "fzt8bjw5TQyPfgqPXp0rAQ");
    let grace = log_in(&service, ("grace@example.org", PASSWORD, 200)).await?;
    assert_eq!(grace["roles"], json!(["user"]));
    let expected = "user-7f3b7c6e-3c39-4d0c-8f7e-0a8f5e9d2b02";
    assert_eq!(grace["username"], expected);
    log_in(&service, ("max", PASSWORD, 401)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_cognito_set_a_password_with_a_recovery_code() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let (service, project) = follow("docs/migrating/from-cognito.md").await?;
    log_in(&service, ("ada", PASSWORD, 401)).await?;
    let printed = std::fs::read_to_string(project.path("code.txt"))?;
    let code = printed.lines().find(|line| line.starts_with("gh_rc_"));
    let code = code.context("the command printed no code")?;
    let reset = service.reset_password(code, PASSWORD).await?;
    ensure!(reset.status == 204, "{reset:?}");
    let ada = log_in(&service, ("ada@example.org", PASSWORD, 200)).await?;
    assert_eq!(ada["roles"], json!(["editor", "user"]));
    assert_eq!(ada["created_at"], "2023-07-22T01:21:29Z");
    // The address of Grace was not verified, and she has no other way to log in.
    log_in(&service, ("grace@example.org", PASSWORD, 401)).await?;
    Ok(())
}
