//! The stack that a command works on: a running `cargo local`, a data directory that
//! one has left, or a deployed stack.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use gatehouse_edge::config::Environment;
use gatehouse_local::{Storage, key_ring_path};
use gatehouse_store::{Connection, ConnectionSettings, KeyRingSource};
use gatehouse_suppression::SuppressionList;
use tempfile::TempDir;

use crate::data_dir::DataDir;
use crate::deployment::Deployment;
use crate::output::{Output, notice};
use crate::{project, running, variable};

/// Selects the stack.
#[derive(clap::Args)]
pub(crate) struct TargetOptions {
    /// Uses a data directory, by default .gatehouse/data, instead of the running `cargo local`
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        num_args = 0..=1,
        conflicts_with = "stack"
    )]
    #[expect(clippy::option_option, reason = "an option with an optional value")]
    data_dir: Option<Option<PathBuf>>,
    /// Uses the `cargo local` whose API is on this port, if several are running in the project
    #[arg(long, global = true, value_name = "PORT", conflicts_with_all = ["stack", "data_dir"])]
    port: Option<u16>,
    /// Uses a deployed stack, with the AWS credentials and region from the environment or `AWS_PROFILE`
    #[arg(long, global = true, value_name = "NAME")]
    stack: Option<String>,
}

impl TargetOptions {
    /// Returns whether the options name a deployed stack.
    pub(crate) fn names_deployed_stack(&self) -> bool {
        self.stack.is_some()
    }

    /// Finds the stack, runs `work` on it and prints the output.
    pub(crate) async fn run(
        &self,
        work: impl AsyncFnOnce(&Target) -> anyhow::Result<Output>,
    ) -> anyhow::Result<ExitCode> {
        let target = Target::find(self, IfMissing::Fail).await?;
        target.run(work).await?.print()
    }

    /// Returns whether the options name a data directory or a port.
    pub(crate) fn names_local_stack(&self) -> bool {
        self.data_dir.is_some() || self.port.is_some()
    }
}

/// The tables, keys and settings of a stack.
pub(crate) struct Target {
    tables: aws_sdk_dynamodb::Client,
    ring: KeyRingSource,
    /// The functions' environment variables, such as `USERS_TABLE`, as far as they are known.
    settings: Environment,
    kind: Kind,
}

/// What to do if a data directory has no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMissing {
    Fail,
    Create,
    /// Works on an empty database in a temporary directory instead.
    Pretend,
}

/// What kind of stack it is, and what has to stay open while it is used.
enum Kind {
    /// A running `cargo local`, which has the tables open.
    Running,
    /// A data directory whose tables this process has open; if it is a temporary one, it
    /// is deleted afterwards.
    DataDir(Storage, Option<TempDir>),
    /// A stack on AWS or on an emulator of it.
    Deployed(Box<Deployment>),
}

impl Target {
    /// Finds the stack that the options name, or else the running `cargo local`.
    pub(crate) async fn find(
        options: &TargetOptions,
        if_missing: IfMissing,
    ) -> anyhow::Result<Self> {
        if let Some(stack) = &options.stack {
            return Self::deployed(stack).await;
        }
        let root = project::root()?;
        let Some(typed) = &options.data_dir else {
            let running = running::one(&root, options.port)?;
            notice(&format!("Using the `cargo local` at {}.", running.url()));
            return Self::from_running(&running.variables);
        };
        let directory = DataDir::from_option(typed.as_deref(), &root)?;
        for running in running::all(&root)? {
            let target = Self::from_running(&running.variables)?;
            if target.has_keys_in(directory.path()) {
                notice(&format!("Using the `cargo local` at {}.", running.url()));
                return Ok(target);
            }
        }
        match if_missing {
            IfMissing::Pretend if !directory.has_database() => {
                directory.check_usable(&root)?;
                let empty = tempfile::tempdir().context("cannot create a temporary directory")?;
                let storage = Storage::open(&root.join(project::TEMPLATE), empty.path()).await?;
                return Ok(Self::from_storage(storage, Some(empty)));
            }
            IfMissing::Fail | IfMissing::Pretend => directory.check_exists(&root)?,
            IfMissing::Create => {
                directory.check_usable(&root)?;
                if !directory.has_database() {
                    notice(&format!("Creating the data directory {directory}."));
                }
            }
        }
        Self::open(&root, directory.path()).await
    }

    async fn deployed(stack: &str) -> anyhow::Result<Self> {
        let deployment = Deployment::find(stack).await?;
        Ok(Self {
            tables: deployment.tables(),
            ring: deployment.ring(),
            settings: environment(&deployment.settings()),
            kind: Kind::Deployed(Box::new(deployment)),
        })
    }

