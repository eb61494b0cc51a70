use http_body_util::BodyExt;

use super::*;

async fn body(page: Page) -> (HeaderMap, Bytes) {
    let (parts, body) = page.into_response().into_parts();
    (parts.headers, body.collect().await.unwrap().to_bytes())
}

async fn text(page: Page) -> String {
    String::from_utf8(body(page).await.1.to_vec()).unwrap()
}

#[tokio::test]
async fn the_reference_loads_every_asset_from_the_command() {
    let (headers, page) = body(Reference::file("").unwrap()).await;
    assert_eq!(headers["content-type"], "text/html");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    let page = String::from_utf8(page.to_vec()).unwrap();
    let mut assets = 0;
    for part in page.split(['"', '\'']) {
        let is_elsewhere = part.starts_with("http") || part.starts_with("//");
        assert!(!is_elsewhere, "{part}");
        if let Some(name) = part.strip_prefix("./") {
            let (_, asset) = body(Reference::file(name).unwrap()).await;
            assert!(!asset.is_empty(), "{name}");
            assets += 1;
        }
    }
    assert!(assets >= 4, "{page}");
    let initializer = Reference::file("swagger-initializer.js").unwrap();
    let initializer = text(initializer).await;
    assert!(
        initializer.contains("/_gatehouse/openapi.json"),
        "{initializer}"
    );
    assert!(!initializer.contains("petstore"), "{initializer}");
}

#[tokio::test]
async fn the_document_names_the_stack_that_serves_it_as_its_server() {
    let document = text(Reference::new().document()).await;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"], serde_json::json!([{ "url": "/" }]));
}

#[test]
fn everything_below_the_root_is_local_and_nothing_else() {
    for path in ["/_gatehouse", "/_gatehouse/", "/_gatehouse/x/y"] {
        assert!(LocalPages::owns(path), "{path}");
    }
    for path in ["/", "/_gatehouses", "/me", "//_gatehouse/"] {
        assert!(!LocalPages::owns(path), "{path}");
    }
    assert!(Reference::file("../stack.rs").is_none());
}
