//! Against a stand-in for SES.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::region::Region;
use bytes::Bytes;
use gatehouse_testing::{Backend, Call, ConnectionCut};
use http::{Response, StatusCode};

use super::*;

const CANARY: &str = "canary+tag@example.org";

/// The list at a stand-in that returns `status` and `body`, and the calls that it got.
fn list(status: u16, body: &'static str) -> (SuppressionList, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let backend = Backend::new(move |call: Call| {
        let line = format!("{} {}", call.method(), call.uri().path());
        seen.lock().unwrap().push(line);
        async move {
            if status == 0 {
                return Err(ConnectionCut);
            }
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        }
    });
    let credentials = Credentials::new("id", "key", None, None, "test");
    let config = SdkConfig::builder()
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(backend.http_client())
        .build();
    (SuppressionList::open(&config, Some("http://ses")), calls)
}

const LISTED: &str = r#"{"SuppressedDestination":{"EmailAddress":"a@example.org","Reason":"BOUNCE","LastUpdateTime":1.0}}"#;
const UNLISTED: &str = r#"{"__type":"NotFoundException","message":"not on the list"}"#;

#[tokio::test]
async fn an_address_is_on_the_list_or_not() {
    let (listed, calls) = list(200, LISTED);
    assert!(listed.contains(CANARY).await.unwrap());
    let (unlisted, _) = list(404, UNLISTED);
    assert!(!unlisted.contains(CANARY).await.unwrap());
    let path = "GET /v2/email/suppression/addresses/canary%2Btag%40example.org";
    assert_eq!(*calls.lock().unwrap(), [path]);
}

#[tokio::test]
async fn taking_an_address_off_says_whether_it_was_on() {
    let (listed, calls) = list(200, "{}");
    assert!(listed.remove(CANARY).await.unwrap());
    let (unlisted, _) = list(404, UNLISTED);
    assert!(!unlisted.remove(CANARY).await.unwrap());
    let path = "DELETE /v2/email/suppression/addresses/canary%2Btag%40example.org";
    assert_eq!(*calls.lock().unwrap(), [path]);
}

#[tokio::test]
async fn a_failure_is_neither_and_names_no_address() {
    for (status, body) in [
        (0, ""),
        (
            403,
            r#"{"__type":"AccessDeniedException","message":"not for canary"}"#,
        ),
        (429, r#"{"__type":"TooManyRequestsException"}"#),
        (500, "canary"),
        (404, "canary"),
        (200, "canary"),
    ] {
        let (list, calls) = list(status, body);
        let failed = list.contains(CANARY).await.unwrap_err();
        let shown = format!("{failed} {failed:?}");
        assert!(!shown.contains("canary"), "{status}: {shown}");
        // One attempt: the administrator is waiting.
        assert_eq!(calls.lock().unwrap().len(), 1, "{status}");
        assert!(
            list.remove(CANARY).await.is_err() || status == 200,
            "{status}"
        );
    }
}
