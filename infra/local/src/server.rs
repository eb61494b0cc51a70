//! The accept loop that the gateway and the Runtime API share: HTTP/1.1 on hyper.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// An answer with its whole body.
pub type FullResponse = Response<Full<Bytes>>;

/// A task that ends with its owner.
#[derive(Debug)]
pub struct Serving(AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves every connection of `listener` until the result is dropped.
pub fn serve<F, R>(listener: TcpListener, handle: F) -> Serving
where
    F: Fn(Request<Incoming>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = FullResponse> + Send + 'static,
{
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            // The set aborts its connections when this task is aborted.
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, peer)) = accepted {
                        connections.spawn(connection(stream, peer, handle.clone()));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Serving(task.abort_handle())
}

async fn connection<F, R>(stream: TcpStream, peer: SocketAddr, handle: F)
where
    F: Fn(Request<Incoming>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = FullResponse> + Send + 'static,
{
    // Small answers must not wait for more; without it they only come later.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        let answer = handle(request, peer);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A connection that breaks is its client's loss.
    let served = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    drop(served);
}

/// Beyond it hyper answers 431 itself; the gateway's own limit is far below.
const MAX_HEAD_BYTES: usize = 64 * 1024;
