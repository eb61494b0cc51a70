//! Refreshes whose response is cut off: the client presents the old token again, and gets the
//! successor that it has missed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures_util::future::try_join_all;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::service::{CLIENT_ADDRESS_HEADER, address};
use gatehouse_tests::{Service, long_run};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Clients at the same time.
const CLIENTS: usize = 8;
/// Every boundary for a local stack, and some for a deployed one.
const STEP_IF_DEPLOYED: usize = 100;
/// How long the long run goes on without `cargo long`.
const BY_ITSELF: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_response_is_cut_off_at_any_byte_gets_its_successor() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let step = if is_deployed() { STEP_IF_DEPLOYED } else { 1 };
    let tried = cut_at_every_boundary(&service, step, 1).await?;
    assert!(tried.cuts * step > 1_000, "{tried:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "goes on for as long as it may: `cargo long cuts`"]
async fn a_client_whose_responses_are_cut_off_again_and_again_gets_its_successor()
-> anyhow::Result<()> {
    let end = Instant::now() + long_run::time().unwrap_or(BY_ITSELF);
    let mut sum = Tried::default();
    let mut round = usize::try_from(long_run::seed())?;
    while Instant::now() < end {
        // A stack keeps what its functions log, so each has its own.
        let service = Service::start().await?;
        for _ in 0..ROUNDS_PER_STACK {
            round += 1;
            let tried = cut_at_every_boundary(&service, 1, 1 + round % MOST_IN_A_ROW).await?;
            sum.cuts += tried.cuts;
            sum.refreshes += tried.refreshes;
            if Instant::now() > end {
                break;
            }
        }
    }
    long_run::report(&json!({
        "cuts": sum.cuts, "refreshes_with_cuts": sum.refreshes, "violations": 0,
    }));
    Ok(())
}

const ROUNDS_PER_STACK: usize = 10;
/// Responses to one token that are lost, one after the other.
const MOST_IN_A_ROW: usize = 3;

#[derive(Debug, Default)]
struct Tried {
    cuts: usize,
    refreshes: usize,
}

/// Cuts a response after each number of its bytes, and each that many times in a row.
async fn cut_at_every_boundary(
    service: &Service,
    step: usize,
    in_a_row: usize,
) -> anyhow::Result<Tried> {
    let people = (0..CLIENTS).map(|_| service.logged_in("ada"));
    let people = try_join_all(people).await?;
    let clients = people.into_iter().enumerate().map(async |(first, ada)| {
        let relay = Relay::start(service.url()).await?;
        // The relay closes each connection, and a client may only notice that with its next request.
        let client = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()?;
        let (mut token, mut tried) = (ada.refresh_token, Tried::default());
        let mut after = first * step;
        loop {
            let mut missed = Vec::new();
            let mut length = 0;
            for _ in 0..in_a_row {
                relay.cut_after(after);
                let received = refresh(&client, &relay.url, &token).await;
                let response = relay.response();
                length = response.len();
                let is_whole = after >= length;
                ensure!(
                    received.is_ok() == is_whole,
                    "{after} of {length} bytes: {received:?}"
                );
                missed.push(successor(&response)?);
                tried.cuts += usize::from(!is_whole);
                tried.refreshes += 1;
            }
            let again = service.refresh(&token).await?;
            again.assert_status(200);
            let next = again.member("refresh_token");
            tried.refreshes += 1;
            ensure!(next != token, "{after}: not rotated");
            ensure!(
                missed.iter().all(|one| *one == next),
                "{after}: there are two successors of one token"
            );
            token = next;
            if after >= length {
                return anyhow::Ok(tried);
            }
            after += CLIENTS * step;
        }
    });
    let mut sum = Tried::default();
    for tried in try_join_all(clients).await? {
        sum.cuts += tried.cuts;
        sum.refreshes += tried.refreshes;
    }
    Ok(sum)
}

/// Refreshes through a relay, and returns the whole body.
async fn refresh(client: &Client, url: &str, token: &str) -> reqwest::Result<Value> {
    let request = client.post(url).json(&json!({ "refresh_token": token }));
    let request = request.header(CLIENT_ADDRESS_HEADER, address().unwrap_or_default());
    request.send().await?.json().await
}

/// Reads the successor from a whole response.
fn successor(response: &[u8]) -> anyhow::Result<String> {
    let (head, body) = response.split_at(head_length(response).context("no head")?);
    let head = String::from_utf8_lossy(head);
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let body: Value = serde_json::from_slice(body)?;
    let token = body["refresh_token"].as_str().context("no successor")?;
    Ok(token.to_owned())
}

/// Stands between a client and the service, and passes on only the beginning of each response.
struct Relay {
    url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    after: usize,
    /// The last response, whole.
    response: Vec<u8>,
}

impl Relay {
    async fn start(service: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut url: Url = format!("{service}/refresh").parse()?;
        let upstream = url.socket_addrs(|| None)?;
        let port = Some(listener.local_addr()?.port());
        ensure!(url.set_host(Some("127.0.0.1")).is_ok() && url.set_port(port).is_ok());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (upstream, shared) = (upstream.clone(), Arc::clone(&shared));
                tokio::spawn(async move { pass_on(client, &upstream, &shared).await });
            }
        });
        let url = url.to_string();
        Ok(Self { url, state })
    }

    fn cut_after(&self, after: usize) {
        *lock(&self.state) = State {
            after,
            response: Vec::new(),
        };
    }

    fn response(&self) -> Vec<u8> {
        lock(&self.state).response.clone()
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes on one request, and some bytes of its response.
async fn pass_on(
    mut client: TcpStream,
    upstream: &[std::net::SocketAddr],
    state: &Mutex<State>,
) -> anyhow::Result<()> {
    let request = read_message(&mut client).await?;
    let mut service = TcpStream::connect(upstream).await?;
    service.write_all(&request).await?;
    let response = read_message(&mut service).await?;
    let after = lock(state).after.min(response.len());
    lock(state).response.clone_from(&response);
    client.write_all(&response[..after]).await?;
    if after < response.len() && after % 2 == 1 {
        // The connection is reset instead of closed.
        client.set_zero_linger()?;
    }
    Ok(())
}

/// Reads a request or a response, whole.
async fn read_message(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        if let Some(head) = head_length(&message) {
            let lines = String::from_utf8_lossy(&message[..head]).to_lowercase();
            let length = lines
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.context("no length")?.trim().parse()?;
            if message.len() >= head + length {
                return Ok(message);
            }
        }
        if stream.read_buf(&mut message).await? == 0 {
            bail!("cut off after {} bytes", message.len());
        }
    }
}

/// Returns how many bytes are before the body.
fn head_length(message: &[u8]) -> Option<usize> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n");
    end.map(|end| end + 4)
}
