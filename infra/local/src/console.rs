//! The console of `cargo local`: a page, and the data that it shows.
//!
//! It reads what is there (the tables, the key ring, the log, the gateway's record of
//! requests, the mails) and decides nothing. It never returns key material, a hash or a token;
//! only mails have codes, as their recipients see them.

mod accounts;
mod events;
mod files;
mod keys;
mod mails;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use accounts::StoredAccounts;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{Connection, ConnectionSettings, RotationError, StoreError};
use http::{Method, StatusCode};
use hyper::body::Incoming;
use keys::Keys;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock;
use crate::gateway::{self, Requests};
use crate::lambda::{Functions, InvokeError};
use crate::log::Log;
use crate::server::{FullResponse, read_body};
use crate::services::Ses;
use crate::tables::Tables;

pub(crate) use files::file;

/// The console of one stack.
#[derive(Debug)]
pub(crate) struct Console {
    /// `None` if the template lacks one of Gatehouse's tables.
    accounts: Option<StoredAccounts>,
    keys: Option<Keys>,
    log: Log,
    requests: Requests,
    /// Whether something else runs the functions and has their log.
    is_remote: bool,
    ses: Option<Ses>,
}

/// What the console shows.
pub(crate) struct ConsoleParts<'a> {
    pub(crate) dynamodb_url: &'a str,
    pub(crate) tables: &'a Tables,
    pub(crate) key_ring: &'a Path,
    pub(crate) functions: &'a Functions,
    pub(crate) environments: &'a BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) log: Log,
    pub(crate) requests: Requests,
    pub(crate) is_remote: bool,
    /// `None` if the stack sends no mail.
    pub(crate) ses: Option<Ses>,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsoleError {
    /// The template is not Gatehouse's.
    #[error("the template has no {0}")]
    Missing(&'static str),
    #[error("the tables cannot be read")]
    Tables(#[from] StoreError),
    #[error("the keys cannot be read or rotated")]
    Keys(#[from] RotationError),
    #[error("the rotation failed")]
    Rotation(#[from] InvokeError),
    #[error("there is no randomness")]
    Randomness,
}

/// Far more than `{"now":true}`.
const MAX_BODY_BYTES: usize = 1_000;

impl Console {
    pub(crate) fn new(parts: ConsoleParts<'_>) -> Self {
        let settings = ConnectionSettings::for_local_stack(parts.dynamodb_url);
        let connection = Connection::open(&settings);
        Self {
            accounts: StoredAccounts::new(&connection, parts.tables),
            keys: Keys::new(&connection, &parts),
            log: parts.log,
            requests: parts.requests,
            is_remote: parts.is_remote,
            ses: parts.ses,
        }
    }

    /// Responds to a request for `name` below `/_gatehouse/data/`.
    pub(crate) async fn respond(
        &self,
        method: &Method,
        name: &str,
        query: &str,
        body: Incoming,
    ) -> FullResponse {
        let parameter = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
        };
        let reads = [Method::GET, Method::HEAD].contains(method);
        let result = match (name, reads) {
            ("state", true) => {
                let sub = parameter("sub").and_then(|sub| SubjectId::parse(&sub).ok());
                self.state(sub.as_ref(), now()).await
            }
            ("events", true) => {
                let after = parameter("after").and_then(|number| number.parse().ok());
                Ok(events::after(&self.log, after, self.is_remote))
            }
            ("mails", true) => {
                let after = parameter("after").and_then(|number| number.parse().ok());
                Ok(mails::after(self.ses.as_ref(), after))
            }
            ("rotation", false) if *method == Method::POST => {
                let Some(wanted) = read_json(body).await else {
                    let text = r#"send {"now": false} or {"now": true} as JSON"#;
                    return gateway::message(StatusCode::BAD_REQUEST, text);
                };
                self.rotate(&wanted).await
            }
            ("state" | "events" | "mails" | "rotation", _) => {
                return gateway::message(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
            }
            (name, true) => {
                let id = name.strip_prefix("requests/");
                match id.and_then(|id| self.request(id)) {
                    Some(request) => Ok(request),
                    None => return gateway::message(StatusCode::NOT_FOUND, "Not Found"),
                }
            }
            _ => return gateway::message(StatusCode::NOT_FOUND, "Not Found"),
        };
        result.map_or_else(ConsoleError::into_response, |value| {
            gateway::json(StatusCode::OK, &value)
        })
    }

    /// Returns users with their sessions, and the keys with their states.
    async fn state(&self, sub: Option<&SubjectId>, now: Timestamp) -> Result<Value, ConsoleError> {
        let missing = ConsoleError::Missing("tables of users and sessions");
        let accounts = self.accounts.as_ref().ok_or(missing)?;
        Ok(json!({
            "now": now.unix(),
            "accounts": accounts.read(sub, now).await?,
            "keys": self.keys()?.read().await?,
        }))
    }

    /// Returns what the gateway did with a request, and what the functions logged about it.
    fn request(&self, id: &str) -> Option<Value> {
        let record = self.requests.find(id)?;
        Some(json!({ "request": record, "lines": events::of_request(&self.log, id) }))
    }

    async fn rotate(&self, wanted: &WantedRotation) -> Result<Value, ConsoleError> {
        let keys = self.keys()?;
        if wanted.now {
            keys.rotate_now(now).await
        } else {
            keys.rotate().await
        }
    }

    fn keys(&self) -> Result<&Keys, ConsoleError> {
        let missing = ConsoleError::Missing("table of signing keys");
        self.keys.as_ref().ok_or(missing)
    }
}

impl ConsoleError {
    fn into_response(self) -> FullResponse {
        let error: &dyn Error = &self;
        let causes = std::iter::successors(Some(error), |&error| error.source());
        let text: Vec<String> = causes.map(ToString::to_string).collect();
        gateway::message(StatusCode::SERVICE_UNAVAILABLE, &text.join(": "))
    }
}

/// Which rotation to run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedRotation {
    /// Whether to skip the wait until verifiers know the next key.
    now: bool,
}

async fn read_json(body: Incoming) -> Option<WantedRotation> {
    let body = read_body(body, MAX_BODY_BYTES).await.ok()?;
    serde_json::from_slice(&body).ok()
}

fn now() -> Timestamp {
    let seconds = clock::now_millis() / 1000;
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}
