//! The HTTP/1.1 server that the gateway and the Runtime API share, on hyper.

mod body;
mod heads;

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

#[cfg(test)]
pub(crate) use body::MAX_BODY_TIME;
pub(crate) use body::{BodyError, read_body};
use bytes::Bytes;
#[cfg(test)]
pub(crate) use heads::MAX_HEAD_TIME;
use heads::StrictHeads;
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

/// A response with its whole body.
pub type FullResponse = Response<Full<Bytes>>;

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Serving(AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How many connections a listener keeps. Fewer lets a page full of idle ones keep others out;
/// more lets them use up the file descriptors of the functions' connections.
pub(crate) const MAX_CONNECTIONS: usize = 4_096;

/// How long a connection may be idle: longer than the 90 seconds for which clients commonly keep
/// one, so that none sends a request into a connection that is being closed.
pub(crate) const MAX_IDLE: Duration = Duration::from_mins(2);

/// How many headers a request may have. Above it, hyper responds with 431.
pub(crate) const MAX_HEADERS: usize = 100;

/// Above this, hyper itself responds with 431; the gateway's own limit is far lower.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How long no connection is accepted after one could not be, for example because the process
/// has no file descriptor left. Without a pause, the loop would use a whole core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves every connection to `listener` until the result is dropped.
pub fn serve<F, R>(listener: TcpListener, handle: F) -> Serving
where
    F: Fn(Request<Incoming>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = FullResponse> + Send + 'static,
{
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            // If this task is aborted, the set aborts its connections.
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) if connections.len() < MAX_CONNECTIONS => {
                        connections.spawn(connection(stream, peer, handle.clone()));
                    }
                    Ok((stream, _)) => refuse(stream),
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Serving(task.abort_handle())
}

/// Closes a connection that is one too many, without waiting for its request.
fn refuse(stream: TcpStream) {
    let text = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    // A client that has already gone away needs no response.
    if let Ok(mut stream) = stream.into_std() {
        drop(stream.write(text.as_bytes()));
    }
}

async fn connection<F, R>(stream: TcpStream, peer: SocketAddr, handle: F)
where
    F: Fn(Request<Incoming>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = FullResponse> + Send + 'static,
{
    // Small responses must not wait for more data. If this fails, they are only
    // slower.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        // A request with a length as well may hide another one. RFC 9112 section 6.1 requires
        // closing the connection, and hyper does not report whether there was a length.
        let is_last = request.headers().contains_key(header::TRANSFER_ENCODING);
        let response = has_one_host(&request).then(|| handle(request, peer));
        async move {
            let response = match response {
                Some(response) => response.await,
                None => bad_request(),
            };
            Ok::<_, Infallible>(if is_last { closing(response) } else { response })
        }
    });
    // A broken connection only concerns its client.
    let served = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .timer(TokioTimer::new())
        .header_read_timeout(MAX_IDLE)
        .serve_connection(TokioIo::new(StrictHeads::new(stream)), service)
        .await;
    drop(served);
}

/// Reports whether a request names its host once, as RFC 9112 section 3.2 requires. Two let a
/// proxy and the server behind it choose different ones.
fn has_one_host<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() == Version::HTTP_10)
}

/// Returns the response to a request that is not valid HTTP: hyper's own.
fn bad_request() -> FullResponse {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    closing(response)
}

/// Returns a response after which the connection closes.
pub(crate) fn closing(mut response: FullResponse) -> FullResponse {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
