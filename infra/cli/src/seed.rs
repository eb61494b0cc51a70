//! Demo users, made through the API like everybody's.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use crate::password;

/// Registers the demo users and returns a line to print about each.
pub(crate) async fn users(api: SocketAddr) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for username in DEMO_USERS {
        let password = password::random()?;
        let line = match register(api, username, &password)
            .await
            .context("seeding failed")?
        {
            StatusCode::CREATED => format!("{username} has the password {password}"),
            StatusCode::CONFLICT => {
                format!("{username} exists, and keeps the password from before")
            }
            status => bail!("seeding failed: POST /register of {username} answered {status}"),
        };
        lines.push(line);
    }
    Ok(lines)
}

async fn register(api: SocketAddr, username: &str, password: &str) -> anyhow::Result<StatusCode> {
    let stream = TcpStream::connect(api).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let body = json!({ "username": username, "password": password }).to_string();
    let request = Request::post("/register")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let status = sender.send_request(request).await?.status();
    connection.abort();
    Ok(status)
}

/// Who is there after `--seed`.
const DEMO_USERS: [&str; 2] = ["ada", "grace"];
