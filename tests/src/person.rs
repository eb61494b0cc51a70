//! A person who registers, logs in, and holds tokens.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random;
use serde_json::{Value, json};

use crate::service::Service;

/// A person with an account and, after a login, tokens.
#[derive(Debug, Clone)]
pub struct Person {
    /// The username.
    pub username: String,
    /// The password.
    pub password: String,
    /// The id that the registration gave: `sub`.
    pub id: String,
    /// The access token of the last login.
    pub access_token: String,
    /// The refresh token of the last login.
    pub refresh_token: String,
}

impl Person {
    /// Registers somebody new and logs them in.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn join(service: &Service) -> anyhow::Result<Self> {
        let mut person = Self::register(service).await?;
        person.log_in(service).await?;
        Ok(person)
    }

    /// Registers somebody new.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn register(service: &Service) -> anyhow::Result<Self> {
        let username = unique("person");
        let password = "a long and winding passphrase".to_owned();
        let body = json!({ "username": username, "password": password });
        let answer = service.post("/register", &body).await?;
        ensure!(answer.status == 201, "registration: {answer:?}");
        Ok(Self {
            username,
            password,
            id: answer.member("id"),
            access_token: String::new(),
            refresh_token: String::new(),
        })
    }

    /// Returns the session of the last login, as its access token says; empty
    /// before one.
    #[must_use]
    pub fn session(&self) -> String {
        self.claim("sid")
    }

    /// Returns a claim of the access token that is a text; empty where it is none.
    #[must_use]
    pub fn claim(&self, name: &str) -> String {
        let payload = self.access_token.split('.').nth(1).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        payload
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// Logs in, and holds the new session's tokens from now on.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn log_in(&mut self, service: &Service) -> anyhow::Result<()> {
        let body = json!({ "username": self.username, "password": self.password });
        let answer = service.post("/login", &body).await?;
        ensure!(answer.status == 200, "login: {answer:?}");
        self.access_token = answer.member("access_token");
        self.refresh_token = answer.member("refresh_token");
        Ok(())
    }
}

/// Makes a name that nobody has, in this run and in earlier ones on the same stack.
#[must_use]
pub fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    static RUN: OnceLock<u32> = OnceLock::new();
    let run = RUN.get_or_init(|| u32::from_be_bytes(random::bytes().unwrap_or_default()));
    format!("{name}-{run:x}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
