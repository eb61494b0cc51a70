//! Clients that send too much, too slowly, or too many requests at once.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Reply, StubResponse, TestGateway, echo, responds};
use crate::gateway::MAX_REQUESTS;
use crate::server::{MAX_BODY_TIME, MAX_CONNECTIONS, MAX_HEAD_TIME, MAX_HEADERS, MAX_IDLE};

#[tokio::test]
async fn a_request_may_have_a_hundred_headers_and_no_more() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    // `host` and `connection` are two.
    let headers = "a: 1\r\n".repeat(MAX_HEADERS - 2);
    assert_eq!(gateway.get("/things/one", &headers).await.status, 200);
    let reply = gateway
        .get("/things/one", &format!("{headers}a: 1\r\n"))
        .await;
    assert_eq!(reply.status, 431);
    assert_eq!(gateway.calls("echo"), 1);
}

/// Sends the bytes at once and then a byte a second; returns the response, and when the
/// connection closed.
async fn slowly(gateway: &TestGateway, bytes: &str, then: &str) -> (Reply, Duration) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let then = then.to_owned();
    let trickle = tokio::spawn(async move {
        for byte in then.bytes().cycle() {
            sleep(Duration::from_secs(1)).await;
            if writing.write_all(&[byte]).await.is_err() {
                break;
            }
        }
        // Dropping it would end the request.
        std::future::pending::<()>().await;
    });
    let mut reply = Vec::new();
    drop(reading.read_to_end(&mut reply).await);
    trickle.abort();
    (
        Reply::parse(&String::from_utf8(reply).unwrap()),
        began.elapsed(),
    )
}

/// The clock stands still but for timers, so nobody waits.
#[tokio::test(start_paused = true)]
async fn a_slow_head_loses_its_connection() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    for (bytes, then) in [
        ("GET /things/one HTTP/1.1\r\nhost: x\r\n", ""),
        ("GET /things/one HTTP/1.1\r\nhost: x\r\na: ", "x"),
        ("G", "E"),
    ] {
        let (reply, took) = slowly(&gateway, bytes, then).await;
        assert_eq!(reply.whole, "", "{bytes:?}");
        let longest = MAX_HEAD_TIME + Duration::from_secs(2);
        assert!(
            (MAX_HEAD_TIME..longest).contains(&took),
            "{bytes:?}: {took:?}"
        );
    }
    assert_eq!(gateway.calls("echo"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_408_and_loses_its_connection() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    for (framing, then) in [
        ("content-length: 100", ""),
        ("content-length: 100", "x"),
        ("transfer-encoding: chunked", ""),
        ("transfer-encoding: chunked", "1\r\nx\r\n"),
    ] {
        let head = format!("POST /open HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n");
        let (reply, took) = slowly(&gateway, &head, then).await;
        assert_eq!(
            reply.brief(),
            (408, r#"{"message":"Request Timeout"}"#),
            "{framing}"
        );
        assert_eq!(reply.header("connection"), Some("close"));
        let longest = MAX_BODY_TIME + Duration::from_secs(2);
        assert!(
            (MAX_BODY_TIME..longest).contains(&took),
            "{framing}: {took:?}"
        );
    }
    assert_eq!(gateway.calls("echo"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_closes_after_two_minutes() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let (reply, took) = slowly(&gateway, "", "").await;
    assert_eq!(reply.whole, "");
    assert!(
        (MAX_IDLE..MAX_IDLE + Duration::from_secs(2)).contains(&took),
        "{took:?}"
    );
    let request = "GET /things/one HTTP/1.1\r\nhost: x\r\n\r\n";
    let (reply, took) = slowly(&gateway, request, "").await;
    assert_eq!(reply.status, 200);
    assert!(
        (MAX_IDLE..MAX_IDLE + Duration::from_secs(2)).contains(&took),
        "{took:?}"
    );
}

/// Held by each test that needs thousands of connections: this process may not have enough for
/// several of them.
static MANY: Mutex<()> = Mutex::const_new(());

/// Allows this process as many connections as it may have.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

#[tokio::test]
async fn a_thousand_idle_connections_delay_no_request() {
    let _many = MANY.lock().await;
    raise_limit();
    let gateway = TestGateway::new(&[], echo, echo).await;
    let mut idle = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        // Some have not sent anything, and some have not sent everything.
        let beginnings = [
            "",
            "GET /things/one HTTP/1.1\r\n",
            "POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
        ];
        stream
            .write_all(beginnings[number % 3].as_bytes())
            .await
            .unwrap();
        idle.push(stream);
    }
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(gateway.get("/things/one", "").await.status, 200);
    }
    // 20 requests take some milliseconds; on a busy machine, some more.
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    drop(idle);
}

#[tokio::test]
async fn a_connection_too_many_is_refused_at_once_and_the_next_one_served() {
    let _many = MANY.lock().await;
    raise_limit();
    let gateway = TestGateway::new(&[], echo, echo).await;
    let mut idle = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        idle.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    // No request is needed, and none is read.
    let mut refused = TcpStream::connect(gateway.address).await.unwrap();
    let mut reply = String::new();
    refused.read_to_string(&mut reply).await.unwrap();
    assert_eq!(Reply::parse(&reply).status, 503);
    drop(idle);
    let served = async {
        while gateway.get("/things/one", "").await.status != 200 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), served).await.unwrap();
}

/// Hangs for one path, and returns the event for others.
fn hang_if_slow(event: &Value) -> Option<StubResponse> {
    if event["rawPath"] == "/things/slow" {
        return None;
    }
    responds(&json!({ "statusCode": 200, "body": event.to_string() }))
}

/// Returns this process's memory in megabytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// How many requests are sent at once.
const FLOOD: usize = 2 * MAX_REQUESTS;
/// By how many megabytes the memory may differ after further floods: what other tests use. The
/// allocator keeps what the first one took.
const TOLERANCE: u64 = 64;

/// Sends requests all at once that no function answers; returns their statuses.
async fn flood(gateway: &TestGateway) -> Vec<u16> {
    let mut streams = Vec::new();
    for _ in 0..FLOOD {
        streams.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    let mut flood = JoinSet::new();
    for mut stream in streams {
        flood.spawn(async move {
            let filler = "x".repeat(4_000);
            let request = format!(
                "GET /things/slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\na: {filler}\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await.unwrap();
            Reply::parse(&reply).status
        });
    }
    flood.join_all().await
}

#[tokio::test]
async fn floods_get_429_and_503_and_leave_neither_refusals_nor_memory() {
    let _many = MANY.lock().await;
    raise_limit();
    let gateway = TestGateway::new(&[("Timeout", "2000")], hang_if_slow, echo).await;
    let mut after_the_first = None;
    for _ in 0..3 {
        let statuses = flood(&gateway).await;
        let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!(count(429) + count(503), FLOOD, "{statuses:?}");
        assert!(
            count(503) >= MAX_REQUESTS && count(429) > 0,
            "{}",
            count(429)
        );
        assert_eq!(gateway.get("/things/after", "").await.status, 200);
        let after = memory();
        let first = *after_the_first.get_or_insert(after);
        assert!(after <= first + TOLERANCE, "{first} MB, then {after} MB");
    }
}
