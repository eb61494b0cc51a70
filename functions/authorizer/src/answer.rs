//! What an authorizer answers: yes or no, in the form that each API understands.

use gatehouse_auth::claims::Claims;
use serde::Serialize;
use serde_json::{Value, json};

use crate::event::Caller;

/// An answer that API Gateway may act upon, and cache where that is on.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// HTTP API, payload 2.0.
    Simple(Simple),
    /// All other APIs: an IAM policy.
    Policy(Policy),
}

/// Format 2.0's simple response; `is_authorized` is a JSON boolean, as it must be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simple {
    is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// An IAM policy over the whole stage: a narrower one, cached, would refuse the
/// same token at the next route.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "API Gateway's names")]
pub struct Policy {
    principal_id: String,
    policy_document: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// What the functions behind learn: flat, and nothing personal.
#[derive(Debug, Serialize)]
pub struct Context {
    sub: String,
    sid: String,
    jti: String,
    ver: u64,
    scope: String,
    roles: String,
    auth_time: i64,
    exp: i64,
}

/// The method ARN does not name an API and a stage.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the method ARN names no API and stage")]
pub struct OddArn;

/// Says yes, with the claims as context.
///
/// # Errors
/// [`OddArn`] where a policy is due and the event's ARN cannot carry one.
pub fn allow(caller: &Caller<'_>, claims: &Claims) -> Result<Answer, OddArn> {
    let context = Some(Context::from(claims));
    let Some(resource) = stage_of(caller)? else {
        return Ok(Answer::Simple(Simple {
            is_authorized: true,
            context,
        }));
    };
    Ok(Answer::Policy(Policy {
        principal_id: claims.sub.to_string(),
        policy_document: policy("Allow", &resource),
        context,
    }))
}

/// Says no.
///
/// # Errors
/// [`OddArn`] where a policy is due and the event's ARN cannot carry one.
pub fn deny(caller: &Caller<'_>) -> Result<Answer, OddArn> {
    let Some(resource) = stage_of(caller)? else {
        return Ok(Answer::Simple(Simple {
            is_authorized: false,
            context: None,
        }));
    };
    Ok(Answer::Policy(Policy {
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
            scope: claims.scope.to_string(),
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
fn stage_of(caller: &Caller<'_>) -> Result<Option<String>, OddArn> {
    let (arn, rest) = match caller {
        Caller::Http => return Ok(None),
        Caller::HttpPolicy(arn) | Caller::Rest(arn) => (arn, "*/*"),
        Caller::WebSocket(arn) => (arn, "*"),
    };
    let mut parts = arn.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        // A wildcard in the ARN itself would widen the policy.
        (Some(api), Some(stage), Some(_))
            if api.starts_with("arn:") && !stage.is_empty() && !arn_is_wild(api, stage) =>
        {
            Ok(Some(format!("{api}/{stage}/{rest}")))
        }
        _ => Err(OddArn),
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
            stage_of(&Caller::Rest(ARN)).unwrap().unwrap(),
            "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*/*"
        );
        assert_eq!(
            stage_of(&Caller::WebSocket(
                "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/$connect"
            ))
            .unwrap()
            .unwrap(),
            "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*"
        );
    }

    #[test]
    fn an_arn_without_a_stage_or_with_a_wildcard_gets_no_policy() {
        for odd in [
            "",
            "arn:aws:x",
            "arn:aws:x/prod",
            "x/prod/GET/",
            "arn:aws:x/*/GET/",
            "arn:aws:*/prod/GET/",
        ] {
            assert_eq!(stage_of(&Caller::Rest(odd)), Err(OddArn), "{odd}");
        }
    }

    #[test]
    fn a_deny_is_a_json_boolean_and_nothing_else() {
        let answer = serde_json::to_string(&deny(&Caller::Http).unwrap()).unwrap();
        assert_eq!(answer, r#"{"isAuthorized":false}"#);
    }
}
