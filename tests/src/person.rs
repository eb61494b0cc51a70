//! A person who registers, logs in, and has tokens: the subject of most tests.
//!
//! A verb sends a request and checks the response; if it is not the expected one, the
//! error says which line of the test expected what.

use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::digest::sha256;
use gatehouse_auth::random;
use reqwest::Method;
use serde_json::{Value, json};

use crate::response::{Expected, Response};
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

    /// Registers; from then on the id is known.
    ///
    /// # Errors
    /// If the response is not 201.
    #[track_caller]
    pub fn register(mut self, service: &Service) -> impl Future<Output = anyhow::Result<Self>> {
        let at = Location::caller();
        async move {
            let (name, password) = (&self.username, &self.password);
            let body = match &self.email {
                Some(email) => json!({ "username": name, "password": password, "email": email }),
                None => json!({ "username": name, "password": password }),
            };
            let response = service.post("/register", &body).await?;
            response.expect(Expected::Status(201), at)?;
            self.id = response.member("id");
            Ok(self)
        }
    }

    /// Logs in, and keeps the new session's tokens.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn log_in(&mut self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = service.log_in(&self.username, &self.password).await?;
            response.expect(Expected::Status(200), at)?;
            *self = self.with_tokens(&response);
            Ok(())
        }
    }

    /// Logs in a second time, elsewhere: returns the person with the other session.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn logs_in_again(&self, service: &Service) -> impl Future<Output = anyhow::Result<Self>> {
        let at = Location::caller();
        async move {
            let response = service.log_in(&self.username, &self.password).await?;
            response.expect(Expected::Status(200), at)?;
            Ok(self.with_tokens(&response))
        }
    }

    /// Expects the right password to be refused like a wrong one.
    ///
    /// # Errors
    /// If the response is not 401 `invalid_credentials`.
    #[track_caller]
    pub fn cannot_log_in(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = service.log_in(&self.username, &self.password).await?;
            response.expect(Expected::Problem(401, "invalid_credentials"), at)
        }
    }

    /// Expects the access token to be accepted.
    ///
    /// # Errors
    /// If the response to `GET /protected` is not 200.
    #[track_caller]
    pub fn is_let_in(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        self.is_let_in_at(service, "/protected")
    }

    /// Expects the access token to be accepted at a path.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn is_let_in_at(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        self.gets(service, path, Expected::Status(200))
    }

    /// Expects the authorizer to refuse the access token.
    ///
    /// # Errors
    /// If the response to `GET /protected` is not the gateway's 403.
    #[track_caller]
    pub fn is_shut_out(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        self.is_shut_out_at(service, "/protected")
    }

    /// Expects the authorizer to refuse the access token at a path.
    ///
    /// # Errors
    /// If the response is not the gateway's 403.
    #[track_caller]
    pub fn is_shut_out_at(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        self.gets(service, path, Expected::FromGateway(403, "Forbidden"))
    }

    /// Expects a valid token that lacks the path's role.
    ///
    /// # Errors
    /// If the response is not 403 `insufficient_scope`.
    #[track_caller]
    pub fn lacks_the_role_for(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        self.gets(service, path, Expected::Problem(403, "insufficient_scope"))
    }

    /// Refreshes: returns the person with the new tokens.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn refreshes(&self, service: &Service) -> impl Future<Output = anyhow::Result<Self>> {
        let at = Location::caller();
        async move {
            let response = service.refresh(&self.refresh_token).await?;
            response.expect(Expected::Status(200), at)?;
            Ok(self.with_tokens(&response))
        }
    }

    /// Expects the refresh token to be refused.
    ///
    /// # Errors
    /// If the response is not 400 `invalid_grant`.
    #[track_caller]
    pub fn cannot_refresh(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = service.refresh(&self.refresh_token).await?;
            response.expect(Expected::OauthError(400, "invalid_grant"), at)
        }
    }

    /// Expects both tokens to be refused, as after a logout.
    ///
    /// # Errors
    /// If either is accepted, or refused in another way.
    #[track_caller]
    pub fn is_logged_out(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = self.get(service, "/protected").await?;
            response.expect(Expected::FromGateway(403, "Forbidden"), at)?;
            let response = service.refresh(&self.refresh_token).await?;
            response.expect(Expected::OauthError(400, "invalid_grant"), at)
        }
    }

    /// Logs out with a scope: `local`, `others` or `global`.
    ///
    /// # Errors
    /// If the response is not 204.
    #[track_caller]
    pub fn logs_out(
        &self,
        service: &Service,
        scope: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = self
                .post(service, "/logout", &json!({ "scope": scope }))
                .await?;
            response.expect(Expected::NoContent, at)
        }
    }

    #[track_caller]
    fn gets(
        &self,
        service: &Service,
        path: &str,
        expected: Expected<'static>,
    ) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move { self.get(service, path).await?.expect(expected, at) }
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

impl Service {
    /// Registers somebody new, whose username begins with `name`.
    ///
    /// # Errors
    /// If the response is not 201.
    #[track_caller]
    pub fn registered(&self, name: &str) -> impl Future<Output = anyhow::Result<Person>> {
        Person::named(name).register(self)
    }

    /// Registers somebody new and logs them in.
    ///
    /// # Errors
    /// If either is refused.
    #[track_caller]
    pub fn logged_in(&self, name: &str) -> impl Future<Output = anyhow::Result<Person>> {
        let at = Location::caller();
        async move {
            let person = self.registered(name).await.context(at.to_string())?;
            person.logs_in_again(self).await.context(at.to_string())
        }
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
