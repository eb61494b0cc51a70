//! The JWK Set and the discovery documents.

use gatehouse_tests::Service;
use reqwest::Method;
use serde_json::{Value, json};

use crate::every_endpoint::PUBLIC;

#[tokio::test]
async fn the_jwk_set_has_only_public_members() -> anyhow::Result<()> {
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let service = Service::shared_with(&[("SigningAlgorithm", algorithm)]).await?;
        let response = service.get("/.well-known/jwks.json").await?;
        response.assert_status(200);
        assert_eq!(
            response.header("cache-control"),
            "public, max-age=300, stale-if-error=3600"
        );
        let keys = response.list("keys");
        assert_eq!(keys.len(), 2, "the active and the pending key");
        for key in &keys {
            assert_eq!(key["alg"], algorithm);
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert_eq!(key[private], Value::Null, "{algorithm} {private}");
            }
        }
        let ada = service.logged_in("ada").await?;
        ada.is_let_in(&service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_unchanged_jwk_set_is_not_sent_again() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let first = service.get("/.well-known/jwks.json").await?;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    for sent in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let request = service
            .request(Method::GET, "/.well-known/jwks.json")
            .header("if-none-match", &sent);
        let again = service.send(request).await?;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{sent}");
        assert_eq!(again.header("etag"), tag);
    }
    let request = service
        .request(Method::GET, "/.well-known/jwks.json")
        .header("if-none-match", "\"other\"");
    service.send(request).await?.assert_status(200);
    Ok(())
}

#[tokio::test]
async fn the_discovery_documents_name_the_endpoints() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let issuer = service.issuer().to_owned();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let response = service.get(path).await?;
        response.assert_status(200);
        let document = response.json();
        assert_eq!(document["issuer"], issuer);
        assert_eq!(
            document["jwks_uri"],
            format!("{issuer}/.well-known/jwks.json")
        );
        assert_eq!(document["token_endpoint"], format!("{issuer}/refresh"));
        assert_eq!(document["revocation_endpoint"], format!("{issuer}/revoke"));
        let introspection = format!("{issuer}/introspect");
        assert_eq!(document["introspection_endpoint"], introspection);
        assert_eq!(
            document["introspection_endpoint_auth_methods_supported"],
            json!(["client_secret_basic", "Bearer"])
        );
        assert_eq!(document["grant_types_supported"], json!(["refresh_token"]));
        assert_eq!(document["response_types_supported"], json!(["none"]));
        for name in [
            "jwks_uri",
            "token_endpoint",
            "revocation_endpoint",
            "introspection_endpoint",
        ] {
            let there = document[name]
                .as_str()
                .unwrap_or_default()
                .replace(&issuer, "");
            let method = if name == "jwks_uri" {
                Method::GET
            } else {
                Method::POST
            };
            assert_ne!(
                service.send(service.request(method, &there)).await?.status,
                404,
                "{name}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn head_of_every_public_document_has_the_headers_of_get_and_no_body() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for (_, path) in PUBLIC.into_iter().filter(|(method, _)| *method == "GET") {
        let get = service.get(path).await?;
        let head = service.send(service.request(Method::HEAD, path)).await?;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-length"), get.text.len().to_string());
        for name in ["content-type", "cache-control", "etag", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
        let request = service.request(Method::HEAD, path);
        let known = request.header("if-none-match", get.header("etag"));
        assert_eq!(service.send(known).await?.status, 304, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn every_cacheable_response_varies_by_origin() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for (_, path) in PUBLIC.into_iter().filter(|(method, _)| *method == "GET") {
        let get = service.get(path).await?;
        assert!(get.header("cache-control").starts_with("public"), "{path}");
        assert_eq!(get.header("vary"), "Origin", "{path}");
        let request = service.request(Method::GET, path);
        let known = request.header("if-none-match", get.header("etag"));
        assert_eq!(
            service.send(known).await?.header("vary"),
            "Origin",
            "{path}"
        );
    }
    Ok(())
}
