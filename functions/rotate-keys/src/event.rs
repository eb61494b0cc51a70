//! The events of Secrets Manager.

use serde::Deserialize;
use serde_json::Value;

/// One step of one rotation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RotationEvent {
    pub(crate) step: Step,
    /// The secret's ARN.
    pub(crate) secret_id: String,
    /// Identifies the rotation, and the version of the secret that it creates.
    pub(crate) client_request_token: String,
}

/// The four steps. Each may be repeated, and the third may come on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Step {
    /// Creates the next ring, which stays pending.
    #[serde(rename = "createSecret")]
    Create,
    /// Publishes its keys.
    #[serde(rename = "setSecret")]
    Set,
    /// Checks that its signatures are accepted.
    #[serde(rename = "testSecret")]
    Test,
    /// Makes it the current ring.
    #[serde(rename = "finishSecret")]
    Finish,
}

/// The event is not one of Secrets Manager's.
#[derive(Debug, thiserror::Error)]
#[error("the event is not a rotation event of Secrets Manager")]
pub struct UnknownEvent;

/// The lengths that Secrets Manager allows.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 32..=64;

impl RotationEvent {
    /// Reads an event, and ignores any other members.
    pub(crate) fn read(event: Value) -> Result<Self, UnknownEvent> {
        let event: Self = serde_json::from_value(event).map_err(|_| UnknownEvent)?;
        let token = event.client_request_token.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        if TOKEN_LENGTH.contains(&token.len()) && token.iter().all(allowed) {
            Ok(event)
        } else {
            Err(UnknownEvent)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOKEN: &str = "b0a1c2d3-e4f5-4607-8899-aabbccddeeff";

    #[test]
    fn the_four_steps_are_read_and_other_members_ignored() {
        for (name, step) in [
            ("createSecret", Step::Create),
            ("setSecret", Step::Set),
            ("testSecret", Step::Test),
            ("finishSecret", Step::Finish),
        ] {
            let event = json!({
                "Step": name, "SecretId": "arn:x", "ClientRequestToken": TOKEN,
                "RotationToken": "more",
            });
            let event = RotationEvent::read(event).unwrap();
            assert_eq!(
                (event.step, event.client_request_token.as_str()),
                (step, TOKEN)
            );
        }
    }

    #[test]
    fn an_event_without_a_valid_step_secret_and_token_is_refused() {
        let valid = json!({"Step": "setSecret", "SecretId": "arn:x", "ClientRequestToken": TOKEN});
        assert!(RotationEvent::read(valid.clone()).is_ok());
        for (name, invalid) in [
            ("Step", json!("dropSecret")),
            ("Step", json!(null)),
            ("SecretId", json!(7)),
            ("ClientRequestToken", json!("short")),
            ("ClientRequestToken", json!("a".repeat(65))),
            (
                "ClientRequestToken",
                json!("/../../../../../../../../../../../etc"),
            ),
        ] {
            let mut event = valid.clone();
            event[name] = invalid.clone();
            assert!(RotationEvent::read(event).is_err(), "{name}: {invalid}");
        }
        for invalid in [json!(null), json!([]), json!({})] {
            assert!(RotationEvent::read(invalid).is_err());
        }
    }
}
