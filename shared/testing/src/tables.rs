//! The template's tables, in memory, and a client whose calls are recorded and can
//! be broken.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::user::User;
use gatehouse_local::{Schema, Storage};
use gatehouse_store::{Connection, ConnectionSettings, Credentials, Users};
use tempfile::TempDir;

use crate::backend::Backend;
use crate::faults::Faults;

/// Read once: it takes longer than most tests.
pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
    Schema::read(&template).unwrap()
});

/// The tables of one test. A table is named by its logical id in the template.
#[derive(Debug)]
pub struct Tables {
    storage: Storage,
    dynamodb: Backend,
    faults: Faults,
    // A client takes a while to make, and some tests need none.
    client: OnceLock<Client>,
    plain: OnceLock<Client>,
    _directory: TempDir,
}

/// An item as it is stored.
pub type Item = HashMap<String, AttributeValue>;

impl Tables {
    /// Starts a database with empty tables.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::in_memory(&SCHEMA, directory.path()).await;
        let storage = storage.unwrap();
        Self {
            dynamodb: Backend::forwarding_to(storage.dynamodb_url()),
            storage,
            faults: Faults::default(),
            client: OnceLock::new(),
            plain: OnceLock::new(),
            _directory: directory,
        }
    }

    /// Starts a database in which these users are registered.
    pub async fn start_with(users: &[&User]) -> Self {
        let tables = Self::start().await;
        for user in users {
            tables.users().register(user).await.unwrap();
        }
        drop(tables.faults.take_calls());
        tables
    }

    /// Returns a client whose calls are recorded and can be broken.
    #[must_use]
    pub fn client(&self) -> Client {
        let new = || self.new_client(self.dynamodb().with(&self.faults));
        self.client.get_or_init(new).clone()
    }

    /// Returns a client whose calls are neither recorded nor broken.
    #[must_use]
    pub fn plain_client(&self) -> Client {
        let new = || self.new_client(self.dynamodb());
        self.plain.get_or_init(new).clone()
    }

    fn new_client(&self, backend: Backend) -> Client {
        let config = connect(self.url()).tables().config().to_builder();
        Client::from_conf(config.http_client(backend.http_client()).build())
    }

    /// Returns DynamoDB itself, to put faults or another service in front of it.
    #[must_use]
    pub fn dynamodb(&self) -> Backend {
        self.dynamodb.clone()
    }

    /// Returns what happens to the calls of [`client`](Self::client).
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the users, over [`client`](Self::client).
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self.client(), self.name("UsersTable").to_owned())
    }

    /// Returns the name of a table.
    #[must_use]
    pub fn name(&self, table: &str) -> &str {
        let found = self.storage.tables().find(|(id, _)| *id == table);
        let (_, name) = found.unwrap_or_else(|| panic!("the template has no table {table}"));
        name
    }

    /// Returns the URL of DynamoDB.
    #[must_use]
    pub fn url(&self) -> &str {
        self.storage.dynamodb_url()
    }

    /// Returns the file for the key ring, which does not exist yet.
    #[must_use]
    pub fn key_ring_path(&self) -> &Path {
        self.storage.key_ring_path()
    }

    /// Returns the environment variables of a function that calls AWS at `endpoint`,
    /// those for the key ring excepted.
    #[must_use]
    pub fn variables<'a>(&'a self, endpoint: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.0),
            ("AWS_SECRET_ACCESS_KEY", ACCESS_KEY.1),
            ("ISSUER", "https://issuer.example"),
            ("USERS_TABLE", self.name("UsersTable")),
            ("SESSIONS_TABLE", self.name("SessionsTable")),
            ("REVOCATIONS_TABLE", self.name("RevocationsTable")),
            ("LOGIN_ATTEMPTS_TABLE", self.name("LoginAttemptsTable")),
            ("SIGNING_KEYS_TABLE", self.name("SigningKeysTable")),
        ]
    }

    /// Reads an item, past the store.
    pub async fn item(&self, table: &str, key: &str, value: &str) -> Option<Item> {
        let read = self.plain_client().get_item().table_name(self.name(table));
        let read = read.key(key, AttributeValue::S(value.into()));
        read.consistent_read(true).send().await.unwrap().item
    }

    /// Sets one attribute of an item, past the store; the item need not exist.
    pub async fn set(&self, table: &str, key: (&str, &str), attribute: &str, to: AttributeValue) {
        let values = HashMap::from([(":to".to_owned(), to)]);
        self.update(table, key, attribute, "SET #attribute = :to", Some(values))
            .await;
    }

    /// Removes one attribute of an item, past the store.
    pub async fn remove(&self, table: &str, key: (&str, &str), attribute: &str) {
        self.update(table, key, attribute, "REMOVE #attribute", None)
            .await;
    }

    async fn update(
        &self,
        table: &str,
        (key, value): (&str, &str),
        attribute: &str,
        expression: &str,
        values: Option<Item>,
    ) {
        let update = self
            .plain_client()
            .update_item()
            .table_name(self.name(table));
        update
            .key(key, AttributeValue::S(value.into()))
            .update_expression(expression)
            .expression_attribute_names("#attribute", attribute)
            .set_expression_attribute_values(values)
            .send()
            .await
            .unwrap();
    }

    /// Counts the items of a table, past the store.
    pub async fn count(&self, table: &str) -> i32 {
        let scan = self.plain_client().scan().table_name(self.name(table));
        scan.send().await.unwrap().count
    }
}

/// Opens a connection with the settings of a function, except that it waits longer:
/// a busy machine must not fail a test.
#[must_use]
pub fn connect(endpoint: &str) -> Connection {
    Connection::open(&ConnectionSettings {
        region: REGION.into(),
        endpoint: Some(endpoint.into()),
        credentials: Credentials {
            access_key_id: ACCESS_KEY.0.into(),
            secret_access_key: ACCESS_KEY.1.into(),
            session_token: None,
        },
        attempt_timeout: Duration::from_secs(20),
        operation_timeout: Duration::from_mins(1),
    })
}

const REGION: &str = "eu-central-1";
const ACCESS_KEY: (&str, &str) = ("AKIDEXAMPLE", "secret");
