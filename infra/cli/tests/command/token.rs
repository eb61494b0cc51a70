//! `gatehouse token`, with a running service.

use std::net::TcpListener;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::{Person, Service, document};
use serde_json::{Value, json};

use crate::project::{Ended, Project, ended};

fn parsed(ended: &Ended) -> anyhow::Result<Value> {
    serde_json::from_str(&ended.out).with_context(|| format!("{:?} {}", ended.code, ended.err))
}

/// Runs `token verify`, and returns its exit code and its JSON.
fn verify(project: &Project, token: &str, more: &[&str]) -> anyhow::Result<(i32, Value)> {
    let words = [&["token", "verify", "--json"], more].concat();
    let ended = project.run_with_input(&words, token)?;
    Ok((ended.code.unwrap_or_default(), parsed(&ended)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minted_token_is_accepted_by_the_authorizer_with_its_roles_and_scopes()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let ada = service.registered("ada").await?;
    let minted = project.run(&["token", "mint", &ada.username])?;
    ensure!(minted.succeeded(), "{minted:?}");
    let token = minted.out.trim_end();
    let response = service.get_as(token, "/protected").await?;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.json()["scope"], "profile");
    assert_eq!(
        service.get_as(token, "/me").await?.json()["username"],
        ada.username
    );
    assert_eq!(service.get_as(token, "/admin").await?.status, 403);

    let words = [
        "token",
        "mint",
        &ada.username,
        "--role",
        "admin",
        "--expires",
        "30s",
        "--json",
    ];
    let admin = parsed(&project.run(&words)?)?;
    assert_eq!(admin["expires_in"], 30);
    assert_eq!(admin["scope"], "admin introspect profile");
    let token = admin["access_token"].as_str().unwrap_or_default();
    assert_eq!(service.get_as(token, "/admin").await?.status, 200);
    let words = [
        "token",
        "mint",
        &ada.username,
        "--role",
        "admin",
        "--scope",
        "a b",
        "--scope",
        "c",
    ];
    let scoped = project.run(&words)?;
    assert_eq!(
        service
            .get_as(scoped.out.trim_end(), "/admin")
            .await?
            .status,
        403
    );
    let scope = service
        .get_as(scoped.out.trim_end(), "/protected")
        .await?
        .json();
    assert_eq!(scope["scope"], "a b c");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minted_token_ends_with_the_other_tokens_of_its_user() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let ada = service.registered("ada").await?;
    let minted = project.run(&["token", "mint", &ada.username])?;
    let token = minted.out.trim_end();
    assert_eq!(service.get_as(token, "/protected").await?.status, 200);
    let ended = project.run(&["users", "revoke-sessions", &ada.username, "--yes"])?;
    ensure!(ended.succeeded(), "{ended:?}");
    assert_eq!(service.get_as(token, "/protected").await?.status, 403);
    let disabled = project.run(&["users", "disable", &ada.username, "--yes"])?;
    ensure!(disabled.succeeded(), "{disabled:?}");
    let refused = project.run(&["token", "mint", &ada.username])?;
    assert!(
        !refused.succeeded() && refused.err.contains("is disabled"),
        "{refused:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_can_be_minted_for_an_id_that_no_user_has() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let sub = "-AEBAQEBAQEBAQEBAQEBAQ";
    let minted = project.run(&["token", "mint", "--sub", sub, "--role", "user"])?;
    ensure!(minted.succeeded(), "{minted:?}");
    assert!(minted.err.contains("No user has the id"), "{minted:?}");
    let response = service.get_as(minted.out.trim_end(), "/protected").await?;
    assert_eq!(response.json()["sub"], sub);
    Ok(())
}

#[test]
fn a_token_of_a_data_directory_names_the_local_issuer() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("users.ndjson", "{\"username\":\"max\"}\n")?;
    let data_dir = ["--data-dir", "data"];
    let run = |words: &[&str]| project.run(&[words, &data_dir[..]].concat());
    ensure!(run(&["import", "users.ndjson"])?.succeeded());
    let without_keys = run(&["token", "mint", "max"])?;
    assert!(
        without_keys.err.contains("gatehouse keys rotate"),
        "{without_keys:?}"
    );
    ensure!(run(&["keys", "rotate"])?.succeeded());
    let minted = run(&["token", "mint", "max"])?;
    ensure!(minted.succeeded(), "{minted:?}");
    let (code, verdict) = verify(&project, &minted.out, &data_dir)?;
    assert_eq!((code, &verdict["valid"]), (0, &json!(true)), "{verdict}");
    assert_eq!(verdict["claims"]["iss"], "http://localhost:3000");
    let elsewhere = run(&["token", "mint", "max", "--issuer", "http://localhost:4000"])?;
    let (code, verdict) = verify(&project, &elsewhere.out, &data_dir)?;
    assert_eq!((code, &verdict["rule"]), (4, &json!("issuer")), "{verdict}");
    Ok(())
}

/// Something that the command would take for AWS.
struct Aws {
    listener: TcpListener,
    url: String,
}

impl Aws {
    fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// Returns the command with everything that it needs to call AWS.
    fn command(&self, project: &Project, words: &[&str]) -> Command {
        let mut command = project.command(words);
        command.env("AWS_ENDPOINT_URL", &self.url);
        command.env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "x");
        command.env("AWS_SECRET_ACCESS_KEY", "x");
        command
    }

    fn was_called(&self) -> bool {
        self.listener.accept().is_ok()
    }
}

