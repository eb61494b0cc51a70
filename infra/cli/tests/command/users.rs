//! `gatehouse users`, with a running service.

use anyhow::{Context as _, ensure};
use gatehouse_tests::service::{MAIL_FROM, parameters};
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_promoted_and_disabled_while_the_service_runs() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let refused = project.run(&["users", "promote", "ada-1"])?;
    assert!(
        !refused.succeeded() && refused.out.is_empty(),
        "there is no such user: {refused:?}"
    );

    let mut ada = service.logged_in("ada").await?;
    let name = ada.username.clone();
    ada.lacks_the_role_for(&service, "/admin").await?;
    let promoted = project.run(&["users", "promote", &name])?;
    ensure!(promoted.succeeded(), "{promoted:?}");
    assert!(
        promoted.out.contains("now has the roles admin user"),
        "{promoted:?}"
    );
    // The old token lacks the role, and is refused.
    ada.is_shut_out(&service).await?;
    // The session has the role, and the scopes that it began with.
    ada.refreshes(&service)
        .await?
        .lacks_the_role_for(&service, "/admin")
        .await?;
    ada.log_in(&service).await?;
    ada.is_let_in_at(&service, "/admin").await?;

    let last = project.run(&["users", "disable", &name, "--yes"])?;
    assert!(
        !last.succeeded() && last.err.contains("last administrator"),
        "{last:?}"
    );
    ada.is_let_in_at(&service, "/admin").await?;

    let other = service.logged_in("eve").await?;
    ensure!(
        project
            .run(&["users", "promote", &other.username])?
            .succeeded()
    );
    let disabled = project.run(&["users", "disable", &name, "--yes"])?;
    ensure!(disabled.succeeded(), "{disabled:?}");
    ada.is_shut_out(&service).await?;
    ada.cannot_log_in(&service).await?;
    let editor = project.run(&["users", "roles", &other.username, "--add", "editor"])?;
    assert!(
        editor.succeeded()
            && editor
                .err
                .contains("RoleScopes grants no scopes to the role editor"),
        "{editor:?}"
    );
    ensure!(project.run(&["users", "enable", &name])?.succeeded());
    ada.log_in(&service).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_created_by_the_command_logs_in_and_the_password_is_never_shown()
