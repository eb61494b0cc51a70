//! The requests whose costs are compared.

use std::sync::Mutex;

use anyhow::{Context as _, ensure};
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::{CLIENT_ADDRESS_HEADER, address};
use gatehouse_tests::{Person, Service};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::population::{COPIED_PASSWORD, username};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Register,
    Login,
    Unknown,
    Refresh,
    Authorised,
    Ended,
    Introspect,
    Profile,
    Sessions,
    Logout,
    Find,
}

/// All kinds. Pages of all users are missing: the embedded DynamoDB scans in the order of keys,
/// and meets every address before the first user.
pub(super) const REQUESTS: [Request; 11] = [
    Request::Register,
    Request::Login,
    Request::Unknown,
    Request::Refresh,
    Request::Authorised,
    Request::Ended,
    Request::Introspect,
    Request::Profile,
    Request::Sessions,
    Request::Logout,
    Request::Find,
];

/// The same users log in with any number of users, so that each has as many sessions.
const ACTIVE: usize = 10;

impl Request {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Register => "registrations",
            Self::Login => "logins",
            Self::Unknown => "logins of unknown users",
            Self::Refresh => "refreshes",
            Self::Authorised => "authorised calls",
            Self::Ended => "calls of an ended session",
            Self::Introspect => "introspections by a client",
            Self::Profile => "GET /me",
            Self::Sessions => "GET /sessions",
            Self::Logout => "logouts of one session",
            Self::Find => "GET /admin/users by name",
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Register => 201,
            Self::Unknown => 401,
            Self::Ended => 403,
            Self::Logout => 204,
            Self::Login
            | Self::Refresh
            | Self::Authorised
            | Self::Introspect
            | Self::Profile
            | Self::Sessions
            | Self::Find => 200,
        }
    }
}

/// A request that is ready to be sent.
pub(super) struct Prepared {
    kind: Request,
    /// The user's place among those who are active.
    number: usize,
    person: Person,
    admin: Person,
    client: ResourceServer,
    address: String,
    /// The access token of the session that has to end afterwards.
    session: Mutex<Option<String>>,
}

impl Prepared {
    /// Logs in whoever sends the request, if they have to be.
    pub(super) async fn make(
        kind: Request,
        number: usize,
        (service, admin, client): (&Service, &Person, &ResourceServer),
    ) -> anyhow::Result<Self> {
        let number = number % ACTIVE;
        let prepared = Self {
            kind,
            number,
            person: Person::with_username(&username(number)),
            admin: admin.clone(),
            client: client.clone(),
            address: address()?,
            session: Mutex::default(),
        };
        match kind {
            Request::Register | Request::Login | Request::Unknown => Ok(prepared),
            Request::Introspect | Request::Find => {
                let person = admin.clone();
                Ok(Self { person, ..prepared })
            }
            Request::Refresh
            | Request::Authorised
            | Request::Ended
            | Request::Profile
            | Request::Sessions
            | Request::Logout => {
                let tokens = call(prepared.log_in(service), 200).await?;
                let person = Person {
                    access_token: member(&tokens, "access_token"),
                    refresh_token: member(&tokens, "refresh_token"),
                    ..prepared.person.clone()
                };
                let session = Some(person.access_token.clone());
                if kind == Request::Ended {
                    person.logs_out(service, "local").await?;
                }
                let is_open = kind != Request::Ended && kind != Request::Logout;
                let session = Mutex::new(session.filter(|_| is_open));
                Ok(Self {
                    person,
                    session,
                    ..prepared
                })
            }
        }
    }

    /// Sends it, and expects success.
    pub(super) async fn send(&self, service: &Service) -> anyhow::Result<()> {
        let token = &self.person.access_token;
        let get = |path: &str| service.request(Method::GET, path).bearer_auth(token);
        let request = match self.kind {
            Request::Register => {
                let name = unique("growth");
                let email = format!("{name}@example.org");
                let body = json!({"username": name, "password": COPIED_PASSWORD, "email": email});
                self.post(service, "/register", &body)
            }
            Request::Login => self.log_in(service),
            Request::Unknown => {
                let body = json!({"username": unique("nobody"), "password": COPIED_PASSWORD});
                self.post(service, "/login", &body)
            }
            Request::Refresh => {
                let body = json!({"refresh_token": self.person.refresh_token});
                self.post(service, "/refresh", &body)
            }
            Request::Authorised | Request::Ended => get("/protected"),
            Request::Introspect => service
                .request(Method::POST, "/introspect")
                .basic_auth(&self.client.id, Some(&self.client.secret))
                .form(&[("token", self.admin.access_token.as_str())]),
            Request::Profile => get("/me"),
            Request::Sessions => get("/sessions"),
            Request::Logout => {
                let body = json!({"scope": "local"});
                let request = service.request(Method::POST, "/logout");
                request.bearer_auth(token).json(&body)
            }
            Request::Find => get(&format!("/admin/users?username={}", username(self.number))),
        };
        let body = call(request, self.kind.status()).await?;
        if self.kind == Request::Login {
            let mut session = self.session.lock().ok().context("a thread panicked")?;
            *session = Some(member(&body, "access_token"));
        }
        Ok(())
    }

    /// Ends the session, so that no user has ever more of them.
    pub(super) async fn clean_up(self, service: &Service) -> anyhow::Result<()> {
        let session = self.session.into_inner().ok().flatten();
        if let Some(token) = session {
            let request = service.request(Method::POST, "/logout").bearer_auth(token);
            call(request.json(&json!({"scope": "local"})), 204).await?;
        }
        Ok(())
    }

    fn log_in(&self, service: &Service) -> RequestBuilder {
        let body = json!({"username": self.person.username, "password": COPIED_PASSWORD});
        self.post(service, "/login", &body)
    }

    fn post(&self, service: &Service, path: &str, body: &Value) -> RequestBuilder {
        let request = service.request(Method::POST, path);
        request
            .header(CLIENT_ADDRESS_HEADER, &self.address)
            .json(body)
    }
}

async fn call(request: RequestBuilder, expected: u16) -> anyhow::Result<Value> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let path = response.url().path().to_owned();
    let body = response.bytes().await?;
    ensure!(status == expected, "{path} {status} instead of {expected}");
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

fn member(body: &Value, name: &str) -> String {
    let text = body.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}