#[test]
fn mint_refuses_a_deployed_stack_and_never_calls_aws() -> anyhow::Result<()> {
    let project = Project::new()?;
    let aws = Aws::start()?;
    let words = ["token", "mint", "ada", "--stack", "gatehouse", "--json"];
    let refused = ended(&mut aws.command(&project, &words), "")?;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let text = "only to users who log in";
    assert!(
        refused.out.is_empty() && refused.err.contains(text),
        "{refused:?}"
    );
    assert!(!aws.was_called(), "mint called AWS");

    project.write("users.ndjson", "{\"username\":\"ada\"}\n")?;
    for words in [
        &["import", "users.ndjson"][..],
        &["keys", "rotate"],
        &["token", "mint", "ada"],
    ] {
        let words = [words, &["--data-dir", "data"]].concat();
        let done = ended(&mut aws.command(&project, &words), "")?;
        ensure!(done.succeeded(), "{done:?}");
    }
    assert!(
        !aws.was_called(),
        "a command on a data directory called AWS"
    );

    // The same with a command that does call AWS, so the checks above can fail.
    let mut list = aws.command(&project, &["keys", "list", "--stack", "gatehouse"]);
    let mut child = list.spawn()?;
    let begun = Instant::now();
    let mut was_called = aws.was_called();
    while !was_called && begun.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(20));
        was_called = aws.was_called();
    }
    child.kill()?;
    child.wait()?;
    ensure!(was_called, "`keys list --stack` did not call AWS");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_says_which_rule_a_token_breaks() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let ada = service.logged_in("ada").await?;
    let token = ada.access_token.as_str();
    let (code, verdict) = verify(&project, &format!("Bearer {token}\n"), &[])?;
    assert_eq!(
        (code, &verdict["revocation_checked"]),
        (0, &json!(true)),
        "{verdict}"
    );
    assert_eq!(verdict["claims"]["iss"], service.url());

    let (start, signature) = token.rsplit_once('.').context("three parts")?;
    let other: String = signature.chars().rev().collect();
    for (token, more, rule) in [
        (
            format!("{start}.{}", "A".repeat(signature.len())),
            &[][..],
            "signature",
        ),
        (format!("{start}.{other}="), &[], "token_encoding"),
        (start.to_owned(), &[], "token_parts"),
        (ada.refresh_token.clone(), &[], "token_parts"),
        (token.to_owned(), &["--audience", "other"], "audience"),
        (
            token.to_owned(),
            &["--issuer", "https://other.example"],
            "issuer",
        ),
    ] {
        let (code, verdict) = verify(&project, &token, more)?;
        assert_eq!((code, &verdict["rule"]), (4, &json!(rule)), "{verdict}");
        assert_eq!(verdict["valid"], false);
    }
    ada.logs_out(&service, "local").await?;
    let (code, verdict) = verify(&project, token, &[])?;
    assert_eq!(
        (code, &verdict["rule"]),
        (4, &json!("session_revoked")),
        "{verdict}"
    );
    let text = project.run_with_input(&["token", "verify"], token)?;
    assert_eq!(
        text.out,
        "invalid: the token's session has ended (rule session_revoked)\n"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_works_with_a_jwk_set_alone_and_outside_a_project() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::new()?;
    let ada = service.logged_in("ada").await?;
    let url = format!("{}/.well-known/jwks.json", service.url());
    let (code, verdict) = verify(&project, &ada.access_token, &["--jwks", &url])?;
    assert_eq!((code, &verdict["valid"]), (0, &json!(true)), "{verdict}");
    assert_eq!(verdict["revocation_checked"], false);

    let set = service.get("/.well-known/jwks.json").await?.json();
    project.write("jwks.json", &set.to_string())?;
    let file = ["--jwks", "jwks.json", "--issuer", service.url()];
    assert_eq!(verify(&project, &ada.access_token, &file)?.0, 0);
    project.write("token", &ada.access_token)?;
    let of_file = project.run(&[&["token", "verify", "token"], &file[..]].concat())?;
    assert!(
        of_file.succeeded() && of_file.out.starts_with("valid\n"),
        "{of_file:?}"
    );
    project.write("jwks.json", "{\"keys\":[]}")?;
    let (code, verdict) = verify(&project, &ada.access_token, &file)?;
    assert_eq!(
        (code, &verdict["rule"]),
        (4, &json!("unknown_key")),
        "{verdict}"
    );
    Ok(())
}

