//! The routes of the API reference.

use gatehouse_edge::contract::{Operation, Parameter, json};

use crate::discovery::Metadata;

/// A JWK Set (RFC 7517 section 5).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `gatehouse-auth` publishes")]
struct JwkSet {
    /// The keys that verify access tokens now, and those that will.
    keys: Vec<Jwk>,
}

/// A public key (RFC 7517, RFC 7518 section 6, RFC 8037).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `gatehouse-auth` publishes")]
struct Jwk {
    /// `EC`, `OKP` or `RSA`.
    kty: String,
    /// The only algorithm that the key is used with.
    #[schema(pattern = "^(ES256|EdDSA|RS256)$")]
    alg: String,
    /// Always `sig`.
    #[schema(rename = "use")]
    r#use: String,
    kid: String,
    #[schema(value_type = String, required = false)]
    crv: Option<String>,
    #[schema(value_type = String, required = false)]
    x: Option<String>,
    #[schema(value_type = String, required = false)]
    y: Option<String>,
    #[schema(value_type = String, required = false)]
    n: Option<String>,
    #[schema(value_type = String, required = false)]
    e: Option<String>,
}

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let keys = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "…", "x": "…", "y": "…",
    }] });
    let metadata = json!({
        "issuer": "https://auth.example.com",
        "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
        "token_endpoint": "https://auth.example.com/refresh",
        "revocation_endpoint": "https://auth.example.com/revoke",
        "introspection_endpoint": "https://auth.example.com/introspect",
        "grant_types_supported": ["refresh_token"],
        "response_types_supported": ["none"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
    });
    let get = |operation: Operation| finish(operation);
    vec![
        get(
            Operation::new("GET /.well-known/jwks.json", "getJwks", "The public keys")
                .describe("RFC 7517. Verifiers may cache it; on an unknown `kid` read it again.")
                .returns::<JwkSet>(200, "The keys.", keys),
        ),
        head("HEAD /.well-known/jwks.json", "headJwks"),
        get(Operation::new(
            "GET /.well-known/openid-configuration",
            "getOpenidConfiguration",
            "Discovery for OpenID Connect libraries",
        )
        .describe(
            "OpenID Connect Discovery 1.0. There are no ID tokens and no authorization endpoint.",
        )
        .returns::<Metadata<'_>>(200, "The document.", metadata.clone())),
        head(
            "HEAD /.well-known/openid-configuration",
            "headOpenidConfiguration",
        ),
        get(Operation::new(
            "GET /.well-known/oauth-authorization-server",
            "getAuthorizationServer",
            "Discovery for OAuth libraries",
        )
        .describe("RFC 8414.")
        .returns::<Metadata<'_>>(200, "The document.", metadata)),
        head(
            "HEAD /.well-known/oauth-authorization-server",
            "headAuthorizationServer",
        ),
    ]
}

fn head(route: &'static str, id: &'static str) -> Operation {
    let operation = Operation::new(route, id, "The headers of the same GET");
    finish(operation.returns_nothing(200, "As the GET, without a body."))
}

/// What all of them share: they may be cached, and repeated with their tag.
fn finish(operation: Operation) -> Operation {
    let headers = [
        (
            "Cache-Control",
            "How long the document may be cached.",
            "^public, max-age=[0-9]+",
        ),
        (
            "ETag",
            "The tag of this document (RFC 9110 section 8.8.3).",
            "^\"[!-~]+\"$",
        ),
        (
            "Vary",
            "CORS headers depend on the origin.",
            "(^|, )Origin(,|$)",
        ),
    ];
    operation
        .tag("Discovery")
        .cacheable()
        .headers(&headers)
        .parameter(Parameter {
            name: "If-None-Match",
            place: "header",
            description: "The tag of the document that the client has.",
            schema: json!({ "type": "string" }),
        })
        .returns_nothing(304, "The client has this document.")
        .cacheable()
        .headers(&headers)
}
