//! Builds the functions, with Cargo's own progress before the person's eyes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

/// Builds `functions`, named one by one so that no other package's features
/// are unified into them, and returns the directory of their binaries.
pub(crate) fn build(root: &Path, functions: &[String], release: bool) -> anyhow::Result<PathBuf> {
    let mut command = Command::new("cargo");
    command
        .current_dir(root)
        .arg("build")
        .arg("--message-format=json-render-diagnostics");
    if release {
        command.arg("--release");
    }
    for function in functions {
        command.args(["--package", function]);
    }
    let started = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .output();
    let output = started.map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return anyhow!("there is no cargo: install Rust with rustup first");
        }
        anyhow!("cargo cannot be started: {error}")
    })?;
    if !output.status.success() {
        bail!("the functions do not build: cargo says why above");
    }
    binaries(&String::from_utf8_lossy(&output.stdout))
        .context("cargo has built no binary of a function")
}

/// The directory of the binaries that Cargo's messages tell of.
fn binaries(messages: &str) -> Option<PathBuf> {
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executables.next_back()?.parent().map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::binaries;

    #[test]
    fn the_directory_of_the_binaries_is_in_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/t/debug/login"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(binaries(messages), Some(PathBuf::from("/t/debug")));
        assert_eq!(binaries(""), None);
    }
}