    /// Opens a data directory that no running stack uses.
    pub(crate) async fn open(root: &Path, directory: &Path) -> anyhow::Result<Self> {
        let storage = Storage::open(&root.join(project::TEMPLATE), directory).await?;
        Ok(Self::from_storage(storage, None))
    }

    fn from_storage(storage: Storage, temporary: Option<TempDir>) -> Self {
        let names = storage.tables();
        let settings = names.map(|(id, name)| (variable::name(id), name.to_owned()));
        let issuer = ("ISSUER".to_owned(), DEFAULT_ISSUER.to_owned());
        Self {
            tables: local_tables(storage.dynamodb_url()),
            ring: KeyRingSource::File(storage.key_ring_path().to_owned()),
            settings: environment(&settings.chain([issuer]).collect()),
            kind: Kind::DataDir(storage, temporary),
        }
    }

    /// Returns a client for the stack's DynamoDB.
    pub(crate) fn tables(&self) -> aws_sdk_dynamodb::Client {
        self.tables.clone()
    }

    /// Returns the name of a table by its variable, such as `USERS_TABLE`.
    pub(crate) fn table(&self, variable: &'static str) -> anyhow::Result<String> {
        Ok(self.settings.table(variable)?)
    }

    /// Identifies this stack by its key ring, which no two stacks share.
    pub(crate) fn identity(&self) -> String {
        match &self.ring {
            KeyRingSource::File(path) => path.display().to_string(),
            KeyRingSource::Secret { arn, .. } => arn.clone(),
        }
    }

    /// Returns where the key ring is.
    pub(crate) fn ring(&self) -> KeyRingSource {
        self.ring.clone()
    }

    /// Returns the functions' settings, as far as they are known.
    pub(crate) fn settings(&self) -> &Environment {
        &self.settings
    }

    /// True for a data directory that no stack uses.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.kind, Kind::DataDir(..))
    }

    /// Returns the deployed stack, if it is one.
    pub(crate) fn deployment(&self) -> Option<&Deployment> {
        match &self.kind {
            Kind::Deployed(deployment) => Some(deployment),
            Kind::Running | Kind::DataDir(..) => None,
        }
    }

    /// Returns the addresses that SES sends nothing to, if the stack sends mails.
    pub(crate) fn suppression(&self) -> Option<SuppressionList> {
        match &self.kind {
            Kind::Deployed(deployment) => deployment.suppression(),
            Kind::Running => {
                let endpoint = self.settings.text("AWS_ENDPOINT_URL_SESV2")?;
                let connection = Connection::open(&ConnectionSettings::for_local_stack(endpoint));
                Some(SuppressionList::open(connection.config(), None))
            }
            Kind::DataDir(..) => None,
        }
    }

    /// Runs `work` on the stack, then closes the stack even if that failed.
    pub(crate) async fn run<T>(
        self,
        work: impl AsyncFnOnce(&Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let done = work(&self).await;
        self.close().await;
        done
    }

    /// Closes the database, if this process opened it.
    pub(crate) async fn close(self) {
        if let Kind::DataDir(storage, _temporary) = self.kind {
            storage.close().await;
        }
    }

    /// Connects to a running stack, given the variables that it recorded.
    pub(crate) fn from_running(variables: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let settings = environment(variables);
        let dynamodb = settings.text("AWS_ENDPOINT_URL").map(str::to_owned);
        let dynamodb = dynamodb
            .context("the running stack did not record its DynamoDB endpoint: restart it")?;
        let ring = settings.text("KEY_RING_FILE").map(PathBuf::from);
        let ring = ring.context("the running stack did not record its key ring: restart it")?;
        Ok(Self {
            tables: local_tables(&dynamodb),
            ring: KeyRingSource::File(ring),
            settings,
            kind: Kind::Running,
        })
    }

    fn has_keys_in(&self, directory: &Path) -> bool {
        match &self.ring {
            KeyRingSource::File(ring) => *ring == key_ring_path(directory),
            KeyRingSource::Secret { .. } => false,
        }
    }
}

/// The issuer of a `cargo local` on its default port, for a data directory that none has open.
const DEFAULT_ISSUER: &str = "http://localhost:3000";

fn local_tables(dynamodb: &str) -> aws_sdk_dynamodb::Client {
    Connection::open(&ConnectionSettings::for_local_stack(dynamodb)).tables()
}

fn environment(variables: &BTreeMap<String, String>) -> Environment {
    let pairs = variables.iter();
    Environment::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str())))
}
