use std::os::unix::fs::PermissionsExt;

use gatehouse_auth::key::{Algorithm, KeyRing, PublishedKeys};
use gatehouse_local::{Stack, StackOptions, function_names};
use gatehouse_store::{Connection, ConnectionSettings, SigningKeys};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{TestStack, options};

async fn get(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

#[tokio::test]
async fn a_request_reaches_the_process() {
    let test = TestStack::start().await;
    assert_eq!(test.stack.routes(), ["GET /"]);
    let reply = get(test.stack.address()).await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.contains(r#"{"pid":"#), "{reply}");
}

#[tokio::test]
async fn a_failed_start_is_a_500_with_the_reason_in_the_log() {
    let test = TestStack::with(|options| {
        options
            .environment
            .insert("FAIL_INIT".to_owned(), "1".to_owned());
    })
    .await;
    let reply = get(test.stack.address()).await;
    assert!(reply.starts_with("HTTP/1.1 500 "), "{reply}");
    assert!(
        reply.ends_with(r#"{"message":"Internal Server Error"}"#),
        "{reply}"
    );
    let logs = test.stack.logs();
    assert!(
        logs.last().unwrap().starts_with("function did not start: "),
        "{logs:?}"
    );
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let test = TestStack::start().await;
    let directory = TempDir::new().unwrap();
    let mut second = options(directory.path());
    second.port = test.stack.address().port();
    let error = Stack::start(second).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is in use: stop the program that uses it, or choose another port")
    );
}

#[tokio::test]
async fn a_missing_binary_is_an_error_that_names_its_function() {
    let directory = TempDir::new().unwrap();
    let mut options = options(directory.path());
    options.bin_dir = directory.path().to_owned();
    let error = Stack::start(options).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the function function is not built: ")
    );
}

#[tokio::test]
async fn an_error_in_the_template_names_the_file_and_the_line() {
    let directory = TempDir::new().unwrap();
    let mut options = options(directory.path());
    options.template = directory.path().join("t.yaml");
    let error = Stack::start(options.clone()).await.unwrap_err();
    assert!(
        error.to_string().contains("t.yaml cannot be read"),
        "{error}"
    );
    let text = std::fs::read_to_string(super::options(directory.path()).template).unwrap();
    let text = text.replace("!Ref ThingsTable", "!Ref ThingTable");
    std::fs::write(&options.template, text).unwrap();
    let error = Stack::start(options).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("t.yaml, line 18: the template has no parameter or resource ThingTable"),
        "{error}"
    );
}

#[tokio::test]
async fn the_functions_of_a_template_are_listed() {
    let options = options(TempDir::new().unwrap().path());
    let names = function_names(&options.template, &options.parameters).unwrap();
    assert_eq!(names, ["function"]);
}

const EXTRA: &str = "Conditions:
  HasExtra: !Equals [!Ref Extra, yes]

Resources:
  Extra: { Type: AWS::Serverless::Function, Condition: HasExtra, Properties: { CodeUri: extra } }
";

#[tokio::test]
async fn parameters_decide_which_functions_a_template_has() {
    let directory = TempDir::new().unwrap();
    let template = directory.path().join("t.yaml");
    let text = std::fs::read_to_string(options(directory.path()).template).unwrap();
    let text = text
        .replace(
            "Parameters:\n",
            "Parameters:\n  Extra: { Type: String, Default: no }\n",
        )
        .replace("Resources:\n", EXTRA);
    std::fs::write(&template, text).unwrap();
    let names = |name: &str, value: &str| {
        let parameters = [(name.to_owned(), value.to_owned())].into();
        function_names(&template, &parameters)
    };
    assert_eq!(names("Extra", "no").unwrap(), ["function"]);
    assert_eq!(names("Extra", "yes").unwrap(), ["extra", "function"]);
    let error = names("Extras", "yes").unwrap_err().to_string();
    assert!(error.contains("Extras"), "{error}");
}

