//! One whole service on free ports, for one test.

use std::time::Duration;

use anyhow::Context;
use gatehouse_local::{LogTarget, Stack, StackOptions};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;

use crate::answer::Answer;
use crate::binaries;

/// A running service, and a client of it.
#[derive(Debug)]
pub struct Service {
    stack: Stack,
    client: Client,
    _work: TempDir,
}

impl Service {
    /// Starts a service with the template's defaults.
    ///
    /// # Errors
    /// When the functions do not build or the stack does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(|_| ()).await
    }

    /// Starts a service whose options `change` has changed.
    ///
    /// # Errors
    /// When the functions do not build or the stack does not start.
    pub async fn start_with(change: impl FnOnce(&mut StackOptions)) -> anyhow::Result<Self> {
        let work = TempDir::new().context("no folder for the key ring")?;
        let mut options = StackOptions {
            template: binaries::root().join("infra/template.yaml"),
            bin_dir: binaries::folder()?,
            work_dir: work.path().to_owned(),
            log: log_target(),
            ..StackOptions::default()
        };
        change(&mut options);
        let stack = Stack::start(options).await?;
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()?;
        Ok(Self {
            stack,
            client,
            _work: work,
        })
    }

    /// Returns the stack beneath, for what HTTP cannot do.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Begins a request, for headers and bodies of one's own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.stack.url()))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        Answer::read(request.send().await.context("no answer")?).await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    /// Posts JSON with an access token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self
            .request(Method::POST, path)
            .bearer_auth(token)
            .json(body);
        self.send(request).await
    }

    /// Gets a path without a token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Gets a path with an access token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get_as(&self, token: &str, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path).bearer_auth(token))
            .await
    }

    /// Sends JSON with an access token, by any method.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn call_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let request = self.request(method, path).bearer_auth(token).json(body);
        self.send(request).await
    }

    /// Refreshes with a token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn refresh(&self, token: &str) -> anyhow::Result<Answer> {
        self.post("/refresh", &serde_json::json!({ "refresh_token": token }))
            .await
    }
}

/// `TEST_LOG=1` shows what the functions log.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of a function"
)]
fn log_target() -> LogTarget {
    match std::env::var_os("TEST_LOG") {
        Some(_) => LogTarget::Stderr,
        None => LogTarget::Buffer,
    }
}
