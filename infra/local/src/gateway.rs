//! The gateway: serves the template's routes as API Gateway serves an HTTP API.

mod authorizer;
mod cors;
mod event;
mod matching;
mod record;
mod request;
mod response;

use std::net::SocketAddr;
use std::time::Instant;

use authorizer::{AuthorizerRefusal, Authorizers};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use matching::RouteMatch;
pub(crate) use record::Requests;
use record::{AuthorizerRecord, RequestRecord};
use request::{Head, read_body};
pub(crate) use response::{json, message};
use tokio::sync::Semaphore;
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
    requests: Requests,
    permits: Semaphore,
}

/// How many requests are handled at once: Lambda's default quota for the concurrency of an account.
/// More lets a flood queue for longer than its clients wait.
const MAX_REQUESTS: usize = 1_000;

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
            requests: Requests::default(),
            permits: Semaphore::new(MAX_REQUESTS),
        }
    }

    /// Returns true if a route of the template matches the request.
    pub(crate) fn has_route<B>(&self, request: &Request<B>) -> bool {
        matching::find(&self.api.routes, request).is_some()
    }

    /// Returns what it did with the latest requests.
    pub(crate) fn requests(&self) -> Requests {
        self.requests.clone()
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
        let request_id = ids::request_id();
        let mut record = RequestRecord::new(&request_id, method.as_str(), &path);

        let mut response = match self.preflight(&request) {
            Some(response) => response,
            None => self.route(request, peer, &mut record).await,
        };
        if let Some(cors) = &self.api.cors {
            cors::allow(cors, origin.as_ref(), &mut response);
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        let status = response.status().as_u16();
        self.requests.keep(record.responded(status, began));
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

    async fn route(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        record: &mut RequestRecord,
    ) -> FullResponse {
        if request::head_bytes(&request) > MAX_HEAD_BYTES {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return response::message(status, "Request Header Fields Too Large");
        }
        let Some(matched) = matching::find(&self.api.routes, &request) else {
            return response::message(StatusCode::NOT_FOUND, "Not Found");
        };
        record.route = Some(matched.route.key.to_string());
        let head = Head::from_request(&request, peer, &record.id);
        let body = match read_body(request.into_body(), MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        // Only now, so that slow bodies keep no other request out.
        let Ok(_permit) = self.permits.try_acquire() else {
            return response::message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        };
        let decision = self.authorize(&matched, &head).await;
        record.authorizer = self.record_of(&matched, &decision);
        let context = match decision {
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

    fn record_of(
        &self,
        matched: &RouteMatch<'_>,
        decision: &Result<Option<serde_json::Value>, AuthorizerRefusal>,
    ) -> Option<AuthorizerRecord> {
        let id = matched.route.authorizer.as_ref()?;
        let function = self.api.authorizers.get(id)?.function.clone();
        Some(AuthorizerRecord::new(function, decision))
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