-> anyhow::Result<()> {
    let closed = parameters(&[("Registration", "closed")]);
    let service = Service::start_with(|options| options.parameters = closed).await?;
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

    let mut ada = Person::with_username("ada");
    password.clone_into(&mut ada.password);
    ada.log_in(&service).await?;
    ada.is_let_in_at(&service, "/admin").await?;

    let unasked = project.run_with_input(&["users", "revoke-sessions", "ada"], "ada\n")?;
    assert!(
        !unasked.succeeded() && unasked.err.contains("--yes"),
        "{unasked:?}"
    );
    ada.is_let_in_at(&service, "/admin").await?;
    ensure!(
        project
            .run(&["users", "revoke-sessions", "ada", "--yes"])?
            .succeeded()
    );
    ada.is_shut_out_at(&service, "/admin").await?;
    ada.cannot_refresh(&service).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_works_once() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let mut ada = service.logged_in("ada").await?;
    let name = ada.username.clone();
    let ended = project.run(&["users", "recover", &name, "--json"])?;
    ensure!(ended.succeeded(), "recover failed");
    let printed: serde_json::Value = serde_json::from_str(&ended.out)?;
    let code = printed["code"].as_str().context("the output has no code")?;

    ada.password = "nine patient herons in the rain".to_owned();
    let reset = service.reset_password(code, &ada.password).await?;
    reset.assert_no_content();
    ada.is_logged_out(&service).await?;
    ada.log_in(&service).await?;
    let again = service.reset_password(code, &ada.password).await?;
    again.assert_problem(400, "invalid_code");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_gone_at_the_next_request() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let ada = service.logged_in("ada").await?;
    let name = ada.username.clone();
    let deleted = project.run(&["users", "delete", &name, "--yes"])?;
    ensure!(deleted.succeeded(), "{deleted:?}");
    assert_eq!(
        deleted.out,
        format!("Deleted {name} and their sessions (1).\n")
    );
    ada.is_logged_out(&service).await?;
    ada.cannot_log_in(&service).await?;
    let listed = project.run(&["users", "list"])?;
    assert_eq!(listed.out, "accounts: 0\n");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_ses_sends_nothing_to_is_shown_and_can_be_taken_off() -> anyhow::Result<()>
{
    let service = Service::start_locally(|options| {
        options.parameters.extend(parameters(&[MAIL_FROM]));
    })
    .await?;
    let project = Project::of(&service)?;
    let run = |words: &[&str]| -> anyhow::Result<Value> {
        let ended = project.run(&[words, &["--json"]].concat())?;
        ensure!(ended.succeeded(), "{ended:?}");
        Ok(serde_json::from_str(&ended.out)?)
    };
    let ada = service.registered("ada").await?;
    let name = ada.username.as_str();
    let address = format!("{name}@example.org");
    let without = run(&["users", "show", name])?;
    assert!(without.get("email_suppression").is_none(), "{without}");
    run(&["users", "email", name, &address])?;
    assert_eq!(
        run(&["users", "show", name])?["email_suppression"],
        "not_listed"
    );
    service.stack().ses().suppress(&address);
    assert_eq!(
        run(&["users", "show", name])?["email_suppression"],
        "listed"
    );
    let shown = project.run(&["users", "show", name])?;
    assert!(shown.out.contains("SES sends nothing"), "{shown:?}");
    for changed in [true, false] {
        let taken_off = run(&["users", "email", name, "--unsuppress"])?;
        assert_eq!(taken_off["changed"], changed);
    }
    assert_eq!(
        run(&["users", "show", name])?["email_suppression"],
        "not_listed"
    );

    // One that waits beside it may be someone else's, who reported mails as spam.
    let strangers = "stranger@example.org";
    service.stack().ses().suppress(strangers);
    let ada = ada.logs_in_again(&service).await?;
    let body = json!({ "email": strangers, "password": ada.password });
    let asked = ada.call(&service, Method::PUT, "/me/email", &body).await?;
    asked.assert_status(202);
    let taken_off = run(&["users", "email", name, "--unsuppress"])?;
    assert_eq!(taken_off["changed"], false);

    // An address that waits for its verification.
    let address = "grace@example.org";
    service.stack().ses().suppress(address);
    let grace = Person::named("grace").with_email(address.to_owned());
    let grace = grace.register(&service).await?;
    let shown = project.run(&["users", "show", &grace.username])?;
    let line = format!("{address}, until it is verified, to which SES sends nothing");
    assert!(shown.out.contains(&line), "{shown:?}");
    let taken_off = project.run(&["users", "email", &grace.username, "--unsuppress"])?;
    let line = format!("SES sends to {address} again, until another mail bounces");
    assert!(taken_off.out.starts_with(&line), "{taken_off:?}");
    let again = run(&["users", "show", &grace.username])?;
    assert_eq!(again["email_suppression"], "not_listed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_disables_or_deletes_an_account_causes_notices() -> anyhow::Result<()> {
    let disabled = "Your account at example.org was disabled";
    let deleted = "Your account at example.org was deleted";
    for (notices, expected) in [
        ("account_disabled,account_deleted", &[disabled, deleted][..]),
        ("account_deleted", &[deleted]),
        ("none", &[]),
    ] {
        let service = Service::start_locally(|options| {
            let mail = [MAIL_FROM, ("MailNotices", notices)];
            options.parameters.extend(parameters(&mail));
        })
        .await?;
        let project = Project::of(&service)?;
        let run = |words: &[&str]| -> anyhow::Result<()> {
            let ended = project.run(words)?;
            ensure!(ended.succeeded(), "{ended:?}");
            Ok(())
        };
        let ada = Person::named("ada").with_email("ada@example.org".to_owned());
        let ada = ada.is_imported(&service).await?;
        let name = ada.username.as_str();
        run(&["users", "disable", name, "--yes"])?;
        // It is disabled already.
        run(&["users", "disable", name, "--yes"])?;
        run(&["users", "enable", name])?;
        // A deletion deletes what still waits.
        service.mails_to("ada@example.org").await?;
        run(&["users", "delete", name, "--yes"])?;
        let mails = service.mails_to("ada@example.org").await?;
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, expected, "{notices}");
        let left = Tables::of(&service).scan("OutboxTable").await?;
        assert_eq!(left, []);
    }
    Ok(())
}
