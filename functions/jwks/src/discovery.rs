//! The discovery documents: enough for a native API Gateway JWT authorizer.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// Which of the two documents.
pub(crate) enum Discovery {
    /// `openid-configuration` (OpenID Connect Discovery 1.0 section 3).
    Openid,
    /// `oauth-authorization-server` (RFC 8414 section 2).
    AuthorizationServer,
}

/// What a discovery document says.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = DiscoveryDocument))]
pub(crate) struct Metadata<'a> {
    /// The `iss` of access tokens.
    issuer: &'a str,
    jwks_uri: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    grant_types_supported: [&'static str; 1],
    /// Required, and never empty (RFC 8414 sections 2 and 3.2). `none` is the registered
    /// response type that returns nothing.
    response_types_supported: [&'static str; 1],
    /// Clients are public: anyone with a token may refresh or revoke it.
    token_endpoint_auth_methods_supported: [&'static str; 1],
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    /// Methods of the token endpoint, and access token types (RFC 8414 section 2).
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Only in `openid-configuration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>, required = false))]
    subject_types_supported: Option<[&'static str; 1]>,
    /// Only in `openid-configuration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>, required = false))]
    id_token_signing_alg_values_supported: Option<BTreeSet<&'a str>>,
}

impl Discovery {
    /// Describes the service with this issuer and this JWK Set.
    pub(crate) fn document<'a>(&self, issuer: &'a str, jwk_set: &'a Value) -> Metadata<'a> {
        let is_openid = matches!(self, Self::Openid);
        Metadata {
            issuer,
            jwks_uri: format!("{issuer}/.well-known/jwks.json"),
            token_endpoint: format!("{issuer}/refresh"),
            revocation_endpoint: format!("{issuer}/revoke"),
            introspection_endpoint: format!("{issuer}/introspect"),
            grant_types_supported: ["refresh_token"],
            response_types_supported: ["none"],
            token_endpoint_auth_methods_supported: ["none"],
            revocation_endpoint_auth_methods_supported: ["none"],
            introspection_endpoint_auth_methods_supported: ["client_secret_basic", "Bearer"],
            subject_types_supported: is_openid.then_some(["public"]),
            id_token_signing_alg_values_supported: is_openid.then(|| algorithms(jwk_set)),
        }
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