/// 1 is neither 0 nor 4: whoever cannot check must not accept, and must not end a session.
#[test]
fn verify_without_keys_is_neither_valid_nor_invalid() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("jwks.json", "{}")?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/.well-known/jwks.json", taken.local_addr()?);
    drop(taken);
    for (more, code, exit) in [
        (&["--jwks", url.as_str()][..], "unavailable", 1),
        (
            &["--jwks", "jwks.json", "--issuer", "https://a.example"],
            "invalid_input",
            1,
        ),
        (
            &["--jwks", "nowhere", "--issuer", "https://a.example"],
            "not_found",
            1,
        ),
        (&["--jwks", "jwks.json"], "usage", 2),
        (
            &["--jwks", "http://a.example/.well-known/jwks.json"],
            "usage",
            2,
        ),
        (&[], "no_stack", 1),
    ] {
        let words = [&["token", "verify", "--json"], more].concat();
        let ended = project.run_with_input(&words, "a.b.c")?;
        assert_eq!(ended.code, Some(exit), "{more:?}: {ended:?}");
        let error: Value = serde_json::from_str(&ended.err)?;
        assert_eq!(error["error"]["code"], code, "{more:?}: {error}");
    }
    Ok(())
}

#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() -> anyhow::Result<()> {
    let project = Project::new()?;
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.canary";
    for words in [
        &["token", "decode", token][..],
        &["token", "verify", token],
        &["token", "decode", token, "--json"],
    ] {
        let refused = project.run(words)?;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("stdin") && !refused.err.contains("canary"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_commands_for_tokens_work() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let ada = Person::with_username("ada").register(&service).await?;
    let project = Project::of(&service)?;
    project.write("refresh.txt", &{
        let mut ada = ada.clone();
        ada.log_in(&service).await?;
        ada.refresh_token
    })?;
    let page = std::fs::read_to_string(root().join("docs/command-line.md"))?;
    let steps = document::steps_run_by("infra/cli/tests/command/token.rs", &page);
    assert!(
        steps.len() >= 3,
        "the page has {} blocks to run",
        steps.len()
    );
    let url = service.url().to_owned();
    let run = move || {
        document::run(&steps, project.shell(), |commands| {
            commands
                .replace("cargo gatehouse", env!("CARGO_BIN_EXE_gatehouse"))
                .replace("http://localhost:3000", &url)
        })
    };
    tokio::task::spawn_blocking(run).await?
}
