//! The check against a server of the same shape as the range API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use gatehouse_auth::password::Password;
use gatehouse_breaches::{Breaches, BreachesError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Its SHA-1 is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8 (FIPS 180-4; the example in
/// the API's own documentation).
const STOLEN: &str = "password";

/// What was asked for, line by line.
type Asked = Arc<Mutex<Vec<String>>>;

/// Answers one request with these bytes; without them with nothing, for ever.
async fn list(answer: Option<&'static str>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 4096];
        let read = stream.read(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()).into_owned();
        heard
            .lock()
            .unwrap()
            .extend(text.lines().map(str::to_owned));
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => std::future::pending().await,
        }
    });
    (url, asked)
}

fn password(typed: &str) -> Password {
    Password::parse(typed).unwrap()
}

const RANGE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
    003D68EB55068C33ACE09247EE4C639306B:3\r\n\
    1E4C9B93F3F0682250B6CF8331B7EE68FD8:52256179\r\n\
    FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:0\r\n";

#[tokio::test]
async fn a_stolen_password_is_found_and_five_digits_alone_are_told() {
    let (url, asked) = list(Some(RANGE)).await;
    let breaches = Breaches::new(Some(&url), false).unwrap();
    assert!(breaches.contains(&password(STOLEN)).await.unwrap());
    let asked = asked.lock().unwrap().join("\n");
    assert!(asked.starts_with("GET /range/5BAA6 HTTP/1.1"), "{asked}");
    assert!(
        asked.to_lowercase().contains("add-padding: true"),
        "{asked}"
    );
    assert!(!asked.contains("1E4C9"), "{asked}");
}

#[tokio::test]
async fn another_password_of_the_same_range_is_not_and_padding_counts_for_nothing() {
    let padded = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
        1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD9:7\r\n";
    let (url, _) = list(Some(padded)).await;
    let breaches = Breaches::new(Some(&url), false).unwrap();
    assert!(!breaches.contains(&password(STOLEN)).await.unwrap());
}

#[tokio::test]
async fn a_list_that_does_not_answer_allows_or_refuses_as_it_is_set() {
    let failing = [
        None,
        Some("HTTP/1.1 503 No\r\nconnection: close\r\n\r\n"),
        Some("HTTP/1.1 302 Found\r\nlocation: /\r\nconnection: close\r\n\r\n"),
        Some("nonsense"),
    ];
    for answer in failing {
        for (fails_open, expected) in [(true, Some(false)), (false, None)] {
            let (url, _) = list(answer).await;
            let breaches = Breaches::new(Some(&url), fails_open).unwrap();
            let found = breaches.contains(&password(STOLEN)).await.ok();
            assert_eq!(found, expected, "{answer:?} {fails_open}");
        }
    }
}

#[tokio::test]
async fn where_it_is_off_nobody_is_asked() {
    let off = Breaches::new(None, false).unwrap();
    assert!(!off.contains(&password(STOLEN)).await.unwrap());
}

#[test]
fn an_address_that_somebody_between_could_answer_for_is_refused() {
    for odd in [
        "http://pwned.example",
        "pwned.example",
        "https://a.example?x",
        "",
    ] {
        let refused = Breaches::new(Some(odd), true);
        assert!(matches!(refused, Err(BreachesError::Address)), "{odd}");
    }
}
