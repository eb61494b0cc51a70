//! The versions of a secret, by the staging labels of Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use gatehouse_auth::key::KeyRing;
use secrecy::ExposeSecret;

use super::version::{CurrentRing, Staged, parse};
use crate::dynamodb::error::StoreError;
use crate::keys::error::KeyStoreError;

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// A secret that contains a ring. The id of a version is the token that made it.
#[derive(Debug)]
pub(super) struct SecretRing {
    arn: String,
    client: Client,
}

impl SecretRing {
    pub(super) fn new(arn: String, client: Client) -> Self {
        Self { arn, client }
    }

    pub(super) async fn current(&self) -> Result<CurrentRing, KeyStoreError> {
        let value = self
            .client
            .get_secret_value()
            .secret_id(&self.arn)
            .version_stage(CURRENT)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetSecretValue", error))?;
        Ok(CurrentRing {
            ring: parse(value.secret_string().unwrap_or_default())?,
            id: value.version_id().unwrap_or_default().to_owned(),
        })
    }

    pub(super) async fn staged(&self, token: &str) -> Result<Staged, KeyStoreError> {
        let description = self
            .client
            .describe_secret()
            .secret_id(&self.arn)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("DescribeSecret", error))?;
        let labels = description
            .version_ids_to_stages()
            .and_then(|versions| versions.get(token));
        let has = |label: &str| labels.is_some_and(|labels| labels.iter().any(|has| has == label));
        if has(CURRENT) {
            return Ok(Staged::Current);
        }
        if !has(PENDING) {
            return Ok(Staged::Absent);
        }
        let value = self
            .client
            .get_secret_value()
            .secret_id(&self.arn)
            .version_id(token)
            .version_stage(PENDING)
            .send()
            .await;
        match value {
            Ok(value) => Ok(Staged::Pending(parse(
                value.secret_string().unwrap_or_default(),
            )?)),
            // Secrets Manager labels a version before the rotation has given it a value.
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Staged::Absent),
            Err(error) => Err(StoreError::from_sdk("GetSecretValue", error).into()),
        }
    }

    pub(super) async fn stage(&self, token: &str, ring: &KeyRing) -> Result<(), KeyStoreError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(&self.arn)
            .client_request_token(token)
            .secret_string(ring.to_json().expose_secret())
            .version_stages(PENDING)
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            // This rotation staged a ring before, with other random keys.
            Err(error) if error.code() == Some("ResourceExistsException") => Ok(()),
            Err(error) => Err(StoreError::from_sdk("PutSecretValue", error).into()),
        }
    }

    pub(super) async fn promote(&self, token: &str, from: &str) -> Result<bool, KeyStoreError> {
        let moved = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.arn)
            .version_stage(CURRENT)
            .move_to_version_id(token)
            .remove_from_version_id(from)
            .send()
            .await;
        match moved {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some_and(is_elsewhere) => Ok(false),
            Err(error) => Err(StoreError::from_sdk("UpdateSecretVersionStage", error).into()),
        }
    }

    pub(super) async fn discard(&self, token: &str) -> Result<(), KeyStoreError> {
        let removed = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.arn)
            .version_stage(PENDING)
            .remove_from_version_id(token)
            .send()
            .await;
        match removed {
            Ok(_) => Ok(()),
            Err(error) if error.code().is_some_and(is_elsewhere) => Ok(()),
            Err(error) => Err(StoreError::from_sdk("UpdateSecretVersionStage", error).into()),
        }
    }
}

/// True if Secrets Manager refused to move a label because it is not at the version from
/// which it was to be removed.
fn is_elsewhere(code: &str) -> bool {
    ["InvalidParameterException", "InvalidRequestException"].contains(&code)
}
