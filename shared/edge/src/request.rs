//! A request as a handler sees it.

mod body;
mod cookie;
mod fields;
mod media_type;
mod parameters;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use http::Method;
use lambda_http::RequestExt;

pub(crate) use body::{BodyFault, MAX_BODY_BYTES};
pub use cookie::{REFRESH_COOKIE, RepeatedCookie};
pub use fields::Fields;

use crate::audit::Audit;

/// A request that came through an HTTP API.
pub struct Request {
    http: lambda_http::Request,
    meta: Meta,
}

/// What the event contains beyond the HTTP request.
pub(crate) struct Meta {
    pub(crate) route: String,
    pub(crate) request_id: String,
    /// Empty if the gateway reported none.
    pub(crate) client_address: String,
    pub(crate) user_agent: String,
    /// The values of the route's `{names}`, decoded.
    pub(crate) path_parameters: HashMap<String, String>,
    /// The query, as sent.
    pub(crate) query: String,
    /// The cookies, as `NAME=VALUE`.
    pub(crate) cookies: Vec<String>,
    /// Why the body could not be decoded; reported when a handler reads it.
    pub(crate) body: Option<BodyFault>,
}

/// Caps how much a client can add to our items and log lines.
const MAX_USER_AGENT_BYTES: usize = 256;

impl Request {
    pub(crate) fn new(http: lambda_http::Request, mut meta: Meta) -> Self {
        let end = meta.user_agent.floor_char_boundary(MAX_USER_AGENT_BYTES);
        meta.user_agent.truncate(end);
        Self { http, meta }
    }

    /// Returns the route key, such as `POST /refresh`. Distinguish routes by this and never
    /// by the path, which a client may spell in many ways.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.meta.route
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.http.method()
    }

    /// Returns the path as sent by the client, for logs.
    #[must_use]
    pub fn path(&self) -> &str {
        self.http.raw_http_path()
    }

    /// Returns a header's value, if it exists and is ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.http.headers().get(name)?.to_str().ok()
    }

    /// Returns the gateway's id of the request, or Lambda's if there is none.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.meta.request_id
    }

    /// Returns the client's address as [`ClientAddress`](crate::ClientAddress) resolved it:
    /// counters, sessions and the audit log all use this one. Empty if the gateway reported
    /// none.
    #[must_use]
    pub fn client_address(&self) -> &str {
        &self.meta.client_address
    }

    /// Returns the `User-Agent` header, as sent by the client; at most 256 bytes.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.meta.user_agent
    }

    /// Returns an audit record with this request's id, user agent and client
    /// address.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit {
            request_id: Some(self.request_id()),
            user_agent: Some(self.user_agent()),
            ip: Some(self.client_address()).filter(|address| !address.is_empty()),
            ..Audit::default()
        }
    }

    /// Returns the request as `lambda_http` represents it.
    #[must_use]
    pub fn http(&self) -> &lambda_http::Request {
        &self.http
    }
}
