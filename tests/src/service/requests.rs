//! Requests to a service. Each function notes its caller, which a failure names.

use std::panic::Location;

use anyhow::{Context as _, bail};
use reqwest::{Method, Request, RequestBuilder};
use serde_json::{Value, json};

use super::Service;
use crate::canaries;
use crate::contract::Contract;
use crate::response::Response;

impl Service {
    /// Begins a request, for tests that choose its headers and body.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url()))
    }

    /// Sends a request and reads the response, which must be as `docs/openapi.json`
    /// describes it.
    ///
    /// # Errors
    /// If there is no response, or a different one.
    #[track_caller]
    pub fn send(&self, request: RequestBuilder) -> impl Future<Output = anyhow::Result<Response>> {
        let at = Location::caller();
        async move {
            let request = request.build().with_context(|| at.to_string())?;
            let passwords = canaries::register_request(&request);
            let shown = shown(&request);
            let (method, path) = (request.method().to_string(), self.path_of(&request));
            let response = self.client.execute(request).await;
            let response = response.with_context(|| format!("{at}: {shown}: no response"))?;
            let response = Response::read(shown, response).await?;
            passwords.register_if_right(&response);
            canaries::check_response(&path, &response);
            match Contract::committed()?.mismatch(&method, &path, &response)? {
                Some(mismatch) => bail!("{at}: {mismatch}"),
                None => Ok(response),
            }
        }
    }

    /// The path of a request, without what the URL of a deployed API may begin with.
    fn path_of(&self, request: &Request) -> String {
        let path = request.url().path();
        let url = reqwest::Url::parse(self.url()).ok();
        let prefix = url
            .as_ref()
            .map_or("", |url| url.path().trim_end_matches('/'));
        path.strip_prefix(prefix).unwrap_or(path).to_owned()
    }

    /// Gets a path without a token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = anyhow::Result<Response>> {
        self.send(self.request(Method::GET, path))
    }

    /// Gets a path with an access token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn get_as(
        &self,
        token: &str,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        self.send(self.request(Method::GET, path).bearer_auth(token))
    }

    /// Posts JSON without a token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> impl Future<Output = anyhow::Result<Response>> {
        self.send(self.request(Method::POST, path).json(body))
    }

    /// Posts a form without a token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn post_form(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> impl Future<Output = anyhow::Result<Response>> {
        self.send(self.request(Method::POST, path).form(form))
    }

    /// Sends JSON with an access token, by any method.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn call_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        self.send(self.request(method, path).bearer_auth(token).json(body))
    }

    /// Posts JSON with an access token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn post_as(
        &self,
        token: &str,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        self.call_as(token, Method::POST, path, body)
    }

    /// Logs in.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn log_in(
        &self,
        name: &str,
        password: &str,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        let body = json!({ "username": name, "password": password });
        self.send(self.request(Method::POST, "/login").json(&body))
    }

    /// Refreshes with a token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn refresh(&self, token: &str) -> impl Future<Output = anyhow::Result<Response>> {
        let body = json!({ "refresh_token": token });
        self.send(self.request(Method::POST, "/refresh").json(&body))
    }

    /// Sets a new password with a recovery code.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn reset_password(
        &self,
        code: &str,
        new: &str,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        let body = json!({ "code": code, "new_password": new });
        self.send(self.request(Method::POST, "/password/reset").json(&body))
    }
}

/// Method, path and the beginning of the body.
fn shown(request: &Request) -> String {
    let (url, body) = (request.url(), request.body());
    let body = body.and_then(|body| body.as_bytes()).unwrap_or_default();
    let body: String = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
    let query = url.query().map(|query| format!("?{query}"));
    let query = query.unwrap_or_default();
    let shown = format!("{} {}{query} {body}", request.method(), url.path());
    shown.trim_end().to_owned()
}

/// How many characters of a body distinguish the requests of a test.
const SHOWN: usize = 120;
