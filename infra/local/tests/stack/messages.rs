//! Streams, queues and mappings, with a function that prints what it receives.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_local::{Stack, StackOptions};
use gatehouse_store::{Connection, ConnectionSettings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::options;

/// A directory that stacks keep their data in, one after the other.
struct World {
    directory: TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    /// The function fails while this file exists.
    fn failing(&self) -> PathBuf {
        self.directory.path().join("failing")
    }

    async fn start(&self, parameters: &[(&str, &str)]) -> MessageStack {
        let mut options = options(self.directory.path());
        options.template = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages.yaml");
        options.data_dir = Some(self.directory.path().join("data"));
        let failing = self.failing().to_str().unwrap().to_owned();
        options.environment.insert("FAIL_WHILE".to_owned(), failing);
        let pairs = parameters.iter();
        options.parameters = pairs.map(|(n, v)| ((*n).into(), (*v).into())).collect();
        MessageStack::new(options).await
    }

    async fn with_mail(&self) -> MessageStack {
        self.start(&[("MailFrom", "auth@example.org")]).await
    }
}

struct MessageStack {
    stack: Stack,
    tables: Client,
}

impl MessageStack {
    async fn new(options: StackOptions) -> Self {
        let stack = Stack::start(options).await.unwrap();
        let settings = ConnectionSettings::for_local_stack(stack.dynamodb_url());
        Self {
            tables: Connection::open(&settings).tables(),
            stack,
        }
    }

    async fn put(&self, key: &str, attributes: &[(&str, AttributeValue)]) {
        let mut request = self.tables.put_item().table_name("gatehouse-local-outbox");
        request = request.item("pk", AttributeValue::S(key.to_owned()));
        for (name, value) in attributes {
            request = request.item(*name, value.clone());
        }
        request.send().await.unwrap();
    }

    async fn put_message(&self, key: &str) {
        let kind = AttributeValue::S("notice".to_owned());
        self.put(key, &[("kind", kind)]).await;
    }

    /// Sends to the queue as a function does.
    async fn send(&self, body: &str) {
        let environment = self.stack.function_environment("function").unwrap();
        let queue = &environment["MAIL_RETRY_QUEUE_URL"];
        let message = serde_json::json!({ "QueueUrl": queue, "MessageBody": body });
        let target = "x-amz-target: AmazonSQS.SendMessage\r\n";
        let reply = self.post("sqs/", target, &message.to_string()).await;
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }

    async fn post(&self, path: &str, header: &str, body: &str) -> String {
        let head = format!("content-length: {}\r\n{header}", body.len());
        let line = format!("POST /_gatehouse/aws/{path}");
        self.request(&line, &format!("{head}\r\n{body}")).await
    }

    async fn request(&self, line: &str, rest: &str) -> String {
        let mut stream = TcpStream::connect(self.stack.address()).await.unwrap();
        let host = self.stack.address().port();
        let request =
            format!("{line} HTTP/1.1\r\nhost: localhost:{host}\r\nconnection: close\r\n{rest}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    }

    /// What the function has printed about records, once nothing is left to handle.
    async fn records(&self) -> Vec<String> {
        let settled = tokio::time::timeout(Duration::from_secs(20), self.stack.settled());
        assert!(settled.await.is_ok(), "{:?}", self.stack.logs());
        self.printed()
    }

    fn printed(&self) -> Vec<String> {
        let lines = self.stack.logs().into_iter();
        let records = lines.filter_map(|line| line.strip_prefix("record ").map(str::to_owned));
        records.collect()
    }

    async fn until(&self, wanted: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !wanted(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert!(reached.is_ok(), "{:?}", self.stack.logs());
    }
}

#[tokio::test]
async fn records_that_match_the_filter_reach_the_function_in_order() {
    let world = World::new();
    let test = world.with_mail().await;
    test.put_message("a").await;
    test.put("counter", &[]).await;
    test.put_message("b").await;
    // A change of an item is not an insertion.
    test.put_message("a").await;
    test.put_message("c").await;
    let seen = test.records().await;
    let keys: Vec<&str> = seen.iter().map(|line| &line[..1]).collect();
    assert_eq!(keys, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_batch_that_fails_is_delivered_again_and_nothing_overtakes_it() {
    let world = World::new();
    let test = world.with_mail().await;
    std::fs::write(world.failing(), "").unwrap();
    test.put_message("a").await;
    test.until(|test| test.printed().len() >= 2).await;
    test.put_message("b").await;
    std::fs::remove_file(world.failing()).unwrap();
    let seen = test.records().await;
    let done: Vec<&str> = seen
        .iter()
        .filter(|line| !line.ends_with("failed"))
        .map(|line| &line[..1])
        .collect();
    assert_eq!(done, ["a", "b"], "{seen:?}");
    let logs = test.stack.logs();
    let note = "MailStreamMapping will be retried: function failed: ";
    assert!(logs.iter().any(|line| line.starts_with(note)), "{logs:?}");
}

#[tokio::test]
async fn a_batch_has_at_most_the_templates_number_of_records() {
    let world = World::new();
    let test = world
        .start(&[("MailFrom", "auth@example.org"), ("BatchSize", "2")])
        .await;
    std::fs::write(world.failing(), "").unwrap();
    test.put_message("a").await;
    test.until(|test| !test.printed().is_empty()).await;
    for key in ["b", "c", "d", "e"] {
        test.put_message(key).await;
    }
    std::fs::remove_file(world.failing()).unwrap();
    let seen = test.records().await;
    let done: Vec<&str> = seen
        .iter()
        .map(String::as_str)
        .filter(|line| !line.ends_with("failed"))
        .collect();
    assert_eq!(
        done,
        ["a of 2", "b of 2", "c of 2", "d of 2", "e of 1"],
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_mapping_keeps_its_position_and_a_queue_its_messages_in_the_data_directory() {
    let world = World::new();
    let first = world.with_mail().await;
    first.put_message("a").await;
    assert_eq!(first.records().await, ["a of 1"]);
    std::fs::write(world.failing(), "").unwrap();
    first.put_message("b").await;
    first.send("queued").await;
    first.until(|test| test.printed().len() >= 2).await;
    first.stack.stop().await;
    std::fs::remove_file(world.failing()).unwrap();

    // Without mail, nothing is lost.
    let without = world.start(&[]).await;
    assert_eq!(without.stack.table("OutboxTable"), None);
    assert_eq!(without.records().await, [""; 0]);
    without.stack.stop().await;

    let again = world.with_mail().await;
    assert_eq!(again.records().await, ["b of 1"]);
    assert_eq!(again.stack.queued("MailRetryQueue").unwrap(), ["queued"]);
    again.stack.advance_queues(Duration::from_secs(30));
    assert_eq!(again.records().await, ["b of 1", "queued of 1"]);
    assert_eq!(again.stack.queued("MailRetryQueue").unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_queue_delivers_again_what_fails_and_then_gives_up() {
    let world = World::new();
    let test = world.with_mail().await;
    test.send("bad").await;
    test.send("fine").await;
    assert_eq!(test.records().await, [""; 0]);
    test.stack.advance_queues(Duration::from_secs(30));
    let mut seen = test.records().await;
    seen.sort();
    assert_eq!(seen.len(), 2);
    assert_eq!(test.stack.queued("MailRetryQueue").unwrap(), ["bad"]);
    test.stack.advance_queues(Duration::from_mins(1));
    assert_eq!(test.records().await.len(), 3);
    test.stack.advance_queues(Duration::from_mins(1));
    test.until(|test| test.stack.queued("MailDeadQueue").unwrap() == ["bad"])
        .await;
    assert_eq!(test.stack.queued("MailRetryQueue").unwrap(), [""; 0]);
    assert_eq!(test.printed().len(), 3);
}

#[tokio::test]
async fn expired_items_are_deleted_when_a_stack_starts() {
    let world = World::new();
    let first = world.with_mail().await;
    let expired = AttributeValue::N("1000".to_owned());
    first.put("old", &[("expires_at", expired)]).await;
    first.put("new", &[]).await;
    first.stack.stop().await;
    let again = world.with_mail().await;
    loop {
        let scan = again.tables.scan().table_name("gatehouse-local-outbox");
        let items = scan.send().await.unwrap().items.unwrap();
        if items.len() == 1 {
            assert_eq!(items[0]["pk"], AttributeValue::S("new".to_owned()));
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn functions_are_led_to_the_stand_ins_only_with_mail() {
    let world = World::new();
    let test = world.with_mail().await;
    let environment = test.stack.function_environment("function").unwrap();
    let base = format!("{}/_gatehouse/aws", test.stack.url());
    assert_eq!(environment["AWS_ENDPOINT_URL_SQS"], format!("{base}/sqs"));
    assert_eq!(environment["AWS_ENDPOINT_URL_SESV2"], format!("{base}/ses"));
    assert_eq!(
        environment["MAIL_RETRY_QUEUE_URL"],
        format!("{base}/sqs/000000000000/gatehouse-local-mail-retry")
    );
    let shared = test.stack.shared_environment();
    assert!(shared.contains_key("AWS_ENDPOINT_URL_SQS"));
    let page = "x-amz-target: AmazonSQS.SendMessage\r\norigin: http://localhost\r\n";
    let reply = test.post("sqs/", page, "{}").await;
    assert!(reply.starts_with("HTTP/1.1 403 "), "{reply}");
    test.stack.stop().await;

    let without = world.start(&[]).await;
    let environment = without.stack.function_environment("function").unwrap();
    assert!(!environment.contains_key("AWS_ENDPOINT_URL_SQS"));
    assert_eq!(environment["MAIL_RETRY_QUEUE_URL"], "");
    let reply = without.post("ses/v2/email/outbound-emails", "", "{}").await;
    assert!(!reply.starts_with("HTTP/1.1 200 "), "{reply}");
}

#[tokio::test]
async fn a_mail_is_kept_for_tests_and_shown_in_the_console() {
    let world = World::new();
    let test = world.with_mail().await;
    let mail = serde_json::json!({
        "FromEmailAddress": "auth@example.org",
        "Destination": { "ToAddresses": ["ada@example.org"] },
        "Content": { "Simple": {
            "Subject": { "Data": "A subject" },
            "Body": { "Text": { "Data": "gh_rc_AAAAAAAAAAAAAAAAAAAAAA" } },
        } },
    });
    let path = "ses/v2/email/outbound-emails";
    let reply = test.post(path, "", &mail.to_string()).await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    let mails = test.stack.mails();
    assert_eq!(mails[0].to, "ada@example.org");
    assert_eq!(mails[0].code(), Some("gh_rc_AAAAAAAAAAAAAAAAAAAAAA"));
    let shown = async |query: &str| {
        let line = format!("GET /_gatehouse/data/mails{query}");
        let reply = test.request(&line, "\r\n").await;
        let (_, body) = reply.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<serde_json::Value>(body).unwrap()
    };
    let all = shown("").await;
    assert_eq!((&all["sends"], &all["last"]), (&true.into(), &1.into()));
    assert_eq!(all["mails"][0]["subject"], "A subject");
    assert_eq!(all["mails"][0]["code"], "gh_rc_AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(shown("?after=1").await["mails"], serde_json::json!([]));
    test.stack.stop().await;

    let without = world.start(&[]).await;
    let reply = without.request("GET /_gatehouse/data/mails", "\r\n").await;
    assert!(reply.ends_with(r#""sends":false}"#), "{reply}");
}
