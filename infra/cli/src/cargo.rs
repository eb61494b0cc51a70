//! Builds the functions, with Cargo's own progress before the user's eyes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use tokio::process::Command;

/// What the functions are built for, which decides the features of their
/// dependencies and how much of an earlier build can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To run on this machine: unoptimised, with the features of the whole
    /// workspace, as Cargo built this command.
    Local,
    /// The same, for `cargo lambda watch`, which runs `cargo run --bin NAME`.
    Watch,
    /// As `cargo lambda build` does: optimised, with their own features only.
    Deployment,
}

impl Purpose {
    /// Says what is built, and why it takes the time it takes.
    pub(crate) fn announcement(self, functions: &[String]) -> String {
        let (count, names) = (functions.len(), functions.join(", "));
        match self {
            Self::Local => format!(
                "Building {count} functions ({names}). They use what was compiled for this \
                 command; a function is compiled again only when its code has changed."
            ),
            Self::Watch => format!(
                "Building {count} functions ({names}) as cargo lambda watch will run them, \
                 so that no request waits for a compiler. They use what was compiled for this \
                 command."
            ),
            Self::Deployment => format!(
                "Building {count} functions ({names}) as they are deployed: optimised, and \
                 without the features of this command. The first time, this compiles every \
                 dependency again, which takes several minutes."
            ),
        }
    }

    /// What Cargo is called with.
    fn arguments(self, functions: &[String]) -> Vec<String> {
        let (profile, option) = match self {
            Self::Local | Self::Watch => (None, "--bin"),
            // Cargo enables the features that any selected package wants.
            Self::Deployment => (Some("--release"), "--package"),
        };
        let mut arguments = vec!["build".to_owned()];
        arguments.push("--message-format=json-render-diagnostics".to_owned());
        arguments.extend(profile.map(str::to_owned));
        for function in functions {
            arguments.extend([option.to_owned(), function.clone()]);
        }
        arguments
    }
}

/// Builds `functions` and returns the directory of their binaries.
pub(crate) async fn build(
    root: &Path,
    functions: &[String],
    purpose: Purpose,
) -> anyhow::Result<PathBuf> {
    let cargo = Command::new("cargo")
        .current_dir(root)
        .args(purpose.arguments(functions))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn();
    let cargo = cargo.map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return anyhow!("cargo was not found: install Rust with rustup first");
        }
        anyhow!("cargo cannot be started: {error}")
    })?;
    let output = cargo.wait_with_output().await?;
    if !output.status.success() {
        bail!("the functions do not build: cargo says why above");
    }
    binaries(&String::from_utf8_lossy(&output.stdout))
        .context("cargo has built no binary of a function")
}

/// Returns the directory of the binaries that Cargo's messages name.
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

    use super::{Purpose, binaries};

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

    #[test]
    fn only_a_build_for_a_deployment_is_free_of_other_packages_features() {
        let functions = ["login".to_owned(), "jwks".to_owned()];
        let arguments = |purpose: Purpose| purpose.arguments(&functions).join(" ");
        assert_eq!(
            arguments(Purpose::Deployment),
            "build --message-format=json-render-diagnostics --release --package login --package jwks"
        );
        let selected = "build --message-format=json-render-diagnostics --bin login --bin jwks";
        assert_eq!(arguments(Purpose::Local), selected);
        assert_eq!(arguments(Purpose::Watch), selected);
    }
}
