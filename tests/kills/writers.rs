//! Writers that know what was acknowledged, and compare it with what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, ensure};
use gatehouse_tests::random::Random;
use serde_json::{Value, json};

use crate::dynamodb::DynamoDb;
use crate::host::Addresses;

/// One writer, with keys of its own. It writes a number into one of its slots, then the next
/// number into another one.
#[derive(Debug)]
pub(crate) struct Writer {
    name: String,
    number: u64,
    slots: Vec<Slot>,
    random: Random,
    pub(crate) acknowledged: u64,
}

/// What a slot may hold.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The last number that was acknowledged.
    acknowledged: u64,
    /// The last number that was sent.
    sent: u64,
}

/// The slots of a writer. Each kind of write has a third of them.
const SLOTS: u64 = 24;

/// What a slot is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `PutItem`.
    Put,
    /// `UpdateItem`, which also keeps how often the slot was written.
    Update,
    /// `TransactWriteItems` in three tables; the sessions have an index.
    Transaction,
}

impl Kind {
    fn of(slot: usize) -> Self {
        match slot % 3 {
            0 => Self::Put,
            1 => Self::Update,
            _ => Self::Transaction,
        }
    }
}

impl Writer {
    pub(crate) fn new(name: String, seed: u64) -> Self {
        let slots = (0..SLOTS).map(|_| Slot::default());
        Self {
            name,
            number: 0,
            slots: slots.collect(),
            random: Random::new(seed),
            acknowledged: 0,
        }
    }

    /// Writes until a call is not acknowledged, or `is_over`.
    pub(crate) async fn write(
        &mut self,
        to: &Arc<Addresses>,
        is_over: &AtomicBool,
    ) -> anyhow::Result<()> {
        let tables = DynamoDb::new(&to.dynamodb_url)?;
        while !is_over.load(Ordering::Relaxed) {
            let slot = usize::try_from(self.random.below(SLOTS))?;
            self.number += 1;
            let number = self.number;
            self.slots[slot].sent = number;
            let (operation, body) = self.request(to, slot);
            if tables.call(operation, &body).await.is_err() {
                return Ok(());
            }
            self.slots[slot].acknowledged = number;
            self.acknowledged += 1;
        }
        Ok(())
    }

    fn key(&self, slot: usize) -> String {
        format!("kill#{}#{slot}", self.name)
    }

    fn request(&self, to: &Addresses, slot: usize) -> (&'static str, Value) {
        let (key, number) = (self.key(slot), json!({ "N": self.number.to_string() }));
        let item = |attribute: &str| json!({ attribute: { "S": key }, "number": number });
        match Kind::of(slot) {
            Kind::Put => (
                "PutItem",
                json!({ "TableName": to.users, "Item": item("pk") }),
            ),
            Kind::Update => (
                "UpdateItem",
                json!({
                    "TableName": to.users,
                    "Key": { "pk": { "S": key } },
                    "UpdateExpression": "SET #number = :number, #before = #number ADD #writes :one",
                    "ExpressionAttributeNames": { "#number": "number", "#before": "before", "#writes": "writes" },
                    "ExpressionAttributeValues": { ":number": number, ":one": { "N": "1" } },
                }),
            ),
            Kind::Transaction => {
                let mut session = item("sid");
                session["sub"] = json!({ "S": self.name });
                session["created_at"] = number.clone();
                let put = |table: &str, item: Value| json!({ "Put": { "TableName": table, "Item": item } });
                let puts = [
                    put(&to.users, item("pk")),
                    put(&to.sessions, session),
                    put(&to.revocations, item("pk")),
                ];
                ("TransactWriteItems", json!({ "TransactItems": puts }))
            }
        }
    }

    /// Compares what the tables hold with what was acknowledged, and goes on from there.
    ///
    /// # Errors
    /// If an acknowledged write is lost, or one is there in part.
    pub(crate) async fn check(&mut self, contents: &Written) -> anyhow::Result<()> {
        for slot in 0..self.slots.len() {
            let key = self.key(slot);
            let found = Written::number(&contents.users, "pk", &key);
            let Slot { acknowledged, sent } = self.slots[slot];
            ensure!(
                found == acknowledged || found == sent,
                "{key} is {found}, but {acknowledged} was acknowledged and {sent} sent last"
            );
            if Kind::of(slot) == Kind::Transaction {
                let others = [
                    Written::number(&contents.sessions, "sid", &key),
                    Written::number(&contents.revocations, "pk", &key),
                ];
                ensure!(
                    others == [found; 2],
                    "{key} is torn: {found} and {others:?}"
                );
            }
            self.slots[slot] = Slot {
                acknowledged: found,
                sent: found,
            };
        }
        self.check_index(contents).await
    }

    /// The index has each session once, where its item says.
    async fn check_index(&self, contents: &Written) -> anyhow::Result<()> {
        let index = ("by-user", "sub", self.name.as_str());
        let indexed = contents
            .tables
            .query(&contents.sessions_table, index)
            .await?;
        let own = contents
            .sessions
            .iter()
            .filter(|item| item["sub"]["S"] == self.name.as_str());
        let mut expected: Vec<(String, String)> = own.map(place).collect();
        let mut found: Vec<(String, String)> = indexed.iter().map(place).collect();
        expected.sort();
        found.sort();
        ensure!(
            found == expected,
            "the index has {found:?}, and the table {expected:?}"
        );
        Ok(())
    }
}

fn place(item: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&item["sid"]["S"]), text(&item["created_at"]["N"]))
}

/// What the tables hold after a restart.
#[derive(Debug)]
pub(crate) struct Written {
    tables: DynamoDb,
    sessions_table: String,
    users: Vec<Value>,
    sessions: Vec<Value>,
    revocations: Vec<Value>,
}

impl Written {
    /// Reads everything.
    ///
    /// # Errors
    /// If a table cannot be read.
    pub(crate) async fn read(from: &Addresses) -> anyhow::Result<Self> {
        let tables = DynamoDb::new(&from.dynamodb_url)?;
        Ok(Self {
            users: tables.scan(&from.users).await.context("users")?,
            sessions: tables.scan(&from.sessions).await.context("sessions")?,
            revocations: tables
                .scan(&from.revocations)
                .await
                .context("revocations")?,
            sessions_table: from.sessions.clone(),
            tables,
        })
    }

    /// Returns the number in an item; 0 if there is no such item.
    fn number(items: &[Value], attribute: &str, key: &str) -> u64 {
        let found = items.iter().find(|item| item[attribute]["S"] == key);
        let number = found.and_then(|item| item["number"]["N"].as_str());
        number
            .and_then(|number| number.parse().ok())
            .unwrap_or_default()
    }
}
