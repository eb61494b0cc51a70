//! A document that anyone may cache for a while.

use gatehouse_edge::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, VARY};
use lambda_http::Body;
use serde::Serialize;

/// A document, and the tag of its bytes.
pub(crate) struct Document {
    text: String,
    tag: String,
}

/// How long verifiers may cache the keys. A rotation publishes a key for much longer before
/// it signs, so no verifier sees a signature by a key that it has not read.
const CACHE: &str = "public, max-age=300, stale-if-error=3600";

impl Document {
    /// Serialises a document. The same document has the same bytes, and so the same tag.
    ///
    /// # Errors
    /// If it cannot be serialised, which a document of texts always can.
    pub(crate) fn new<T: Serialize>(document: &T) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(document)?;
        let tag = format!("\"{}\"", gatehouse_auth::digest::sha256(text.as_bytes()));
        Ok(Self { text, tag })
    }

    /// Responds with the document, or 304 if the client has it (RFC 9110 section 13.1.2).
    pub(crate) fn respond(self, if_none_match: Option<&str>) -> Response {
        let known = if_none_match.is_some_and(|tags| self.is_among(tags));
        let mut response = if known {
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::Text(self.text));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHE));
        // The gateway adds CORS headers for some origins only, and a cache in
        // front of it must not give one origin's response to another.
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(ETAG, tag);
        }
        response
    }

    fn is_among(&self, tags: &str) -> bool {
        tags.split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_stores_one_response_per_origin() {
        let tag = Document::new(&()).unwrap().tag;
        for tags in [None, Some(tag.as_str())] {
            let response = Document::new(&()).unwrap().respond(tags);
            assert_eq!(
                response.headers()["vary"],
                "Origin",
                "{}",
                response.status()
            );
        }
    }

    #[test]
    fn a_known_tag_is_304_in_any_list_of_tags() {
        let tag = Document::new(&()).unwrap().tag;
        for tags in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"a\", {tag} ,\"b\""),
            "*".into(),
        ] {
            let response = Document::new(&()).unwrap().respond(Some(&tags));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{tags}");
        }
        for tags in ["", "\"a\"", "null"] {
            let response = Document::new(&()).unwrap().respond(Some(tags));
            assert_eq!(response.status(), StatusCode::OK, "{tags}");
        }
    }
}
