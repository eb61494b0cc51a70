//! The API reference: `docs/openapi.json` and a page that shows it. Every asset of the
//! page is inside the command.

use std::io::{Cursor, Read as _};

use bytes::Bytes;
use serde_json::{Value, json};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

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
        let name = if name.is_empty() { "index.html" } else { name };
        let content_type = match name.rsplit('.').next()? {
            "html" => "text/html",
            "css" => "text/css",
            "js" => "text/javascript",
            "png" => "image/png",
            _ => return None,
        };
        let page = if name == "swagger-initializer.js" {
            Page::new(content_type, INITIALIZER)
        } else {
            Page::new(content_type, distributed(name)?)
        };
        Some(Page {
            policy: POLICY,
            ..page
        })
    }
}

/// Starts Swagger UI with our document; its own file shows an example's. It must not send the
/// document to a validator.
const INITIALIZER: &str = r##"window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/_gatehouse/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    validatorUrl: "none",
  });
};
"##;

/// Returns a file of Swagger UI as it is distributed: of the folder `dist` in its release.
fn distributed(name: &str) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).ok()?;
    let path = format!("/dist/{name}");
    let found = archive.file_names().filter_map(Result::ok).find(|file| {
        let below = file.find('/').and_then(|release| file.get(release..));
        below == Some(path.as_str())
    });
    let found = found?.into_owned();
    let mut content = Vec::new();
    archive
        .by_name(&found)
        .ok()?
        .read_to_end(&mut content)
        .ok()?;
    Some(content)
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
