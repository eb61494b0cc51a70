//! An embedded DynamoDB with the five tables, and a client that is watched.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use gatehouse_store::{
    Accounts, Clients, Connection, ConnectionSettings, Credentials, LoginAttempts, Revocations,
    Sessions, SigningKeys, Users,
};

/// The five tables of one test.
pub(crate) struct Tables {
    pub(crate) client: Client,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) revocations: Revocations,
    pub(crate) keys: SigningKeys,
    pub(crate) clients: Clients,
    pub(crate) accounts: Accounts,
    pub(crate) attempts: LoginAttempts,
    watch: Watch,
}

impl Tables {
    /// Starts a database of its own.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_on(listener, database));

        let plain = connect(&endpoint).await;
        for (table, key) in [
            ("users", "pk"),
            ("sessions", "sid"),
            ("revocations", "pk"),
            ("attempts", "pk"),
            ("keys", "pk"),
        ] {
            create(&plain, table, key).await;
        }
        let watch = Watch::default();
        let watched = plain.config().to_builder().interceptor(watch.clone());
        let client = Client::from_conf(watched.build());
        let users = Users::new(client.clone(), "users".into());
        let sessions = Sessions::new(client.clone(), "sessions".into());
        let revocations = Revocations::new(client.clone(), "revocations".into());
        Self {
            accounts: Accounts::new(users.clone(), sessions.clone(), revocations.clone()),
            users,
            sessions,
            revocations,
            keys: SigningKeys::new(client.clone(), "keys".into()),
            clients: Clients::new(client.clone(), "keys".into()),
            attempts: LoginAttempts::new(client, "attempts".into()),
            client: plain,
            watch,
        }
    }

    /// Returns the calls since the last time, by name, attempts included.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.watch.calls.lock().unwrap())
    }

    /// Loses the answer of the next call, which has then taken effect.
    pub(crate) fn lose_next_answer(&self) {
        self.watch.lose.store(1, Ordering::SeqCst);
    }

    /// Reads an item past the stores.
    pub(crate) async fn item(
        &self,
        table: &str,
        key: &str,
        value: &str,
    ) -> Option<HashMap<String, AttributeValue>> {
        let read = self.client.get_item().table_name(table);
        let read = read.key(key, AttributeValue::S(value.into()));
        read.consistent_read(true).send().await.unwrap().item
    }

    /// Sets one attribute past the stores; the item need not exist.
    pub(crate) async fn set(
        &self,
        table: &str,
        (key, value): (&str, &str),
        attribute: &str,
        to: AttributeValue,
    ) {
        self.client
            .update_item()
            .table_name(table)
            .key(key, AttributeValue::S(value.into()))
            .update_expression("SET #attribute = :to")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":to", to)
            .send()
            .await
            .unwrap();
    }

    /// Removes one attribute past the stores.
    pub(crate) async fn remove(&self, table: &str, (key, value): (&str, &str), attribute: &str) {
        self.client
            .update_item()
            .table_name(table)
            .key(key, AttributeValue::S(value.into()))
            .update_expression("REMOVE #attribute")
            .expression_attribute_names("#attribute", attribute)
            .send()
            .await
            .unwrap();
    }

    /// Counts the items of a table.
    pub(crate) async fn count(&self, table: &str) -> i32 {
        self.client
            .scan()
            .table_name(table)
            .send()
            .await
            .unwrap()
            .count
    }
}

/// Makes a client of tables.
pub(crate) async fn connect(endpoint: &str) -> Client {
    connection(endpoint).await.tables()
}

/// Opens a connection with the settings of a function, but patient.
pub(crate) async fn connection(endpoint: &str) -> Connection {
    let settings = ConnectionSettings {
        region: "eu-central-1".into(),
        endpoint: Some(endpoint.into()),
        credentials: Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        },
        attempt_timeout: Duration::from_secs(20),
        operation_timeout: Duration::from_mins(1),
    };
    Connection::open(&settings)
}

async fn create(client: &Client, table: &str, key: &str) {
    let schema = KeySchemaElement::builder()
        .attribute_name(key)
        .key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder()
        .attribute_name(key)
        .attribute_type(ScalarAttributeType::S);
    let create = client.create_table().table_name(table);
    let create = if table == "sessions" {
        by_user(create)
    } else {
        create
    };
    create
        .key_schema(schema.build().unwrap())
        .attribute_definitions(attribute.build().unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}

/// Adds the index of sessions by person and time.
fn by_user(create: CreateTableFluentBuilder) -> CreateTableFluentBuilder {
    let mut index = GlobalSecondaryIndex::builder().index_name("by-user");
    let mut create = create;
    for (name, key_type, kind) in [
        ("sub", KeyType::Hash, ScalarAttributeType::S),
        ("created_at", KeyType::Range, ScalarAttributeType::N),
    ] {
        let key = KeySchemaElement::builder().attribute_name(name);
        index = index.key_schema(key.key_type(key_type).build().unwrap());
        let attribute = AttributeDefinition::builder().attribute_name(name);
        let attribute = attribute.attribute_type(kind).build().unwrap();
        create = create.attribute_definitions(attribute);
    }
    let keys = Projection::builder().projection_type(ProjectionType::KeysOnly);
    create.global_secondary_indexes(index.projection(keys.build()).build().unwrap())
}

/// Counts calls, and loses answers on request.
#[derive(Debug, Clone, Default)]
struct Watch {
    calls: Arc<Mutex<Vec<String>>>,
    lose: Arc<AtomicU32>,
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap();
        self.calls.lock().unwrap().push(operation.to_owned());
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.lose.swap(0, Ordering::SeqCst) > 0 {
            *context.response_mut().status_mut() = 500.try_into()?;
        }
        Ok(())
    }
}
