//! The gateway over real sockets, with functions that the tests make up.

mod authorizer;
mod cors;
mod functions;
mod http;
mod limits;
mod routes;
mod smuggling;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Gateway;
use crate::lambda::{Function, Functions};
use crate::log::{Log, LogTarget};
use crate::server::{FullResponse, Serving, serve};
use crate::template::Template;

/// What a test's function returns for an event; `None` means that it never responds.
type Behaviour = fn(&Value) -> Option<StubResponse>;

/// A response of the invoke endpoint.
enum StubResponse {
    Response(String),
    Error,
}

#[expect(clippy::unnecessary_wraps, reason = "a behaviour may return None")]
fn responds(value: &Value) -> Option<StubResponse> {
    Some(StubResponse::Response(value.to_string()))
}

/// Returns the event as the body.
fn echo(event: &Value) -> Option<StubResponse> {
    responds(
        &json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": event.to_string()}),
    )
}

struct TestGateway {
    address: SocketAddr,
    /// The names of the functions that have been called.
    called: Arc<Mutex<Vec<String>>>,
    log: Log,
    _serving: [Serving; 2],
}

impl TestGateway {
    /// Starts a gateway for the template's fixture, with two functions.
    async fn new(parameters: &[(&str, &str)], echo: Behaviour, guard: Behaviour) -> Self {
        let text = include_str!("../template/fixture.yaml");
        let parameters = parameters
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let template = Template::parse(text, &parameters.collect(), "http://localhost").unwrap();
        let called = Arc::new(Mutex::new(Vec::new()));
        let behaviour = BTreeMap::from([("echo", echo), ("guard", guard)]);
        let (stub, endpoint) = invoke_endpoint(behaviour, Arc::clone(&called)).await;
        let mut functions = Functions::new();
        for spec in &template.functions {
            let function = Function::remote(&format!("http://{endpoint}"), &spec.name);
            functions.insert(spec.name.clone(), Arc::new(function));
        }
        let log = Log::new(LogTarget::Buffer);
        let gateway = Arc::new(Gateway::new(template.api, functions, log.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = serve(listener, move |request, peer| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.respond(request, peer).await }
        });
        Self {
            address,
            called,
            log,
            _serving: [stub, serving],
        }
    }

    fn calls(&self, function: &str) -> usize {
        self.called
            .lock()
            .unwrap()
            .iter()
            .filter(|name| *name == function)
            .count()
    }

    async fn get(&self, path: &str, headers: &str) -> Reply {
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"
        ))
        .await
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> Reply {
        let length = body.len();
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        ))
        .await
    }

    /// Sends bytes, and reads until the gateway closes the connection.
    async fn raw(&self, bytes: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The gateway may close the connection before it has read everything.
        drop(stream.write_all(bytes.as_bytes()).await);
        let mut reply = Vec::new();
        drop(stream.read_to_end(&mut reply).await);
        Reply::parse(&String::from_utf8(reply).unwrap())
    }
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// All bytes, for tests that look for a second response.
    whole: String,
}

impl Reply {
    fn parse(whole: &str) -> Self {
        let (head, body) = whole.split_once("\r\n\r\n").unwrap_or((whole, ""));
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap_or("0")
            .parse()
            .unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        });
        Self {
            status,
            headers: headers.collect(),
            body: body.to_owned(),
            whole: whole.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name);
        values.next().map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns status and body, which identify the gateway's own responses.
    fn brief(&self) -> (u16, &str) {
        (self.status, &self.body)
    }
}

/// Lambda's Invoke API, as `cargo lambda watch` serves it.
async fn invoke_endpoint(
    behaviour: BTreeMap<&'static str, Behaviour>,
    called: Arc<Mutex<Vec<String>>>,
) -> (Serving, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = serve(listener, move |request: Request<Incoming>, _| {
        let (behaviour, called) = (behaviour.clone(), Arc::clone(&called));
        async move {
            let name = request.uri().path().split('/').nth(3).unwrap().to_owned();
            let event = request.into_body().collect().await.unwrap().to_bytes();
            let event = serde_json::from_slice(&event).unwrap();
            let response = behaviour[name.as_str()](&event);
            called.lock().unwrap().push(name);
            match response {
                Some(response) => response.into_response(),
                None => std::future::pending().await,
            }
        }
    });
    (serving, address)
}

impl StubResponse {
    fn into_response(self) -> FullResponse {
        let (failed, body) = match self {
            Self::Response(body) => (false, body),
            Self::Error => (
                true,
                r#"{"errorType":"Crash","errorMessage":"it broke"}"#.to_owned(),
            ),
        };
        let mut response = Response::builder();
        if failed {
            response = response.header("x-amz-function-error", "Unhandled");
        }
        response.body(Full::new(Bytes::from(body))).unwrap()
    }
}
