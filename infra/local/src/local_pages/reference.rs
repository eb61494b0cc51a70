//! The API reference: `docs/openapi.json` and a page that shows it. Every asset of the
//! page is inside the command.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use utoipa_swagger_ui::Config;

use super::Page;

/// The document as it is committed.
const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The reference of one stack.
#[derive(Debug)]
pub(super) struct Reference {
    document: Bytes,
}

impl Reference {
    pub(super) fn new() -> Self {
        Self {
            document: for_this_stack(DOCUMENT),
        }
    }

    pub(super) fn document(&self) -> Page {
        Page::new("application/json", self.document.clone())
    }

    /// Returns a file of the page; the empty name is the page itself. Its scripts set styles
    /// and show images that they contain, so its policy allows both.
    pub(super) fn file(name: &str) -> Option<Page> {
        let config = Config::from("/_gatehouse/openapi.json").validator_url("none");
        let file = utoipa_swagger_ui::serve(name, Arc::new(config)).ok()??;
        let page = Page::new(&file.content_type, file.bytes.into_owned());
        Some(Page {
            policy: POLICY,
            ..page
        })
    }
}

/// Makes the stack that serves the document its only server, so that requests from the
/// page reach it, on any port.
fn for_this_stack(text: &str) -> Bytes {
    let Ok(mut document) = serde_json::from_str::<Value>(text) else {
        return Bytes::copy_from_slice(text.as_bytes());
    };
    if let Some(members) = document.as_object_mut() {
        members.insert("servers".to_owned(), json!([{ "url": "/" }]));
    }
    Bytes::from(document.to_string())
}
