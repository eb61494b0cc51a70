//! The tests' own settings, from the environment.

use std::path::PathBuf;

use anyhow::Context;

/// Which deployed stack the tests run against.
#[derive(Debug)]
pub struct Settings {
    /// `API_URL`: where its API answers.
    pub api_url: String,
    /// `STACK_NAME`: what CloudFormation calls it.
    pub stack: String,
}

impl Settings {
    /// Reads `API_URL` and `STACK_NAME`; none where the tests run their own stacks.
    #[must_use]
    pub fn read() -> Option<Self> {
        let api_url = setting("API_URL")?.trim_end_matches('/').to_owned();
        let stack = setting("STACK_NAME").unwrap_or_else(|| "gatehouse-dev".to_owned());
        Some(Self { api_url, stack })
    }
}

/// Where the packaged template is, from which further stacks are deployed.
///
/// # Errors
/// When `GATEHOUSE_PACKAGE` is not set.
pub fn package() -> anyhow::Result<PathBuf> {
    let package = setting("GATEHOUSE_PACKAGE");
    package
        .map(PathBuf::from)
        .context("GATEHOUSE_PACKAGE is not set: what `sam package` has written")
}

/// A setting of the tests; an empty one is none.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of a function"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
