//! The programs that build a function: with other versions of them, its bytes differ.

use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// A program and its version, as it reports it.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: String,
}

/// The compiler, and cargo-lambda with the linker.
#[derive(Debug)]
pub(super) struct Toolchain {
    pub(super) tools: Vec<Tool>,
}

impl Toolchain {
    /// Asks each program for its version.
    pub(super) async fn find(root: &Path) -> anyhow::Result<Self> {
        let rustc = version(root, &["rustc", "--version"]).await;
        let rustc = rustc.context("rustc was not found: install Rust with rustup")?;
        let Some(lambda) = version(root, &["cargo", "lambda", "--version"]).await else {
            bail!(
                "gatehouse build needs cargo-lambda and Zig: install both with \
                 `pip install cargo-lambda ziglang`"
            );
        };
        // cargo-lambda looks for Zig in the same order.
        let mut zig = version(root, &["python3", "-m", "ziglang", "version"]).await;
        if zig.is_none() {
            zig = version(root, &["zig", "version"]).await;
        }
        let zig = zig.context("Zig was not found: install it with `pip install ziglang`")?;
        Ok(Self {
            tools: vec![
                Tool {
                    name: "rustc",
                    version: word_after(&rustc, "rustc"),
                },
                Tool {
                    name: "cargo-lambda",
                    version: word_after(&lambda, "cargo-lambda"),
                },
                Tool {
                    name: "zig",
                    version: zig,
                },
            ],
        })
    }
}

/// Returns what a program prints, unless it fails.
async fn version(root: &Path, words: &[&str]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(program);
    let output = command.current_dir(root).args(arguments).output().await;
    let output = output.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}

/// Returns the version in a line such as `rustc 1.95.0 (5980761 2026-04-14)`.
fn word_after(line: &str, name: &str) -> String {
    let rest = line.strip_prefix(name).unwrap_or(line).trim();
    let version = rest.split_whitespace().next().unwrap_or(rest);
    version.to_owned()
}

#[cfg(test)]
mod tests {
    use super::word_after;

    #[test]
    fn a_version_is_the_word_after_the_name() {
        assert_eq!(word_after("rustc 1.95.0 (5980761 x)", "rustc"), "1.95.0");
        assert_eq!(word_after("cargo-lambda 1.9.2", "cargo-lambda"), "1.9.2");
    }
}
