//! Another DynamoDB: that of the emulator of AWS, which is installed with Python.

use gatehouse_testing::{Contents, MemoryTables};
use gatehouse_tests::emulator::{EmulatorProcess, KEY};
use serde_json::{Value, json};

/// The emulator, and how many sets of tables it has.
pub(crate) struct Emulator {
    process: EmulatorProcess,
    http: reqwest::Client,
    sets: usize,
}

/// A set of the template's tables in the emulator.
pub(crate) struct EmulatorTables<'a> {
    emulator: &'a Emulator,
    set: usize,
    /// The tables' names in the template, and in the emulator.
    names: Vec<(String, String)>,
}

impl Emulator {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let port = EmulatorProcess::free_port().await?;
        Ok(Self {
            process: EmulatorProcess::start(port, &[]).await?,
            http: reqwest::Client::builder().no_proxy().build()?,
            sets: 0,
        })
    }

    /// Creates the tables once more, with these items.
    pub(crate) async fn tables(&mut self, contents: &Contents) -> EmulatorTables<'_> {
        self.sets += 1;
        let names = MemoryTables::creations().map(|creation| {
            let name = creation["TableName"].as_str().unwrap();
            (name.to_owned(), format!("set{}-{name}", self.sets))
        });
        let tables = EmulatorTables {
            names: names.collect(),
            set: self.sets,
            emulator: self,
        };
        for creation in MemoryTables::creations() {
            let (status, body) = tables.handle("CreateTable", creation).await;
            assert_eq!(status, 200, "{body}");
        }
        let here = MemoryTables::holding(&Contents::new());
        for (table, items) in contents {
            for item in items {
                let put = json!({ "TableName": here.name(table), "Item": item });
                let (status, body) = tables.handle("PutItem", &put).await;
                assert_eq!(status, 200, "{body}");
            }
        }
        tables
    }
}

impl EmulatorTables<'_> {
    /// Handles a call. Returns the status and the body of the response.
    pub(crate) async fn handle(&self, operation: &str, body: &Value) -> (u16, Value) {
        let mut body = body.clone();
        // A token is known to all tables.
        if let Some(token) = body["ClientRequestToken"].as_str() {
            body["ClientRequestToken"] = format!("{token}-{}", self.set).into();
        }
        let mut body = body.to_string();
        for (here, there) in &self.names {
            body = body.replace(&format!("\"{here}\""), &format!("\"{there}\""));
        }
        let credential = format!("Credential={KEY}/20260101/us-east-1/dynamodb/aws4_request");
        let request = self.emulator.http.post(self.emulator.process.url());
        let request = request
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            // It does not check the signature.
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"),
            );
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let mut body = response.text().await.unwrap();
        for (here, there) in &self.names {
            body = body.replace(&format!("\"{there}\""), &format!("\"{here}\""));
        }
        (status, serde_json::from_str(&body).unwrap())
    }
}
