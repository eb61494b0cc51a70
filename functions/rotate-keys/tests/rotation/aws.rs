//! One endpoint for both services: an embedded DynamoDB, and Secrets Manager as
//! far as a rotation needs it. A fuse ends the caller at the call of one's choice.

use std::sync::{Arc, Mutex};

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::secrets::Secrets;

/// Where the caller dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fuse {
    /// Before the call of that number (from 0) has an effect.
    Before(usize),
    /// After it had its effect, with the answer lost.
    After(usize),
}

/// Both services; they end with the test.
pub(crate) struct Aws {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    dynamodb: String,
    secrets: Mutex<Secrets>,
    calls: Mutex<Vec<String>>,
    fuse: Mutex<Option<Fuse>>,
    blown: Notify,
}

impl Aws {
    /// Starts both: an empty table `keys`, and a secret with a ring without keys.
    pub(crate) async fn start() -> Self {
        let database = Database::memory().unwrap();
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        });
        database
            .create_table(serde_json::from_value(table).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dynamodb = listener.local_addr().unwrap().to_string();
        tokio::spawn(dynoxide::server::serve_on(listener, database));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            dynamodb,
            secrets: Mutex::new(Secrets::new()),
            calls: Mutex::default(),
            fuse: Mutex::default(),
            blown: Notify::new(),
        });
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&served)));
            }
        });
        Self { endpoint, shared }
    }

    /// Runs `work` until it is done, or until the fuse ends it as SIGKILL would.
    /// Returns its result, or `None` where it was ended.
    pub(crate) async fn until<T: Send + 'static>(
        &self,
        fuse: Fuse,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.shared.calls.lock().unwrap().clear();
        *self.shared.fuse.lock().unwrap() = Some(fuse);
        let mut work = tokio::spawn(work);
        let done = tokio::select! {
            done = &mut work => Some(done.unwrap()),
            () = self.shared.blown.notified() => None,
        };
        work.abort();
        *self.shared.fuse.lock().unwrap() = None;
        done
    }

    /// Returns the names of the calls since the last time.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }

    /// Labels a version that has no value yet, as Secrets Manager does before it
    /// asks for the first step.
    pub(crate) fn label(&self, token: &str) {
        self.shared.secrets.lock().unwrap().label(token);
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = message(&mut stream).await? {
        let target = header(&head, "x-amz-target:").unwrap();
        let (service, operation) = target.split_once('.').unwrap();
        let number = {
            let mut calls = shared.calls.lock().unwrap();
            calls.push(operation.to_owned());
            calls.len() - 1
        };
        let fuse = *shared.fuse.lock().unwrap();
        if fuse == Some(Fuse::Before(number)) {
            shared.blown.notify_one();
            std::future::pending::<()>().await;
        }
        let (head, body) = if service == "secretsmanager" {
            let request: Value = serde_json::from_slice(&body).unwrap();
            let answer = shared.secrets.lock().unwrap().answer(operation, &request);
            let (status, body) = match answer {
                Ok(body) => (200, body),
                Err(code) => (400, json!({"__type": code, "message": "no"})),
            };
            let body = body.to_string().into_bytes();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} Answer\r\ncontent-type: application/x-amz-json-1.1\r\n\
                 content-length: {length}\r\n\r\n"
            );
            (head, body)
        } else {
            let mut dynamodb = BufReader::new(TcpStream::connect(&shared.dynamodb).await?);
            dynamodb
                .write_all(&[head.as_bytes(), &body].concat())
                .await?;
            message(&mut dynamodb).await?.unwrap()
        };
        if fuse == Some(Fuse::After(number)) {
            shared.blown.notify_one();
            std::future::pending::<()>().await;
        }
        // In one piece: the second of two would wait for an acknowledgement.
        stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    }
    Ok(())
}

/// Reads a head, its empty line included, and the body that it announces.
async fn message(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let length = header(&head, "content-length:").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((head, body)))
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (start, rest) = line.split_at_checked(name.len())?;
        start
            .eq_ignore_ascii_case(name)
            .then(|| rest.trim().to_owned())
    })
}

/// The table's name.
pub(crate) const TABLE: &str = "keys";
