//! The port of a stack: the gateway, and the local pages beside it.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Method, Request};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use crate::gateway::Gateway;
use crate::local_pages::LocalPages;
use crate::server::{FullResponse, Serving, serve};

/// What a port serves: the template's routes, and the pages of the local stack.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) gateway: Gateway,
    pub(crate) pages: LocalPages,
}

impl Site {
    /// Serves it on every listener.
    pub(crate) fn serve(self, listeners: Vec<TcpListener>) -> Vec<Serving> {
        let site = Arc::new(self);
        let serving = listeners.into_iter().map(|listener| {
            let site = Arc::clone(&site);
            serve(listener, move |request, peer| {
                let site = Arc::clone(&site);
                async move { site.respond(request, peer).await }
            })
        });
        serving.collect()
    }

    async fn respond(&self, request: Request<Incoming>, peer: SocketAddr) -> FullResponse {
        let path = request.uri().path();
        if LocalPages::owns(path) {
            return self.pages.respond(request).await;
        }
        let is_home = path == "/" && request.method() == Method::GET;
        if is_home && !self.gateway.has_route(&request) {
            return LocalPages::home();
        }
        self.gateway.respond(request, peer).await
    }
}
