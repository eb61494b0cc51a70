//! An HTTP/1.1 server on a free port of this machine.

use std::convert::Infallible;
use std::net::TcpStream as StdTcpStream;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::backend::{Call, ConnectionCut};

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Handles a call. It also gets the connection itself, for bytes that are not HTTP.
pub(crate) type Handler = Arc<
    dyn Fn(Call, Arc<StdTcpStream>) -> BoxFuture<'static, Result<Response<Body>, ConnectionCut>>
        + Send
        + Sync,
>;

/// Serves until the test's runtime ends, and returns the URL.
pub(crate) async fn serve(handle: Handler) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&handle)));
        }
    });
    url
}

async fn connection(stream: TcpStream, handle: Handler) {
    // A small response would otherwise wait for an acknowledgement.
    stream.set_nodelay(true).unwrap();
    let stream = stream.into_std().unwrap();
    let same = Arc::new(stream.try_clone().unwrap());
    let service = service_fn(move |request: Request<Incoming>| {
        let (handle, same) = (Arc::clone(&handle), Arc::clone(&same));
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| ConnectionCut)?;
            handle(Request::from_parts(parts, body.to_bytes()), same).await
        }
    });
    let stream = TokioIo::new(TcpStream::from_std(stream).unwrap());
    // A connection that breaks is what some tests are about.
    drop(
        http1::Builder::new()
            .serve_connection(stream, service)
            .await,
    );
}
