//! `cargo load`, for seconds instead of minutes.

use std::process::Command;

use anyhow::ensure;
use gatehouse_tests::binaries;

/// Runs `cargo load`; returns what it printed.
fn load(words: &[&str]) -> anyhow::Result<(bool, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(words)
        .arg("--bin-dir")
        .arg(binaries::folder()?)
        .output()?;
    let (out, err) = (output.stdout, String::from_utf8(output.stderr)?);
    Ok((output.status.success(), String::from_utf8(out)? + &err))
}

#[test]
fn under_load_no_request_fails() -> anyhow::Result<()> {
    let (_, text) = load(&[
        "--seconds",
        "10",
        "--rate",
        "20",
        "--clients",
        "2",
        "--users",
        "50",
    ])?;
    ensure!(text.contains("Failed requests: 0."), "{text}");
    // 100 at the fixed rate: each kind with its share.
    ensure!(text.contains("| authorised calls | 94 |"), "{text}");
    ensure!(text.contains("| 100 % |"), "{text}");
    Ok(())
}

#[test]
fn requests_make_the_same_calls_with_2000_users_as_with_10() -> anyhow::Result<()> {
    let (_, text) = load(&["growth", "--users", "2000", "--requests", "16"])?;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    ensure!(rows.len() > 10, "{text}");
    // A row lists calls and units once, unless they differ.
    ensure!(!rows.iter().any(|row| row.contains(';')), "{text}");
    ensure!(text.contains("CPU us, 2,000 users"), "{text}");
    Ok(())
}
