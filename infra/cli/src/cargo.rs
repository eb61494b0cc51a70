//! Builds the functions with Cargo, whose progress the user sees.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use tokio::process::Command;

/// What the functions are built for. It determines the features of their dependencies, and
/// how much of an earlier build can be reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// For this machine: unoptimised, with the features of the whole workspace, in the same
    /// way that Cargo built this command.
    Local,
    /// For `cargo lambda watch`, which runs `cargo run --bin NAME`; the same otherwise.
    Watch,
    /// As for `cargo lambda build`: optimised, with only their own features.
    Deployment,
}

impl Purpose {
    /// Returns a message about what is built and how long it may take.
    pub(crate) fn announcement(self, functions: &[String]) -> String {
        let (count, names) = (functions.len(), functions.join(", "));
        match self {
            Self::Local => format!(
                "Building {count} functions ({names}). They share dependencies with this command, and \
                 a function is only compiled again if its code has changed."
            ),
            Self::Watch => format!(
                "Building {count} functions ({names}) the way cargo lambda watch runs them, so that \
                 no request has to wait for the compiler. They share dependencies with this \
                 command."
            ),
            Self::Deployment => format!(
                "Building {count} functions ({names}) as for a deployment: optimised, with only their \
                 own features. The first build compiles every dependency again, which takes \
                 several minutes."
            ),
        }
    }

    /// Returns the arguments for Cargo.
    fn arguments(self, functions: &[String]) -> Vec<String> {
        let (profile, option) = match self {
            Self::Local | Self::Watch => (None, "--bin"),
            // With `--package`, Cargo only enables the features that the selected packages need.
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
            return anyhow!("cargo was not found: install Rust with rustup");
        }
        anyhow!("cannot start cargo: {error}")
    })?;
    let output = cargo.wait_with_output().await?;
    if !output.status.success() {
        bail!("the functions do not build; see the errors from cargo above");
    }
    binaries(&String::from_utf8_lossy(&output.stdout)).context("cargo built no function")
}

/// Returns the directory of the binaries that Cargo's messages mention.
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
    fn the_directory_of_the_binaries_is_read_from_cargos_messages() {
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
    fn only_a_build_for_a_deployment_leaves_out_other_packages_features() {
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
