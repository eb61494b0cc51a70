//! The key of a message: what a queue holds of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::id::SubjectId;
use crate::time::Timestamp;

/// The key of a message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawKey", into = "RawKey")]
pub struct MessageKey {
    pk: SubjectId,
    sk: String,
}

/// The two texts are not the key of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a message")]
pub struct MessageKeyError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    pk: String,
    sk: String,
}

impl MessageKey {
    /// Creates the key of a message that is written now, from 16 random bytes.
    #[must_use]
    pub fn new(sub: &SubjectId, now: Timestamp, random: [u8; 16]) -> Self {
        let random = URL_SAFE_NO_PAD.encode(random);
        Self {
            pk: sub.clone(),
            // Ten digits last until the year 2286, and sort like numbers until then.
            sk: format!("{:010}#{random}", now.unix().max(0)),
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`MessageKeyError`] unless `pk` is a subject, and `sk` is digits, `#` and 22
    /// characters of base64url, as [`new`](Self::new) makes them.
    pub fn parse(pk: &str, sk: &str) -> Result<Self, MessageKeyError> {
        let (time, random) = sk.split_once('#').ok_or(MessageKeyError)?;
        let is_time = time.len() >= 10 && time.bytes().all(|byte| byte.is_ascii_digit());
        let is_random = random.len() == RANDOM_CHARACTERS
            && random
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let pk = SubjectId::parse(pk).map_err(|_| MessageKeyError)?;
        if is_time && is_random {
            let sk = sk.to_owned();
            Ok(Self { pk, sk })
        } else {
            Err(MessageKeyError)
        }
    }

    /// Returns the subject, which is the attribute `pk`.
    #[must_use]
    pub fn sub(&self) -> &SubjectId {
        &self.pk
    }

    /// Returns the attribute `sk`: the time and a random part.
    #[must_use]
    pub fn sk(&self) -> &str {
        &self.sk
    }
}

/// 16 bytes in base64url.
const RANDOM_CHARACTERS: usize = 22;

impl TryFrom<RawKey> for MessageKey {
    type Error = MessageKeyError;

    fn try_from(raw: RawKey) -> Result<Self, Self::Error> {
        Self::parse(&raw.pk, &raw.sk)
    }
}

impl From<MessageKey> for RawKey {
    fn from(key: MessageKey) -> Self {
        Self {
            pk: key.pk.into(),
            sk: key.sk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_a_queue() {
        let sub = SubjectId::from_bytes([1; 16]);
        let key = MessageKey::new(&sub, Timestamp::from_unix(1_800_000_000), [2; 16]);
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(
            text,
            r#"{"pk":"AQEBAQEBAQEBAQEBAQEBAQ","sk":"1800000000#AgICAgICAgICAgICAgICAg"}"#
        );
        assert_eq!(serde_json::from_str::<MessageKey>(&text).unwrap(), key);
    }

    #[test]
    fn the_key_of_another_item_is_not_the_key_of_a_message() {
        let pk = "AQEBAQEBAQEBAQEBAQEBAQ";
        for (pk, sk) in [
            ("code#AQEBAQEBAQEBAQEBAQEBAQ", "recovery"),
            (pk, "recovery"),
            (pk, ""),
            (pk, "1800000000"),
            (pk, "1800000000#"),
            (pk, "180000000#AgICAgICAgICAgICAgICAg"),
            (pk, "1800000000#AgICAgICAgICAgICAgICA"),
            (pk, "1800000000#AgICAgICAgICAgICAgIC#g"),
            ("", "1800000000#AgICAgICAgICAgICAgICAg"),
        ] {
            assert_eq!(MessageKey::parse(pk, sk), Err(MessageKeyError), "{pk} {sk}");
        }
    }
}
