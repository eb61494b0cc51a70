//! The requests of the load: what they are, in which proportion, and whose.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gatehouse_tests::Service;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::CLIENT_ADDRESS_HEADER;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::population::{COPIED_PASSWORD, username};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Register,
    Login,
    Refresh,
    Authorised,
}

impl Operation {
    /// All of them, with how many of each come together.
    pub(crate) const ALL: [(Self, u64); 4] = [
        (Self::Register, 1),
        (Self::Login, 10),
        (Self::Refresh, 30),
        (Self::Authorised, 1_000),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Register => "registrations",
            Self::Login => "logins",
            Self::Refresh => "refreshes",
            Self::Authorised => "authorised calls",
        }
    }

    /// Returns the kind of the request with a number. In each run of 1,041 consecutive ones,
    /// every kind has its share, spread evenly.
    pub(crate) fn at(number: u64) -> Self {
        let sum: u64 = Self::ALL.iter().map(|(_, share)| share).sum();
        // Any factor that shares no divisor with the sum visits every place once.
        let mut place = number.wrapping_mul(STRIDE) % sum;
        for (operation, share) in Self::ALL {
            match place.checked_sub(share) {
                Some(rest) => place = rest,
                None => return operation,
            }
        }
        Self::Authorised
    }
}

/// Its inverse, 643, is about 0.618 of 1,041: so far apart are the requests of two neighbouring
/// places, which spreads those of a kind best.
const STRIDE: u64 = 34;

/// A service, and those who are logged in.
pub(crate) struct Mix {
    service: Service,
    users: u64,
    logins: AtomicU64,
    addresses: AtomicU64,
    sessions: Mutex<VecDeque<Tokens>>,
}

#[derive(Clone)]
struct Tokens {
    access: String,
    refresh: String,
}

/// How many sessions are used at once. Each is refreshed long before its tokens expire.
const SESSIONS: usize = 200;

impl Mix {
    /// Logs in some of the users.
    ///
    /// # Errors
    /// If a login fails.
    pub(crate) async fn start(service: Service, users: usize) -> Result<Self, String> {
        let mix = Self {
            service,
            users: users as u64,
            logins: AtomicU64::new(0),
            addresses: AtomicU64::new(0),
            sessions: Mutex::default(),
        };
        while mix.sessions().len() < SESSIONS {
            mix.perform(Operation::Login).await?;
        }
        Ok(mix)
    }

    /// Sends one request, and reads the response.
    ///
    /// # Errors
    /// If the response is not the expected one; the text says what came instead.
    pub(crate) async fn perform(&self, operation: Operation) -> Result<(), String> {
        match operation {
            Operation::Register => {
                let name = unique("load");
                let email = format!("{name}@example.org");
                let body = json!({"username": name, "password": COPIED_PASSWORD, "email": email});
                self.call(self.post("/register", &body), 201)
                    .await
                    .map(drop)
            }
            Operation::Login => {
                let number = self.logins.fetch_add(1, Ordering::Relaxed) % self.users;
                let name = username(usize::try_from(number).unwrap_or_default());
                let body = json!({"username": name, "password": COPIED_PASSWORD});
                let tokens = self.call(self.post("/login", &body), 200).await?;
                self.keep(&tokens);
                Ok(())
            }
            Operation::Refresh => {
                let session = self.sessions().pop_front();
                let session = session.ok_or("every session is being refreshed")?;
                let body = json!({"refresh_token": session.refresh});
                let tokens = self.call(self.post("/refresh", &body), 200).await?;
                self.keep(&tokens);
                Ok(())
            }
            Operation::Authorised => {
                let newest = self.sessions().back().cloned();
                let token = newest.ok_or("nobody is logged in")?.access;
                let request = self.service.request(Method::GET, "/protected");
                self.call(request.bearer_auth(token), 200).await.map(drop)
            }
        }
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        // Attempts are limited by address.
        let number = self.addresses.fetch_add(1, Ordering::Relaxed);
        let [.., second, third, fourth] = number.to_be_bytes();
        let address = format!("10.{second}.{third}.{fourth}");
        let request = self.service.request(Method::POST, path);
        request.header(CLIENT_ADDRESS_HEADER, address).json(body)
    }

    async fn call(&self, request: RequestBuilder, expected: u16) -> Result<Value, String> {
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let path = response.url().path().to_owned();
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        if status != expected {
            return Err(format!("{path} {status}"));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    fn keep(&self, tokens: &Value) {
        let member = |name: &str| {
            let text = tokens.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let mut sessions = self.sessions();
        sessions.push_back(Tokens {
            access: member("access_token"),
            refresh: member("refresh_token"),
        });
        if sessions.len() > SESSIONS {
            sessions.pop_front();
        }
    }

    fn sessions(&self) -> MutexGuard<'_, VecDeque<Tokens>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_kind_has_its_share_and_is_spread() {
        let kinds: Vec<Operation> = (0..1_041).map(Operation::at).collect();
        let mut counts = BTreeMap::new();
        for kind in &kinds {
            *counts.entry(*kind).or_default() += 1;
        }
        assert_eq!(counts, BTreeMap::from(Operation::ALL));
        for part in kinds.chunks(347) {
            let logins = part
                .iter()
                .filter(|kind| **kind == Operation::Login)
                .count();
            assert!((2..=5).contains(&logins), "{logins}");
        }
    }
}