#[tokio::test]
async fn a_data_directory_keeps_the_key_ring_private_and_unchanged() {
    let directory = TempDir::new().unwrap();
    let kept = || StackOptions {
        data_dir: Some(directory.path().join("data")),
        ..options(directory.path())
    };
    let stack = Stack::start(kept()).await.unwrap();
    let path = stack.key_ring_path().to_owned();
    let before = std::fs::read_to_string(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    stack.stop().await;
    let again = Stack::start(kept()).await.unwrap();
    assert_eq!(again.key_ring_path(), path);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test]
async fn the_table_has_the_public_keys() {
    let test = TestStack::start().await;
    let ring = std::fs::read_to_string(test.stack.key_ring_path()).unwrap();
    let ring = KeyRing::parse(&ring).unwrap();
    assert_eq!(ring.active().unwrap().algorithm(), Algorithm::Es256);
    assert_eq!(published(&test.stack).await, ring.published().version());
}

async fn published(stack: &Stack) -> u64 {
    published_keys(stack).await.version()
}

async fn published_keys(stack: &Stack) -> PublishedKeys {
    let settings = ConnectionSettings::for_local_stack(stack.dynamodb_url());
    let client = Connection::open(&settings).tables();
    let table = stack.table("SigningKeysTable").unwrap();
    let keys = SigningKeys::new(client, table.to_owned());
    keys.published().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_data_directory_can_be_reused() {
    let directory = TempDir::new().unwrap();
    for _ in 0..2 {
        let mut options = options(directory.path());
        options.data_dir = Some(directory.path().join("data"));
        let stack = Stack::start(options).await.unwrap();
        assert_eq!(stack.table("ThingsTable"), Some("gatehouse-local-things"));
        assert_eq!(published(&stack).await, 1);
        stack.stop().await;
    }
    assert!(directory.path().join("data/dynamodb.sqlite").is_file());
    assert!(directory.path().join("data/key-ring.json").is_file());
}

#[tokio::test]
async fn a_new_key_ring_replaces_older_published_keys() {
    let directory = TempDir::new().unwrap();
    let start = async || {
        let mut options = options(directory.path());
        options.data_dir = Some(directory.path().join("data"));
        Stack::start(options).await.unwrap()
    };
    start().await.stop().await;
    std::fs::remove_file(directory.path().join("data/key-ring.json")).unwrap();
    let stack = start().await;
    let ring = std::fs::read_to_string(stack.key_ring_path()).unwrap();
    let active = KeyRing::parse(&ring)
        .unwrap()
        .active()
        .unwrap()
        .kid()
        .clone();
    let now = gatehouse_auth::time::Timestamp::from_unix(0);
    let shown = published_keys(&stack).await;
    assert!(shown.kids(now).any(|kid| *kid == active));
    assert_eq!(shown.version(), 2);
}

#[tokio::test]
async fn a_stack_in_memory_does_not_change_a_data_directory() {
    let directory = TempDir::new().unwrap();
    let mut kept = options(directory.path());
    kept.data_dir = Some(kept.work_dir.clone());
    let stack = Stack::start(kept).await.unwrap();
    let path = stack.key_ring_path().to_owned();
    let before = std::fs::read_to_string(&path).unwrap();
    stack.stop().await;
    let mut other = options(directory.path());
    other
        .parameters
        .insert("SigningAlgorithm".into(), "EdDSA".into());
    Stack::start(other).await.unwrap().stop().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test]
async fn existing_keys_cannot_change_their_algorithm() {
    let directory = TempDir::new().unwrap();
    let mut kept = options(directory.path());
    kept.data_dir = Some(directory.path().join("data"));
    Stack::start(kept).await.unwrap().stop().await;
    let mut other = options(directory.path());
    other.data_dir = Some(directory.path().join("data"));
    other
        .parameters
        .insert("SigningAlgorithm".into(), "EdDSA".into());
    let error = Stack::start(other).await.unwrap_err().to_string();
    assert!(error.contains("it signs with ES256"), "{error}");
}

#[tokio::test]
async fn a_stopped_dynamodb_refuses_connections() {
    let test = TestStack::start().await;
    let address = test
        .stack
        .dynamodb_url()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    assert!(TcpStream::connect(&address).await.is_ok());
    test.stack.stop_dynamodb().await;
    assert!(TcpStream::connect(&address).await.is_err());
}
