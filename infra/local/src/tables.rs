//! The embedded DynamoDB, with the template's tables and their streams.

mod unfinished;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::server::serve_with_shutdown;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::error::StackError;
use crate::private::{self, Lock};
use crate::template::TableSpec;
use crate::{ids, stream};

/// The database's file in a data directory.
pub const DATABASE: &str = "dynamodb.sqlite";

/// The running DynamoDB. Dropping it stops the server.
pub(crate) struct Tables {
    names: BTreeMap<String, String>,
    database: Database,
    running: Mutex<Option<Running>>,
}

impl fmt::Debug for Tables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tables = formatter.debug_struct("Tables");
        tables.field("names", &self.names).finish_non_exhaustive()
    }
}

struct Running {
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    /// Deletes expired items until it is dropped.
    _sweeper: JoinSet<()>,
    /// The lock of the data directory, if there is one.
    lock: Option<Lock>,
}

/// How long stopping a stack waits for DynamoDB's clients.
const PATIENCE: Duration = Duration::from_secs(2);

impl Tables {
    /// Creates the tables that do not exist yet, and serves all of them.
    pub(crate) fn start(
        specs: &[TableSpec],
        data_dir: Option<&Path>,
        listener: TcpListener,
    ) -> Result<Self, StackError> {
        let (database, lock) = open(data_dir)?;
        for spec in specs {
            create(&database, spec).map_err(|reason| StackError::Table {
                table: spec.name.clone(),
                reason,
            })?;
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let server = serve_with_shutdown(listener, database.clone(), async {
            // Dropping the sender stops the server just as a message does.
            drop(stopped.await);
        });
        let names = specs
            .iter()
            .map(|spec| (spec.id.clone(), spec.name.clone()));
        let mut sweeper = JoinSet::new();
        // Tables in memory are empty. A sweep now would race with a test's own old items.
        let first = data_dir.map_or(SWEEP_INTERVAL, |_| Duration::ZERO);
        sweeper.spawn(sweep(database.clone(), first));
        Ok(Self {
            names: names.collect(),
            database,
            running: Mutex::new(Some(Running {
                stop,
                server: tokio::spawn(server),
                _sweeper: sweeper,
                lock,
            })),
        })
    }

    /// Returns the name of a table by its logical id.
    pub(crate) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Returns the logical ids and names of the tables.
    pub(crate) fn by_id(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names
            .iter()
            .map(|(id, name)| (id.as_str(), name.as_str()))
    }

    /// Returns the names of the tables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// Returns the database itself, for what has no place in a function's API.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Stops the server; its port then refuses connections.
    pub(crate) async fn stop(&self) {
        if let Some(running) = self.running.lock().await.take() {
            // Both fail only if the server has already stopped. Its port closes at
            // once, but a client in the middle of a request may delay the rest.
            running.stop.send(()).unwrap_or_default();
            drop(timeout(PATIENCE, running.server).await);
            drop(running.lock);
        }
    }
}

/// How often expired items are deleted. On AWS, it takes up to a few days.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

/// Deletes expired items, first those that have expired while no stack ran.
async fn sweep(database: Database, first: Duration) {
    tokio::time::sleep(first).await;
    loop {
        let database = database.clone();
        // If it fails, the next one deletes them. Until then, they are ignored anyway.
        drop(tokio::task::spawn_blocking(move || database.sweep_ttl()).await);
        tokio::time::sleep(SWEEP_INTERVAL).await;
    }
}

/// Opens the database of a data directory, and locks the directory.
fn open(data_dir: Option<&Path>) -> Result<(Database, Option<Lock>), StackError> {
    let failed = |path: &Path, reason: String| StackError::Data {
        path: path.to_owned(),
        reason,
    };
    let Some(directory) = data_dir else {
        return Ok((in_memory()?, None));
    };
    let lock = Lock::take(directory).map_err(|e| failed(directory, e.to_string()))?;
    let path = directory.join(DATABASE);
    private::restrict(&path).map_err(|e| failed(&path, e.to_string()))?;
    let database = open_trimmed(&path).map_err(|reason| failed(&path, reason))?;
    Ok((database, Some(lock)))
}

/// Returns a database in memory. Unlike [`Database::memory`], it has a name, so that it can
/// be opened a second time; nothing else knows the name.
pub(crate) fn in_memory() -> Result<Database, StackError> {
    let path = PathBuf::from(format!(
        "file:{}?mode=memory&cache=shared",
        ids::request_id()
    ));
    open_trimmed(&path).map_err(|reason| StackError::Data { path, reason })
}

fn open_trimmed(path: &Path) -> Result<Database, String> {
    let database = Database::new(&path.to_string_lossy()).map_err(|e| e.to_string())?;
    unfinished::remove(path)?;
    stream::trim(path)?;
    Ok(database)
}

/// Creates a table unless it exists.
pub(crate) fn create(database: &Database, spec: &TableSpec) -> Result<(), String> {
    let known = database
        .get_table_metadata(&spec.name)
        .map_err(|e| e.to_string())?;
    if let Some(known) = known {
        // A table whose creation was interrupted before that, or one from before its template
        // had the attribute.
        if !known.ttl_enabled {
            enable_expiry(database, spec)?;
        }
        // A table from before its template had the stream.
        return match spec.stream() {
            Some(stream) if !known.stream_enabled => add_stream(database, &spec.name, stream),
            Some(_) | None => Ok(()),
        };
    }
    let request = serde_json::from_value(spec.request.clone()).map_err(|e| {
        // The emulator's prefix for its own validation, inside the decoder's error.
        e.to_string().trim_start_matches("VALIDATION:").to_owned()
    })?;
    database.create_table(request).map_err(|e| e.to_string())?;
    enable_expiry(database, spec)
}

/// Lets items of a table expire, if its template says so.
fn enable_expiry(database: &Database, spec: &TableSpec) -> Result<(), String> {
    let Some(attribute) = &spec.ttl else {
        return Ok(());
    };
    let request = UpdateTimeToLiveRequest {
        table_name: spec.name.clone(),
        time_to_live_specification: TimeToLiveSpecification {
            attribute_name: attribute.clone(),
            enabled: true,
        },
    };
    let enabled = database.update_time_to_live(request);
    enabled.map(drop).map_err(|e| e.to_string())
}

fn add_stream(database: &Database, table: &str, stream: &Value) -> Result<(), String> {
    let request = json!({ "TableName": table, "StreamSpecification": stream });
    let request = serde_json::from_value(request).map_err(|e| e.to_string())?;
    database.update_table(request).map_err(|e| e.to_string())?;
    Ok(())
}
