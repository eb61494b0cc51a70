//! What only the local stack serves: everything below `/_gatehouse/`. None of it is
//! deployed, and no route of a template can be there.

mod guard;
mod reference;

use bytes::Bytes;
use guard::Kind;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::aws::SERVICES;
use crate::console::{Console, file};
use crate::gateway;
use crate::server::FullResponse;
use crate::services::Services;
use reference::Reference;

/// The pages of one stack.
#[derive(Debug)]
pub(crate) struct LocalPages {
    console: Console,
    reference: Reference,
    /// `None` if the template needs none of them.
    services: Option<Services>,
}

/// Where the pages are.
const ROOT: &str = "/_gatehouse";

impl LocalPages {
    pub(crate) fn new(console: Console, services: Option<Services>) -> Self {
        Self {
            console,
            reference: Reference::new(),
            services,
        }
    }

    /// Returns true if a path is below `/_gatehouse`.
    pub(crate) fn owns(path: &str) -> bool {
        path.strip_prefix(ROOT)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Responds to a request for a page or for data.
    pub(crate) async fn respond(&self, request: Request<Incoming>) -> FullResponse {
        if let Some(services) = &self.services
            && request.uri().path().starts_with(SERVICES)
        {
            let checked = guard::check(request.method(), request.headers(), Kind::Service);
            return secured(match checked {
                Ok(()) => services.respond(request).await,
                Err(why) => gateway::message(StatusCode::FORBIDDEN, why),
            });
        }
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let data = path.strip_prefix("/_gatehouse/data/");
        let Some(name) = data else {
            return self.page(&parts.method, path, &parts.headers);
        };
        if let Err(why) = guard::check(&parts.method, &parts.headers, Kind::Data) {
            return secured(gateway::message(StatusCode::FORBIDDEN, why));
        }
        let query = parts.uri.query().unwrap_or_default();
        secured(self.console.respond(&parts.method, name, query, body).await)
    }

    /// Responds to a request for a page.
    fn page(&self, method: &Method, path: &str, headers: &HeaderMap) -> FullResponse {
        if let Err(why) = guard::check(method, headers, Kind::Page) {
            return secured(gateway::message(StatusCode::FORBIDDEN, why));
        }
        let page = match path.strip_prefix(ROOT).unwrap_or_default() {
            "" => Some(Page::redirect("/_gatehouse/")),
            "/api" => Some(Page::redirect("/_gatehouse/api/")),
            "/openapi.json" => Some(self.reference.document()),
            rest => match rest.strip_prefix("/api/") {
                Some(name) => Reference::file(name),
                None => file(rest.trim_start_matches('/'))
                    .map(|file| Page::new(file.media_type, file.text)),
            },
        };
        match page {
            None => secured(gateway::message(StatusCode::NOT_FOUND, "Not Found")),
            Some(page) if [Method::GET, Method::HEAD].contains(method) => page.into_response(),
            Some(_) => {
                let text = "Method Not Allowed: send GET";
                secured(gateway::message(StatusCode::METHOD_NOT_ALLOWED, text))
            }
        }
    }

    /// Leads from `/` to the pages, for a template that has no route there.
    pub(crate) fn home() -> FullResponse {
        Page::redirect("/_gatehouse/").into_response()
    }
}

/// A page, a part of one, or a redirect.
#[derive(Debug)]
struct Page {
    status: StatusCode,
    header: (HeaderName, HeaderValue),
    body: Bytes,
    policy: &'static str,
}

/// What a page may load: its own files, and nothing from elsewhere. Without
/// `frame-ancestors`, another page could place it under a click.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

impl Page {
    fn new(content_type: &str, body: impl Into<Bytes>) -> Self {
        let content_type = HeaderValue::from_str(content_type);
        let fallback = HeaderValue::from_static("application/octet-stream");
        Self {
            status: StatusCode::OK,
            header: (header::CONTENT_TYPE, content_type.unwrap_or(fallback)),
            body: body.into(),
            policy: POLICY,
        }
    }

    fn redirect(to: &'static str) -> Self {
        Self {
            status: StatusCode::FOUND,
            header: (header::LOCATION, HeaderValue::from_static(to)),
            body: Bytes::new(),
            policy: POLICY,
        }
    }

    fn into_response(self) -> FullResponse {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let (name, value) = self.header;
        response.headers_mut().insert(name, value);
        let mut response = secured(response);
        let policy = HeaderValue::from_static(self.policy);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

/// Adds the headers of every local response.
fn secured(mut response: FullResponse) -> FullResponse {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests;
