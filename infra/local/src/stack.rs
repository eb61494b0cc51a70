//! A running stack, and how it starts.

mod copies;
mod functions;
mod key_ring;
mod messaging;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
pub use copies::Renaming;
use functions::FunctionParts;
use key_ring::KeyRingParts;
use messaging::Messaging;
use tokio::task::JoinSet;

use crate::console::{Console, ConsoleParts};
use crate::error::StackError;
use crate::gateway::Gateway;
use crate::keys;
use crate::lambda::{Functions, Invocation, InvokeError, is_process_specific};
use crate::listen::{LOCALHOST, bind, listen};
use crate::local_pages::LocalPages;
use crate::log::Log;
use crate::mapping::MappedParts;
use crate::options::StackOptions;
use crate::server::Serving;
use crate::site::Site;
use crate::tables::Tables;
use crate::template_file::TemplateFile;
use crate::timer::timers;

/// A running stack. Dropping it kills its processes and closes its ports.
#[derive(Debug)]
pub struct Stack {
    url: String,
    address: SocketAddr,
    dynamodb_url: String,
    key_ring: PathBuf,
    tables: Tables,
    messaging: Messaging,
    functions: Functions,
    environments: BTreeMap<String, BTreeMap<String, String>>,
    routes: Vec<String>,
    log: Log,
    serving: Vec<Serving>,
    /// Dropping them stops the schedules.
    _timers: JoinSet<()>,
}

impl Stack {
    /// Starts DynamoDB and the gateway. A function starts with its first event.
    ///
    /// # Errors
    /// [`StackError`]; its message is one sentence for whoever started the stack.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let file = TemplateFile::read(&options.template)?;
        let (listeners, address) = listen(options.port).await?;
        let url = format!("http://localhost:{}", address.port());
        let template = file.parse(&options.parameters, &url)?;
        let (listener, dynamodb) = bind(LOCALHOST, options.dynamodb_port).await?;
        let dynamodb_url = format!("http://{dynamodb}");

        let directory = directory(&options, address.port())?;
        // Before the keys, since this locks the directory.
        let data_dir = options.data_dir.is_some().then_some(&*directory);
        let tables = Tables::start(&template.tables, data_dir, listener)?;
        let keys = KeyRingParts {
            directory: &directory,
            dynamodb_url: &dynamodb_url,
            tables: &tables,
        };
        let key_ring = keys.prepare(&template, &options).await?;

        let log = Log::new(options.log).observed_by(options.observe);
        let parts = FunctionParts {
            options: &options,
            url: &url,
            dynamodb_url: &dynamodb_url,
            key_ring: &key_ring,
            log: &log,
        };
        let (functions, environments) = parts.all(&template)?;
        let mapped = MappedParts {
            tables: &tables,
            functions: &functions,
            log: &log,
        };
        let messaging = Messaging::start(&template, &mapped).map_err(StackError::State)?;
        let routes = template.route_keys();
        let gateway = Gateway::new(template.api, functions.clone(), log.clone());
        let console = Console::new(ConsoleParts {
            dynamodb_url: &dynamodb_url,
            tables: &tables,
            key_ring: &key_ring,
            functions: &functions,
            environments: &environments,
            log: log.clone(),
            requests: gateway.requests(),
            is_remote: options.remote.is_some(),
            ses: messaging.ses(),
        });
        let pages = LocalPages::new(console, messaging.services(&log));
        Ok(Self {
            serving: Site { gateway, pages }.serve(listeners),
            messaging,
            url,
            address,
            dynamodb_url,
            key_ring,
            tables,
            _timers: timers(&template.schedules, &functions),
            functions,
            environments,
            routes,
            log,
        })
    }

    /// Returns the API's URL, which is also the issuer of its tokens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the gateway's address, for raw connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns DynamoDB's endpoint.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb_url
    }

    /// Returns the name of a table by its logical id in the template.
    #[must_use]
    pub fn table(&self, logical_id: &str) -> Option<&str> {
        self.tables.name(logical_id)
    }

    /// Returns the names of all tables.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.names()
    }

    /// Returns the file with the private keys.
    #[must_use]
    pub fn key_ring_path(&self) -> &Path {
        &self.key_ring
    }

    /// Returns the environment of a function's processes, except for the Runtime API's
    /// address.
    #[must_use]
    pub fn function_environment(&self, function: &str) -> Option<&BTreeMap<String, String>> {
        self.environments.get(function)
    }

    /// Returns the variables of all functions together, without those that Lambda
    /// itself sets, for a host such as `cargo lambda watch` that runs the functions.
    #[must_use]
    pub fn shared_environment(&self) -> BTreeMap<String, String> {
        let all = self.environments.values().flatten();
        let shared = all.filter(|(name, _)| !is_process_specific(name));
        shared
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Returns the template's route keys, such as `POST /register`.
    #[must_use]
    pub fn routes(&self) -> &[String] {
        &self.routes
    }

    /// Sends an event to a function without the gateway.
    ///
    /// # Errors
    /// [`InvokeError`] if the function does not exist or fails.
    pub async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Bytes, InvokeError> {
        let Some(found) = self.functions.get(function) else {
            return Err(InvokeError::Unknown(function.to_owned()));
        };
        found
            .invoke(Invocation::new(Bytes::copy_from_slice(payload)))
            .await
    }

    /// Returns the ids of a function's idle processes, for tests that kill one.
    #[must_use]
    pub fn process_ids(&self, function: &str) -> Vec<u32> {
        let found = self.functions.get(function);
        found
            .map(|function| function.process_ids())
            .unwrap_or_default()
    }

    /// Stops only DynamoDB, for tests of functions whose tables are unavailable.
    pub async fn stop_dynamodb(&self) {
        self.tables.stop().await;
    }

    /// Returns the last 10,000 lines that the functions and their host have logged.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Stops everything, and waits until DynamoDB has written its file.
    pub async fn stop(mut self) {
        self.messaging.stop().await;
        self.close();
        self.tables.stop().await;
    }

    fn close(&mut self) {
        self.serving.clear();
        for function in self.functions.values() {
            function.close();
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.close();
    }
}

/// Creates and returns the directory of the key ring, and of the tables if they are kept. It is one per
/// port: the keys of tables in memory must not replace those of another stack, or of tables
/// on disk.
fn directory(options: &StackOptions, port: u16) -> Result<PathBuf, StackError> {
    let directory = options.data_dir.clone();
    let directory = directory.unwrap_or_else(|| stack_directory(&options.work_dir, port));
    let directory = std::path::absolute(&directory).unwrap_or(directory);
    keys::make_directory(&directory)?;
    Ok(directory)
}

/// Returns where a stack without a data directory has its key ring: a directory per
/// port of the API, in the working directory that all stacks share.
#[must_use]
pub fn stack_directory(work_dir: &Path, port: u16) -> PathBuf {
    work_dir.join(format!("local-{port}"))
}
