//! The HTTP/1.1 server that the gateway and the Runtime API share, on hyper.

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

/// Above this, hyper itself responds with 431; the gateway's own limit is far lower.
const MAX_HEAD_BYTES: usize = 64 * 1024;

async fn connection<F, R>(stream: TcpStream, peer: SocketAddr, handle: F)
where
    F: Fn(Request<Incoming>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = FullResponse> + Send + 'static,
{
    // Small responses must not wait for more data. If this fails, they are only
    // slower.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        let response = handle(request, peer);
        async move { Ok::<_, Infallible>(response.await) }
    });
    // A broken connection only concerns its client.
    let served = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    drop(served);
}
