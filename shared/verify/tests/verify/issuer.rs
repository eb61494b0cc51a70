//! An issuer: keys that sign, and an HTTP server that answers as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::key::{Algorithm, SigningKey};
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::token::{Grant, Issuer as TokenIssuer};
use gatehouse_verify::{RemoteVerifier, Settings, Timestamp};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The moment at which tests begin.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

pub(crate) fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// What the server sends for a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// A body that never ends.
    Endless,
    /// Nothing, for as long as the client waits.
    Silence,
    /// The bytes, once the gate is opened.
    Gated(Vec<u8>),
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    reply: Arc<Mutex<Reply>>,
    requests: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Issuer {
    /// Starts an issuer that publishes some keys.
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            reply: Arc::new(Mutex::new(Reply::Bytes(published(keys)))),
            requests: Arc::new(AtomicUsize::new(0)),
            gate: Arc::new(Semaphore::new(0)),
        };
        let (reply, requests) = (Arc::clone(&issuer.reply), Arc::clone(&issuer.requests));
        let gate = Arc::clone(&issuer.gate);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let reply = reply.lock().unwrap().clone();
                tokio::spawn(answer(
                    stream,
                    reply,
                    Arc::clone(&requests),
                    Arc::clone(&gate),
                ));
            }
        });
        issuer
    }

    pub(crate) fn will(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Lets the gated replies go.
    pub(crate) fn open_the_gate(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Waits until so many requests have come.
    pub(crate) async fn asked(&self, times: usize) {
        while self.requests() < times {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn verifier(&self) -> RemoteVerifier {
        RemoteVerifier::new(self.settings()).unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::new(&self.url, "api")
    }

    /// Signs a token that is valid for a quarter of an hour.
    pub(crate) fn token(&self, key: &SigningKey, now: Timestamp) -> String {
        token(&self.url, "api", key, now)
    }
}

async fn answer(
    mut stream: TcpStream,
    reply: Reply,
    requests: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            // A TLS client, for one.
            Ok(byte) if request.is_empty() && byte != b'G' => return,
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    requests.fetch_add(1, Ordering::SeqCst);
    let sent = match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
        Reply::Gated(bytes) => {
            let passed = gate.acquire().await.unwrap();
            let sent = stream.write_all(&bytes).await;
            drop(passed);
            sent
        }
        Reply::Silence => {
            gate.acquire().await.unwrap().forget();
            Ok(())
        }
        Reply::Endless => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&[b' '; 4096]).await;
            }
            sent
        }
    };
    // The client may have gone, which is what some tests are about.
    drop(sent);
}

/// An answer that publishes some keys.
pub(crate) fn published(keys: &[&SigningKey]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|key| key.public().to_json()).collect();
    response("200 OK", "", &json!({ "keys": keys }).to_string())
}

pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

pub(crate) fn token(issuer: &str, audience: &str, key: &SigningKey, now: Timestamp) -> String {
    let lifetime = Duration::from_mins(15);
    let issuer = TokenIssuer::new(issuer.into(), audience.into(), "client".into(), lifetime);
    let grant = Grant {
        sub: SubjectId::from_bytes([1; 16]),
        sid: SessionId::from_bytes([2; 16]),
        jti: Jti::from_bytes([3; 16]),
        ver: 0,
        auth_time: now,
        scope: Scopes::parse("profile").unwrap(),
        roles: Roles::parse(["user"]).unwrap(),
    };
    issuer.issue(grant, key, now).unwrap().expose().to_owned()
}
