//! Clients: resource servers that introspect tokens with their own secret (RFC 6749
//! section 2.3.1).
//!
//! A secret is `gh_cs_` and the base64url of 32 random bytes. It is shown once;
//! the table holds its SHA-256. After a rotation the previous secret stays valid
//! until a time that the operator chooses.

mod id;
mod secret;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use id::{ClientId, ClientIdError};
pub use secret::{ClientSecret, SecretDigest};

use crate::time::Timestamp;

/// A registered client, as stored in the table: contains nothing that authenticates anyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    id: ClientId,
    digest: SecretDigest,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotated_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousSecret>,
}

/// The secret before the last rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PreviousSecret {
    digest: SecretDigest,
    ends_at: Timestamp,
}

/// Why a client was not authenticated. Only for the log: the caller never learns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientRefusal {
    /// No client has this id.
    #[error("the client does not exist")]
    Unknown,
    /// The secret does not belong to the client.
    #[error("the client secret is wrong")]
    WrongSecret,
    /// It is the previous secret, and its overlap has ended.
    #[error("the client secret was replaced and is no longer valid")]
    ReplacedSecret,
}

impl ClientRefusal {
    /// Returns a short, stable name of the reason, for logs.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "client_unknown",
            Self::WrongSecret => "client_secret_wrong",
            Self::ReplacedSecret => "client_secret_replaced",
        }
    }
}

impl Client {
    /// Registers a client with its first secret.
    #[must_use]
    pub fn new(id: ClientId, secret: &ClientSecret, now: Timestamp) -> Self {
        Self {
            id,
            digest: secret.digest(),
            created_at: now,
            rotated_at: None,
            previous: None,
        }
    }

    /// Replaces the secret. The current one stays valid until `previous_ends_at`; the one
    /// before it ends now.
    #[must_use]
    pub fn rotated(
        self,
        secret: &ClientSecret,
        previous_ends_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let previous = PreviousSecret {
            digest: self.digest,
            ends_at: previous_ends_at,
        };
        Self {
            digest: secret.digest(),
            rotated_at: Some(now),
            previous: Some(previous),
            ..self
        }
    }

    /// Authenticates a caller that presents a secret for this client. An unknown client
    /// takes the same path with a digest that no secret has, so that the response time
    /// does not reveal which ids exist.
    ///
    /// # Errors
    /// [`ClientRefusal`] gives the reason, only for the log.
    pub fn authenticate(
        client: Option<&Self>,
        presented: &str,
        now: Timestamp,
    ) -> Result<(), ClientRefusal> {
        let presented = SecretDigest::from_secret(presented);
        let dummy = SecretDigest::dummy();
        let current = client.map_or(&dummy, |client| &client.digest);
        let previous = client.and_then(|client| client.previous.as_ref());
        let previous_digest = previous.map_or(&dummy, |previous| &previous.digest);
        // Always compares both, so that the time does not depend on the result.
        let (is_current, is_previous) = (
            current.matches(&presented),
            previous_digest.matches(&presented),
        );
        if client.is_none() {
            Err(ClientRefusal::Unknown)
        } else if is_current {
            Ok(())
        } else if !is_previous {
            Err(ClientRefusal::WrongSecret)
        } else if previous.is_some_and(|previous| now < previous.ends_at) {
            Ok(())
        } else {
            Err(ClientRefusal::ReplacedSecret)
        }
    }

    /// Returns the client's id.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// Returns the digest of the current secret. Changes are conditional on it.
    #[must_use]
    pub fn digest(&self) -> &SecretDigest {
        &self.digest
    }

    /// Returns when the client was registered.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Returns when the secret was last replaced.
    #[must_use]
    pub fn rotated_at(&self) -> Option<Timestamp> {
        self.rotated_at
    }

    /// Returns when the previous secret ends, if it is still valid.
    #[must_use]
    pub fn previous_ends_at(&self, now: Timestamp) -> Option<Timestamp> {
        let ends_at = self.previous.as_ref().map(|previous| previous.ends_at);
        ends_at.filter(|ends_at| now < *ends_at)
    }
}
