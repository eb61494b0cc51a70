//! The stand-in for DynamoDB and Secrets Manager: HTTP/1.1 over TLS, with counted calls.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::http::Reader;
use crate::items::Items;
use crate::units::Units;

/// How often an operation was called, the bytes of its requests and responses, and the units
/// that DynamoDB would charge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) calls: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) units: Units,
}

/// The traffic by operation.
pub(crate) type Counts = BTreeMap<String, Traffic>;

/// The server. It runs until the process ends.
#[derive(Debug)]
pub(crate) struct AwsStandIn {
    address: SocketAddr,
    counts: Arc<Mutex<Counts>>,
}

impl AwsStandIn {
    /// Listens on a free port.
    pub(crate) fn start(config: &Arc<ServerConfig>, items: Items) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Mutex::new(Counts::new()));
        let shared = (Arc::clone(config), Arc::new(items), Arc::clone(&counts));
        thread::spawn(move || {
            let (config, items, counts) = shared;
            for stream in listener.incoming().flatten() {
                let (config, items) = (Arc::clone(&config), Arc::clone(&items));
                let counts = Arc::clone(&counts);
                thread::spawn(move || serve(stream, config, &items, &counts));
            }
        });
        Ok(Self { address, counts })
    }

    /// Returns the URL. The certificate is for `localhost`.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Returns the counts since the last call of this function.
    pub(crate) fn take_counts(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Serves a connection to its end. What goes wrong becomes the subject's error.
fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    items: &Items,
    counts: &Mutex<Counts>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let connection = ServerConnection::new(config).ok()?;
    let mut reader = Reader::new(StreamOwned::new(connection, stream));
    while let Some(request) = reader.next().ok()? {
        // SES has paths instead of a header.
        let of_ses = SES_PATHS
            .iter()
            .find(|(path, _)| request.path.starts_with(path));
        let of_ses = of_ses.map(|(_, operation)| (*operation).to_owned());
        let operation = request.operation.or(of_ses).unwrap_or_default();
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let response = items.respond(&operation, &body);
        let units = Units::of(&operation, &body, items);
        let (status, body, units) = match response.and_then(|response| Ok((response, units?))) {
            Ok((response, units)) => ("200 OK", response.to_string(), units),
            Err(error) => {
                let refusal = serde_json::json!({
                    "__type": "com.amazon.coral.validate#ValidationException",
                    "message": error.to_string(),
                });
                ("400 Bad Request", refusal.to_string(), Units::default())
            }
        };
        // Counted before the response, which the subject may follow with its own at once.
        let mut locked = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let traffic = locked.entry(operation).or_default();
        traffic.calls = traffic.calls.saturating_add(1);
        traffic.sent = traffic.sent.saturating_add(length(request.size));
        traffic.units += units;
        traffic.received = traffic.received.saturating_add(length(body.len()));
        drop(locked);
        reader.respond(status, HEADERS, body.as_bytes()).ok()?;
    }
    Some(())
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

const SES_PATHS: [(&str, &str); 2] = [
    ("/v2/email/account", "GetAccount"),
    ("/v2/email/outbound-emails", "SendEmail"),
];

const HEADERS: &str = "Content-Type: application/x-amz-json-1.0\r\n\
                       x-amzn-RequestId: 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n";
