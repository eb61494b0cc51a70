//! A server with canned replies, well-formed or not.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use tokio::sync::watch;

use crate::backend::{Call, ConnectionCut};
use crate::wire::{self, Body};

/// What a [`StubServer`] sends.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A response.
    Response(Response<Bytes>),
    /// These bytes, whatever they are, and the end of the connection.
    Raw(Vec<u8>),
    /// A body that never ends.
    Endless,
    /// Nothing, however long the client waits.
    Silence,
}

impl Reply {
    /// Returns a response with that status and body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Self::Response(response)
    }

    /// Returns the error response of DynamoDB with that code; `more` are further
    /// members of its body, each with a comma before it.
    #[must_use]
    pub fn dynamodb_error(code: &str, more: &str) -> Self {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
        Self::new(
            400,
            format!(r#"{{"__type":"{kind}","message":"no"{more}}}"#),
        )
    }

    /// Adds a header to a response.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Response(response) = &mut self {
            let value = HeaderValue::from_str(value).unwrap();
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Returns raw bytes in place of a response.
    #[must_use]
    pub fn raw(text: &str) -> Self {
        Self::Raw(text.into())
    }
}

/// A running server, until the test's runtime ends.
#[derive(Debug)]
pub struct StubServer {
    url: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Call>>,
    received: watch::Sender<usize>,
    held: watch::Sender<bool>,
}

impl StubServer {
    /// Sends `replies` in order, and the last of them from then on.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let state = Arc::new(State {
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::default(),
            received: watch::Sender::new(0),
            held: watch::Sender::new(false),
        });
        let shared = Arc::clone(&state);
        let handle = move |call: Call, connection: Arc<TcpStream>| {
            let state = Arc::clone(&shared);
            async move { state.handle(call, &connection).await }.boxed()
        };
        let url = wire::serve(Arc::new(handle)).await;
        Self { url, state }
    }

    /// Returns `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends this reply from now on.
    pub fn reply_with(&self, reply: Reply) {
        *self.state.replies.lock().unwrap() = [reply].into();
    }

    /// Keeps replies back until they are released.
    pub fn hold_replies(&self) {
        self.state.held.send_replace(true);
    }

    /// Sends the replies that were kept back.
    pub fn release_replies(&self) {
        self.state.held.send_replace(false);
    }

    /// Returns the number of requests so far.
    #[must_use]
    pub fn received(&self) -> usize {
        *self.state.received.borrow()
    }

    /// Waits for that number of requests.
    pub async fn has_received(&self, requests: usize) {
        let mut received = self.state.received.subscribe();
        received.wait_for(|count| *count >= requests).await.unwrap();
    }

    /// Returns the requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Call> {
        self.state.requests.lock().unwrap().clone()
    }
}

impl State {
    async fn handle(
        &self,
        call: Call,
        mut connection: &TcpStream,
    ) -> Result<Response<Body>, ConnectionCut> {
        let reply = self.next();
        self.requests.lock().unwrap().push(call);
        self.received.send_modify(|count| *count += 1);
        let mut held = self.held.subscribe();
        held.wait_for(|held| !held).await.unwrap();
        match reply {
            Reply::Response(response) => Ok(response.map(|body| Full::new(body).boxed_unsync())),
            Reply::Raw(bytes) => {
                // Few enough that the socket takes them at once.
                connection.write_all(&bytes).unwrap();
                Err(ConnectionCut)
            }
            Reply::Endless => {
                let spaces = || Ok(Frame::data(Bytes::from_static(&[b' '; 4096])));
                let spaces = stream::repeat_with(spaces);
                Ok(Response::new(StreamBody::new(spaces).boxed_unsync()))
            }
            Reply::Silence => std::future::pending().await,
        }
    }

    fn next(&self) -> Reply {
        let mut replies = self.replies.lock().unwrap();
        let last = replies.len() == 1;
        let reply = replies.pop_front().unwrap();
        if last {
            replies.push_back(reply.clone());
        }
        reply
    }
}
