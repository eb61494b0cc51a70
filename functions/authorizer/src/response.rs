//! The responses of an authorizer: allow or deny, in the format of each kind of API.

use gatehouse_auth::claims::Claims;
use gatehouse_auth::scope::Scopes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::event::ApiKind;

/// A response that API Gateway acts on, and caches if configured to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AuthorizerResponse {
    /// HTTP API, payload 2.0.
    Simple(Simple),
    /// All other APIs: an IAM policy.
    Policy(Policy),
}

/// The simple response of payload 2.0; `is_authorized` must be a JSON boolean.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simple {
    is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// An IAM policy for the whole stage: a narrower one, cached, would refuse the same token on
/// the next route.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "API Gateway's names")]
pub struct Policy {
    principal_id: String,
    policy_document: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// What the functions behind the authorizer learn: flat, and nothing personal.
#[derive(Debug, Serialize)]
pub struct Context {
    sub: String,
    sid: String,
    jti: String,
    ver: u64,
    #[serde(skip_serializing_if = "Scopes::is_empty")]
    scope: Scopes,
    roles: String,
    auth_time: i64,
    exp: i64,
}

/// The method ARN does not name an API and a stage.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the method ARN does not name an API and a stage")]
pub struct InvalidArn;

/// Allows the request, with the claims as context.
///
/// # Errors
/// If a policy is required and the event's ARN cannot be used in one.
pub fn allow(api: &ApiKind<'_>, claims: &Claims) -> Result<AuthorizerResponse, InvalidArn> {
    let context = Some(Context::from(claims));
    let Some(resource) = stage_of(api)? else {
        return Ok(AuthorizerResponse::Simple(Simple {
            is_authorized: true,
            context,
        }));
    };
    Ok(AuthorizerResponse::Policy(Policy {
        principal_id: claims.sub.to_string(),
        policy_document: policy("Allow", &resource),
        context,
    }))
}

/// Denies the request.
///
/// # Errors
/// If a policy is required and the event's ARN cannot be used in one.
pub fn deny(api: &ApiKind<'_>) -> Result<AuthorizerResponse, InvalidArn> {
    let Some(resource) = stage_of(api)? else {
        return Ok(AuthorizerResponse::Simple(Simple {
            is_authorized: false,
            context: None,
        }));
    };
    Ok(AuthorizerResponse::Policy(Policy {
        principal_id: "anonymous".to_owned(),
        policy_document: policy("Deny", &resource),
        context: None,
    }))
}

impl From<&Claims> for Context {
    fn from(claims: &Claims) -> Self {
        Self {
            sub: claims.sub.to_string(),
            sid: claims.sid.to_string(),
            jti: claims.jti.to_string(),
            ver: claims.ver,
            scope: claims.scope.clone(),
            roles: claims.roles.to_string(),
            auth_time: claims.auth_time.unix(),
            exp: claims.exp.unix(),
        }
    }
}

fn policy(effect: &str, resource: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect,
            "Action": ["execute-api:Invoke"],
            "Resource": [resource],
        }],
    })
}

/// The whole stage: `…:api/stage/*/*`, for a WebSocket API `…:api/stage/*`.
fn stage_of(api: &ApiKind<'_>) -> Result<Option<String>, InvalidArn> {
    let (arn, rest) = match api {
        ApiKind::Http => return Ok(None),
        ApiKind::HttpPolicy(arn) | ApiKind::Rest(arn) => (arn, "*/*"),
        ApiKind::WebSocket(arn) => (arn, "*"),
    };
    let mut parts = arn.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        // A wildcard in the ARN itself would widen the policy.
        (Some(api), Some(stage), Some(_))
            if api.starts_with("arn:") && !stage.is_empty() && !arn_is_wild(api, stage) =>
        {
            Ok(Some(format!("{api}/{stage}/{rest}")))
        }
        _ => Err(InvalidArn),
    }
}

fn arn_is_wild(api: &str, stage: &str) -> bool {
    [api, stage].iter().any(|part| part.contains(['*', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/a/b";

    #[test]
    fn a_policy_covers_the_whole_stage() {
        assert_eq!(
            stage_of(&ApiKind::Rest(ARN)).unwrap().unwrap(),
            "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*/*"
        );
        assert_eq!(
            stage_of(&ApiKind::WebSocket(
                "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/$connect"
            ))
            .unwrap()
            .unwrap(),
            "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*"
        );
    }

    #[test]
    fn an_arn_without_a_stage_or_with_a_wildcard_gets_no_policy() {
        for invalid in [
            "",
            "arn:aws:x",
            "arn:aws:x/prod",
            "x/prod/GET/",
            "arn:aws:x/*/GET/",
            "arn:aws:*/prod/GET/",
        ] {
            assert_eq!(
                stage_of(&ApiKind::Rest(invalid)),
                Err(InvalidArn),
                "{invalid}"
            );
        }
    }

    #[test]
    fn a_deny_is_a_json_boolean_and_nothing_else() {
        let response = serde_json::to_string(&deny(&ApiKind::Http).unwrap()).unwrap();
        assert_eq!(response, r#"{"isAuthorized":false}"#);
    }
}
