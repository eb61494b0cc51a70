//! The gateway: serves the template's routes as API Gateway serves an HTTP API.

mod authorizer;
mod cors;
mod event;
mod matching;
mod request;
mod response;

use std::net::SocketAddr;
use std::time::Instant;

use authorizer::{AuthorizerRefusal, Authorizers};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use matching::RouteMatch;
use request::{Head, read_body};
use tokio::time::timeout;

use crate::ids;
use crate::lambda::{Functions, Invocation};
use crate::log::Log;
use crate::server::FullResponse;
use crate::template::Api;

/// The gateway of one stack.
#[derive(Debug)]
pub(crate) struct Gateway {
    api: Api,
    functions: Functions,
    authorizers: Authorizers,
    log: Log,
}

/// API Gateway's limit for a body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// API Gateway's limit for the request line and all headers together.
const MAX_HEAD_BYTES: usize = 10_240;

impl Gateway {
    pub(crate) fn new(api: Api, functions: Functions, log: Log) -> Self {
        let authorizers = Authorizers::new(&api);
        Self {
            api,
            functions,
            authorizers,
            log,
        }
    }

    /// Responds to one request.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> FullResponse {
        let began = Instant::now();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let origin = request.headers().get(http::header::ORIGIN).cloned();
        // If a request has a Content-Length as well, RFC 9112 6.1 requires closing
        // the connection, and hyper does not report whether there was one.
        let close = request
            .headers()
            .contains_key(http::header::TRANSFER_ENCODING);
        let request_id = ids::request_id();

        let mut response = match self.preflight(&request) {
            Some(response) => response,
            None => self.route(request, peer, &request_id).await,
        };
        if let Some(cors) = &self.api.cors {
            cors::allow(cors, origin.as_ref(), &mut response);
        }
        if close {
            let value = HeaderValue::from_static("close");
            response
                .headers_mut()
                .insert(http::header::CONNECTION, value);
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        let status = response.status().as_u16();
        self.log
            .request(method.as_str(), &path, status, began.elapsed());
        response
    }

    /// API Gateway responds to preflights itself, whatever the routes are.
    fn preflight(&self, request: &Request<Incoming>) -> Option<FullResponse> {
        let headers = request.headers();
        let is_preflight = request.method() == Method::OPTIONS
            && headers.contains_key(http::header::ORIGIN)
            && headers.contains_key(http::header::ACCESS_CONTROL_REQUEST_METHOD);
        let cors = self.api.cors.as_ref().filter(|_| is_preflight)?;
        Some(cors::preflight(cors, headers.get(http::header::ORIGIN)))
    }

    async fn route(&self, request: Request<Incoming>, peer: SocketAddr, id: &str) -> FullResponse {
        if request::head_bytes(&request) > MAX_HEAD_BYTES {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return response::message(status, "Request Header Fields Too Large");
        }
        let Some(matched) = matching::find(&self.api.routes, &request) else {
            return response::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let head = Head::from_request(&request, peer, id);
        let body = match read_body(request.into_body(), MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        let context = match self.authorize(&matched, &head).await {
            Ok(context) => context,
            Err(AuthorizerRefusal::Unauthorized) => {
                return response::message(StatusCode::UNAUTHORIZED, "Unauthorized");
            }
            Err(AuthorizerRefusal::Forbidden) => {
                return response::message(StatusCode::FORBIDDEN, "Forbidden");
            }
            Err(AuthorizerRefusal::Failed(why)) => {
                self.log.note(&why);
                return response::internal();
            }
        };
        let event = event::for_function(&self.api.id, &matched, &head, &body, context);
        self.integrate(&matched, Bytes::from(event.to_string()), &head)
            .await
    }

    async fn authorize(
        &self,
        matched: &RouteMatch<'_>,
        head: &Head,
    ) -> Result<Option<serde_json::Value>, AuthorizerRefusal> {
        match &matched.route.authorizer {
            Some(id) => {
                let context =
                    self.authorizers
                        .authorize(id, &self.api, &self.functions, matched, head);
                context.await.map(Some)
            }
            None => Ok(None),
        }
    }

    async fn integrate(
        &self,
        matched: &RouteMatch<'_>,
        payload: Bytes,
        head: &Head,
    ) -> FullResponse {
        // The template is rejected if a route has no function.
        let Some(function) = self.functions.get(&matched.route.function) else {
            return response::internal();
        };
        let trace = head.trace.clone();
        let invoked = function.invoke(Invocation { payload, trace });
        match timeout(matched.route.timeout, invoked).await {
            Ok(Ok(response)) => response::from_function(&response).unwrap_or_else(|why| {
                let name = &matched.route.function;
                self.log.note(&format!(
                    "{name} returned a response that API Gateway rejects: {why}"
                ));
                response::internal()
            }),
            Ok(Err(error)) => {
                self.log.note(&error.to_string());
                response::internal()
            }
            Err(_) => response::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        }
    }
}

#[cfg(test)]
mod tests;
