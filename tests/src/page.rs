//! A page in a browser, as far as the service sees it: it sends its origin and the refresh
//! cookie, and keeps the cookie that a response sets.

use anyhow::{Context as _, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::person::Person;
use crate::response::Response;
use crate::service::Service;

/// A page and its browser's refresh cookie.
#[derive(Debug, Clone)]
pub struct Page {
    /// The header `Origin`.
    pub origin: &'static str,
    /// The value of the refresh cookie, if there is one.
    pub cookie: Option<String>,
}

/// The origin of the pages that may use the cookie.
pub const ORIGIN: &str = "https://app.example.com";
/// The parameters with which pages can use the cookie.
pub const COOKIES: [(&str, &str); 2] = [("RefreshCookie", "on"), ("CorsOrigins", ORIGIN)];
/// The name of the cookie.
pub const COOKIE: &str = "__Host-refresh_token";

impl Page {
    /// Opens a page in a browser without cookies.
    #[must_use]
    pub fn open() -> Self {
        Self {
            origin: ORIGIN,
            cookie: None,
        }
    }

    /// Begins a request of the page, with its origin and the browser's cookie.
    pub fn request(&self, service: &Service, path: &str) -> RequestBuilder {
        let request = service.request(Method::POST, path);
        let request = request.header("origin", self.origin);
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("a=b; {COOKIE}={cookie}")),
            None => request,
        }
    }

    /// Sends a request, and does with the response's cookie what a browser does.
    ///
    /// # Errors
    /// If there is no response, or it sets a cookie that is not ours.
    pub async fn send(
        &mut self,
        service: &Service,
        request: RequestBuilder,
    ) -> anyhow::Result<Response> {
        let response = service.send(request).await?;
        if let Some(cookie) = set_cookie(&response)? {
            self.cookie = Some(cookie).filter(|cookie| !cookie.is_empty());
        }
        Ok(response)
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn post(
        &mut self,
        service: &Service,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Response> {
        let request = self.request(service, path).json(body);
        self.send(service, request).await
    }

    /// Posts JSON with an access token.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn post_as(
        &mut self,
        service: &Service,
        person: &Person,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Response> {
        let request = self.request(service, path).json(body);
        let request = request.bearer_auth(&person.access_token);
        self.send(service, request).await
    }

    /// Logs a person in with the cookie; returns them with the access token.
    ///
    /// # Errors
    /// If the response is not 200, or there is no cookie.
    pub async fn log_in(&mut self, service: &Service, person: &Person) -> anyhow::Result<Person> {
        let (username, password) = (&person.username, &person.password);
        let body = json!({ "username": username, "password": password, "refresh": "cookie" });
        let response = self.post(service, "/login", &body).await?;
        ensure!(response.status == 200, "{response}");
        ensure!(set_cookie(&response)?.is_some(), "{response}: no cookie");
        Ok(person.with_tokens(&response))
    }

    /// Refreshes with the cookie.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn refresh(&mut self, service: &Service) -> anyhow::Result<Response> {
        self.post(service, "/refresh", &json!({})).await
    }

    /// Refreshes with the cookie, and expects success; returns the person with the new
    /// access token.
    ///
    /// # Errors
    /// If there is no response.
    pub async fn refreshes(
        &mut self,
        service: &Service,
        person: &Person,
    ) -> anyhow::Result<Person> {
        Ok(refreshed(person, &self.refresh(service).await?))
    }
}

/// Returns the refresh cookie that a response sets; an empty one deletes it.
///
/// # Errors
/// If the response sets another cookie, several, or one that browsers would not protect.
pub fn set_cookie(response: &Response) -> anyhow::Result<Option<String>> {
    let mut headers = response.headers.get_all("set-cookie").iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    ensure!(headers.next().is_none(), "{response}: several cookies");
    let text = header.to_str()?;
    let (pair, attributes) = text.split_once("; ").context("no attributes")?;
    let (name, value) = pair.split_once('=').context("no value")?;
    ensure!(name == COOKIE, "{response}: the cookie {name}");
    let lifetime = match value {
        "" => 0,
        _ => response
            .json()
            .get("refresh_expires_in")
            .and_then(Value::as_u64)
            .unwrap_or(0),
    };
    let expected = format!("Path=/; Max-Age={lifetime}; Secure; HttpOnly; SameSite=Strict");
    ensure!(attributes == expected, "{response}: {attributes}");
    Ok(Some(value.to_owned()))
}

/// Asserts a refresh that succeeds with the cookie; returns the person with the new access
/// token.
///
/// # Panics
/// If the response is another one.
#[must_use]
#[track_caller]
#[expect(clippy::unwrap_used, reason = "this is an assertion")]
pub fn refreshed(person: &Person, response: &Response) -> Person {
    response.assert_status(200);
    assert!(
        set_cookie(response).unwrap().is_some(),
        "{response}: no cookie"
    );
    assert_eq!(response.member("refresh_token"), "", "{response}");
    person.with_tokens(response)
}

/// Asserts an error that leaves the browser's cookie alone; `part` is in its description.
///
/// # Panics
/// If the response is another one.
#[track_caller]
#[expect(clippy::unwrap_used, reason = "this is an assertion")]
pub fn refused(response: &Response, status: u16, code: &str, part: &str) {
    response.assert_oauth_error(status, code);
    let description = response.member("error_description");
    assert!(description.contains(part), "{response}");
    assert_eq!(set_cookie(response).unwrap(), None, "{response}");
}
