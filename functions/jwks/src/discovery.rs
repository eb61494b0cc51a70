//! The discovery documents: enough for a native API Gateway JWT authorizer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Which of the two documents.
pub(crate) enum Discovery {
    /// `openid-configuration` (OpenID Connect Discovery 1.0 section 3).
    Openid,
    /// `oauth-authorization-server` (RFC 8414 section 2).
    AuthorizationServer,
}

impl Discovery {
    /// Describes the service with this issuer and this JWK Set.
    pub(crate) fn document(&self, issuer: &str, jwk_set: &Value) -> Value {
        let mut document = json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "token_endpoint": format!("{issuer}/refresh"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "introspection_endpoint": format!("{issuer}/introspect"),
            "grant_types_supported": ["refresh_token"],
            // Required, and never empty (RFC 8414 sections 2 and 3.2). `none` is the
            // registered response type that returns nothing.
            "response_types_supported": ["none"],
            // Clients are public: anyone with a token may refresh or revoke it.
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            // RFC 8414 section 2: methods of the token endpoint, and access token types.
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
        });
        if let (Self::Openid, Value::Object(members)) = (self, &mut document) {
            members.insert("subject_types_supported".to_owned(), json!(["public"]));
            members.insert(
                "id_token_signing_alg_values_supported".to_owned(),
                json!(algorithms(jwk_set)),
            );
        }
        document
    }
}

/// The algorithms of the published keys, and RS256, which OpenID Connect Discovery
/// 1.0 section 3 requires in every list and validators insist on. It promises nothing:
/// there are no ID tokens, and no published key is used with it unless the key says so.
fn algorithms(jwk_set: &Value) -> BTreeSet<&str> {
    jwk_set
        .get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|key| key.get("alg")?.as_str())
        .chain(["RS256"])
        .collect()
}
