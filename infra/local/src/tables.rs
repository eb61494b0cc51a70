//! The embedded DynamoDB, with the template's tables.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::server::serve_with_shutdown;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::StackError;
use crate::private::{self, Lock};
use crate::template::TableSpec;

/// The database's file in a data directory.
pub const DATABASE: &str = "dynamodb.sqlite";

/// The running DynamoDB. Dropping it stops the server.
#[derive(Debug)]
pub(crate) struct Tables {
    names: BTreeMap<String, String>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
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
        let server = serve_with_shutdown(listener, database, async {
            // Dropping the sender stops the server just as a message does.
            drop(stopped.await);
        });
        let names = specs
            .iter()
            .map(|spec| (spec.id.clone(), spec.name.clone()));
        Ok(Self {
            names: names.collect(),
            running: Mutex::new(Some(Running {
                stop,
                server: tokio::spawn(server),
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

/// Opens the database of a data directory, and locks the directory.
fn open(data_dir: Option<&Path>) -> Result<(Database, Option<Lock>), StackError> {
    let failed = |path: &Path, reason: String| StackError::Data {
        path: path.to_owned(),
        reason,
    };
    let Some(directory) = data_dir else {
        let database = Database::memory();
        let database = database.map_err(|e| failed(Path::new(":memory:"), e.to_string()))?;
        return Ok((database, None));
    };
    let lock = Lock::take(directory).map_err(|e| failed(directory, e.to_string()))?;
    let path = directory.join(DATABASE);
    private::restrict(&path).map_err(|e| failed(&path, e.to_string()))?;
    let database = Database::new(&path.to_string_lossy());
    let database = database.map_err(|e| failed(&path, e.to_string()))?;
    Ok((database, Some(lock)))
}

/// Creates a table unless it exists.
pub(crate) fn create(database: &Database, spec: &TableSpec) -> Result<(), String> {
    let known = database
        .get_table_metadata(&spec.name)
        .map_err(|e| e.to_string())?;
    if known.is_some() {
        return Ok(());
    }
    let request = serde_json::from_value(spec.request.clone()).map_err(|e| {
        // The emulator's prefix for its own validation, inside the decoder's error.
        e.to_string().trim_start_matches("VALIDATION:").to_owned()
    })?;
    database.create_table(request).map_err(|e| e.to_string())?;
    if let Some(attribute) = &spec.ttl {
        let request = UpdateTimeToLiveRequest {
            table_name: spec.name.clone(),
            time_to_live_specification: TimeToLiveSpecification {
                attribute_name: attribute.clone(),
                enabled: true,
            },
        };
        database
            .update_time_to_live(request)
            .map_err(|e| e.to_string())?;
    }
    Ok(())
}
