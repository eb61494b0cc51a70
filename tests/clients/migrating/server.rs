//! A web application in a process, which ends when it is dropped.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use gatehouse_tests::Response;
use reqwest::{Client, Method, RequestBuilder};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

pub(crate) struct Server {
    url: String,
    client: Client,
    _process: Child,
}

impl Server {
    /// Starts an application, which prints its URL once it listens.
    pub(crate) async fn start(mut command: Command) -> anyhow::Result<Self> {
        command.stdout(Stdio::piped()).stdin(Stdio::null());
        let mut process = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .context("the application does not start")?;
        let stdout = process.stdout.take().context("stdout is a pipe")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut printed = String::new();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, port)) = line.split_once("http://127.0.0.1:") {
                let port: String = port.chars().take_while(char::is_ascii_digit).collect();
                // Otherwise the application would wait for a reader of its log.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self {
                    url: format!("http://127.0.0.1:{port}"),
                    client: Client::builder().no_proxy().build()?,
                    _process: process,
                });
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        bail!("the application ended: {printed}")
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await?;
        Response::read(response.url().path().to_owned(), response).await
    }

    /// Calls routes with a token; returns their statuses.
    pub(crate) async fn statuses<const N: usize>(
        &self,
        routes: &[(Method, &str); N],
        token: &str,
    ) -> anyhow::Result<[u16; N]> {
        let mut statuses = [0; N];
        for (status, (method, path)) in statuses.iter_mut().zip(routes) {
            let request = self.request(method.clone(), path).bearer_auth(token);
            *status = self.send(request).await?.status;
        }
        Ok(statuses)
    }
}
