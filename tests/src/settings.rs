//! The tests' own settings, from the environment.

use std::path::PathBuf;

use anyhow::Context;

/// Which deployed stack the tests run against.
#[derive(Debug)]
pub struct Settings {
    /// `API_URL`: the URL of its API.
    pub api_url: String,
    /// `STACK_NAME`: its name in CloudFormation.
    pub stack: String,
}

impl Settings {
    /// Reads `API_URL` and `STACK_NAME`; none if the tests start local stacks.
    #[must_use]
    pub fn read() -> Option<Self> {
        let api_url = setting("API_URL")?.trim_end_matches('/').to_owned();
        let stack = setting("STACK_NAME").unwrap_or_else(|| "gatehouse-dev".to_owned());
        Some(Self { api_url, stack })
    }
}

/// The path of the packaged template, from which further stacks are deployed.
///
/// # Errors
/// If `GATEHOUSE_PACKAGE` is not set.
pub fn package() -> anyhow::Result<PathBuf> {
    let package = setting("GATEHOUSE_PACKAGE");
    package.map(PathBuf::from).context(
        "GATEHOUSE_PACKAGE is not set: it is the path of the template that `sam package` wrote",
    )
}

/// A setting of the tests; none if it is missing or empty.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of a function"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
