//! Where the keys are: with the running `cargo local`, or in a data directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use gatehouse_auth::key::RotationRules;
use gatehouse_edge::config::{Environment, RotationSettings};
use gatehouse_local::{Storage, key_ring_path};
use gatehouse_store::{
    Connection, ConnectionSettings, Credentials, KeyRingSource, KeyRingVersions, KeyRotation,
    SigningKeys,
};
use tokio::net::TcpStream;

use crate::{environment_file, project};

/// The keys of a stack.
pub(crate) struct Place {
    ring: PathBuf,
    dynamodb: String,
    table: String,
    /// What the functions of the running stack see; empty where none runs.
    environment: BTreeMap<String, String>,
    /// Ours, where no stack runs.
    storage: Option<Storage>,
}

impl Place {
    /// Finds the running stack, or opens the directory where none runs on it.
    pub(crate) async fn find(data_dir: Option<&Path>) -> anyhow::Result<Self> {
        let root = project::root()?;
        let data_dir = data_dir.map(|directory| root.join(directory));
        if let Some(running) = Self::running(&root).await?
            && data_dir
                .as_ref()
                .is_none_or(|directory| key_ring_path(directory) == running.ring)
        {
            return Ok(running);
        }
        let Some(directory) = data_dir else {
            bail!("no `cargo local` is running here: start it, or name its --data-dir");
        };
        Self::open(&root.join(project::TEMPLATE), &directory).await
    }

    /// Opens a data directory that no stack runs on.
    pub(crate) async fn open(template: &Path, directory: &Path) -> anyhow::Result<Self> {
        let storage = Storage::open(template, directory).await?;
        let table = storage.table("SigningKeysTable");
        Ok(Self {
            ring: storage.key_ring_path().to_owned(),
            dynamodb: storage.dynamodb_url().to_owned(),
            table: table
                .context("the template has no SigningKeysTable")?
                .to_owned(),
            environment: BTreeMap::new(),
            storage: Some(storage),
        })
    }

    /// Returns what changes the keys; `hurried` is for who waits for no verifier.
    pub(crate) fn rotation(&self, hurried: bool) -> anyhow::Result<KeyRotation> {
        let pairs = self.environment.iter();
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
        let settings = RotationSettings::from_environment(&Environment::from_pairs(pairs))?;
        let rules = RotationRules {
            algorithm: settings.algorithm,
            min_pending: if hurried {
                Duration::ZERO
            } else {
                settings.min_pending
            },
        };
        let connection = Connection::open(&ConnectionSettings {
            region: "us-east-1".to_owned(),
            endpoint: Some(self.dynamodb.clone()),
            credentials: Credentials {
                access_key_id: "local".to_owned(),
                secret_access_key: "local".into(),
                session_token: None,
            },
            attempt_timeout: PATIENCE,
            operation_timeout: PATIENCE,
        });
        let ring = KeyRingVersions::new(KeyRingSource::File(self.ring.clone()));
        let table = SigningKeys::new(connection.tables(), self.table.clone());
        Ok(KeyRotation::new(ring, table, rules))
    }

    /// Closes what was opened.
    pub(crate) async fn close(self) {
        if let Some(storage) = self.storage {
            storage.close().await;
        }
    }

    /// Reads what `cargo local` wrote down; none where nobody answers there.
    async fn running(root: &Path) -> anyhow::Result<Option<Self>> {
        let Some(environment) = environment_file::read(&root.join(crate::local::WORK_DIR))? else {
            return Ok(None);
        };
        let of = |name: &str| environment.get(name).cloned();
        let (Some(ring), Some(dynamodb), Some(table)) = (
            of("KEY_RING_FILE"),
            of("AWS_ENDPOINT_URL"),
            of("SIGNING_KEYS_TABLE"),
        ) else {
            return Ok(None);
        };
        let address = dynamodb.trim_start_matches("http://");
        if TcpStream::connect(address).await.is_err() {
            return Ok(None);
        }
        Ok(Some(Self {
            ring: PathBuf::from(ring),
            dynamodb,
            table,
            environment,
            storage: None,
        }))
    }
}

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);
