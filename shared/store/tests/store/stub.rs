//! A server that gives one answer to everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The running server; it ends with the test.
pub(crate) struct Stub {
    pub(crate) endpoint: String,
    asked: Arc<AtomicUsize>,
}

impl Stub {
    /// Answers `answers` in order, and the last of them for ever.
    pub(crate) async fn start(answers: &[(u16, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, answers) = (Arc::clone(&asked), Arc::new(answers.to_vec()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&answers), Arc::clone(&count)));
            }
        });
        Self { endpoint, asked }
    }

    /// Returns how many requests there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Makes the answer of DynamoDB for an error.
pub(crate) fn error(code: &str, more: &str) -> (u16, String) {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    (
        400,
        format!(r#"{{"__type":"{kind}","message":"no"{more}}}"#),
    )
}

async fn converse(
    stream: TcpStream,
    answers: Arc<Vec<(u16, String)>>,
    asked: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).await?;
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let (status, body) = answers.get(number).or(answers.last()).unwrap();
        let head = format!(
            "HTTP/1.1 {status} Answer\r\ncontent-type: application/x-amz-json-1.0\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
    }
}
