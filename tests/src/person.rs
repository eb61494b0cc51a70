//! A person who registers, logs in, and has tokens: the subject of most tests.

mod verbs;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::digest::sha256;
use gatehouse_auth::random;
use reqwest::Method;
use serde_json::Value;

use crate::response::Response;
use crate::service::Service;

/// A person with an account and, after a login, tokens.
#[derive(Debug, Clone)]
pub struct Person {
    /// The username.
    pub username: String,
    /// The e-mail address, if they registered one.
    pub email: Option<String>,
    /// The password.
    pub password: String,
    /// The id in the response to the registration: `sub`.
    pub id: String,
    /// The access token of the last login.
    pub access_token: String,
    /// The refresh token of the last login.
    pub refresh_token: String,
}

/// The password of everyone who registers without choosing one.
pub const PASSWORD: &str = "a long and winding passphrase";

impl Person {
    /// Returns a person without an account, with a unique username that begins with
    /// `name`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::with_username(&unique(name))
    }

    /// Returns a person without an account, with exactly this username.
    #[must_use]
    pub fn with_username(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            email: None,
            password: PASSWORD.to_owned(),
            id: String::new(),
            access_token: String::new(),
            refresh_token: String::new(),
        }
    }

    /// Sets the e-mail address that they register.
    #[must_use]
    pub fn with_email(self, email: String) -> Self {
        Self {
            email: Some(email),
            ..self
        }
    }

    /// Returns this person with the tokens in a response.
    #[must_use]
    pub fn with_tokens(&self, response: &Response) -> Self {
        Self {
            access_token: response.member("access_token"),
            refresh_token: response.member("refresh_token"),
            ..self.clone()
        }
    }

    /// Gets a path with the access token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn get(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        service.get_as(&self.access_token, path)
    }

    /// Posts JSON with the access token.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn post(
        &self,
        service: &Service,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        service.call_as(&self.access_token, Method::POST, path, body)
    }

    /// Sends JSON with the access token, by any method.
    ///
    /// # Errors
    /// If there is no response.
    #[track_caller]
    pub fn call(
        &self,
        service: &Service,
        method: Method,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = anyhow::Result<Response>> {
        service.call_as(&self.access_token, method, path, body)
    }

    /// Returns the session of the last login, as the access token names it; empty
    /// without one.
    #[must_use]
    pub fn session(&self) -> String {
        self.claim("sid")
    }

    /// Returns a claim of the access token that is a string; empty if there is none.
    #[must_use]
    pub fn claim(&self, name: &str) -> String {
        let payload = self.access_token.split('.').nth(1).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let claim = payload.get(name).and_then(Value::as_str);
        claim.unwrap_or_default().to_owned()
    }

    /// Returns the digests of the username and of the address, as login attempts and
    /// names are stored by.
    #[must_use]
    pub fn identifier_digests(&self) -> Vec<String> {
        let identifiers = [Some(&self.username), self.email.as_ref()];
        let canonical = identifiers.into_iter().flatten().map(|i| i.to_lowercase());
        canonical.map(|text| sha256(text.as_bytes())).collect()
    }

    /// Returns the key of the person's item in the users table.
    #[must_use]
    pub fn key(&self) -> String {
        format!("user#{}", self.id)
    }
}

/// Returns a name that nobody else has, in this run and in earlier ones on the same
/// stack.
#[must_use]
pub fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    static RUN: OnceLock<u32> = OnceLock::new();
    let run = RUN.get_or_init(|| u32::from_be_bytes(random::bytes().unwrap_or_default()));
    format!("{name}-{run:x}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
