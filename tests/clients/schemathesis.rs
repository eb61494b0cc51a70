//! schemathesis, a tool that generates requests from an OpenAPI document, against the local
//! stack: valid ones must be accepted, others refused, and each response must be as
//! `docs/openapi.json` describes it.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::service::{MAIL_FROM, parameters};
use gatehouse_tests::{Service, venv};
use tokio::process::Command;

use crate::install;

/// Generated requests per route and phase. More find little, and CI has to wait.
const EXAMPLES: &str = "20";

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "CI shows the summary")]
async fn schemathesis_finds_nothing_that_the_reference_does_not_say() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let list = "../clients/schemathesis.txt";
    let programs = venv::environment(&root().join(".gatehouse/schemathesis"), list)?;
    let certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/4a1f";
    // The limit is for one address, and all requests come from one. The cookie is on, so that
    // no valid request depends on a setting.
    let settings = parameters(&[
        MAIL_FROM,
        ("AddressMailsPerHour", "100000"),
        ("AddressAttemptsPerHour", "1000000"),
        ("RefreshCookie", "on"),
        ("DomainName", "auth.example.test"),
        ("CertificateArn", certificate),
        ("CorsOrigins", "https://app.example.test"),
    ]);
    let service = Service::start_with(|options| options.parameters.extend(settings)).await?;
    let admin = service.administrator("grace").await?;
    let other = service.registered("ada").await?;
    let folder = root().join("tests/clients");
    // It writes its examples into the current folder.
    let work = tempfile::TempDir::new()?;
    let run = Command::new(programs.join("st"))
        .arg("--config-file")
        .arg(folder.join("schemathesis.toml"))
        .arg("run")
        .arg(root().join("docs/openapi.json"))
        .args(["--url", service.url(), "--max-examples", EXAMPLES])
        .args(["--seed", "1", "--workers", "2", "--no-color"])
        .current_dir(work.path())
        .env("SCHEMATHESIS_HOOKS", folder.join("schemathesis_hooks.py"))
        .env("API_URL", service.url())
        .env("API_USER", &admin.username)
        .env("API_PASSWORD", &admin.password)
        .env("API_OTHER_USER", &other.id)
        .env("NO_PROXY", "localhost,127.0.0.1")
        .output()
        .await?;
    let out = String::from_utf8_lossy(&run.stdout);
    let errors = String::from_utf8_lossy(&run.stderr);
    ensure!(run.status.success(), "{out}{errors}");
    // A run that reached nothing must not pass.
    let routes = include_str!("../../docs/openapi.json")
        .matches("\"operationId\"")
        .count();
    let tested = format!("Tested: {routes}");
    ensure!(out.contains(&tested), "{out}{errors}");
    let summary = out
        .split_once("SUMMARY")
        .map_or(&*out, |(_, summary)| summary);
    println!("{summary}");
    Ok(())
}

#[test]
fn each_check_that_is_off_is_explained() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/development.md"))?;
    let (_, table) = page
        .split_once("| check | off for | because |")
        .context("docs/development.md has no table of checks")?;
    let (table, _) = table.split_once("\n\n").unwrap_or((table, ""));
    let mut explained = BTreeSet::new();
    for row in table.lines().filter(|row| row.starts_with("| `")) {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let check = cells
            .next()
            .unwrap_or_default()
            .trim_matches('`')
            .to_owned();
        for route in cells.next().unwrap_or_default().split(", ") {
            explained.insert((check.clone(), route.trim_matches('`').to_owned()));
        }
    }
    assert_eq!(explained, off()?);
    Ok(())
}

/// The checks that `schemathesis.toml` turns off, each with its route.
fn off() -> anyhow::Result<BTreeSet<(String, String)>> {
    let settings = std::fs::read_to_string(root().join("tests/clients/schemathesis.toml"))?;
    let mut route = "every route".to_owned();
    let mut off = BTreeSet::new();
    for line in settings.lines() {
        if let Some(name) = line.strip_prefix("include-name = ") {
            name.trim_matches('"').clone_into(&mut route);
        } else if let Some(check) = line.strip_suffix(".enabled = false") {
            let check = check.trim_start_matches("checks.").to_owned();
            off.insert((check, route.clone()));
        } else {
            let known = line.is_empty() || line.starts_with('#') || line.starts_with('[');
            ensure!(known, "schemathesis.toml: {line}");
        }
    }
    Ok(off)
}
