//! Requests that two servers could read differently. Each is refused, or is exactly one request.

use super::{TestGateway, echo};

/// What becomes of a pattern that is followed by another request on the same connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// 400 or a similar status, and the connection closes.
    Refused(u16),
    /// One request with this path and this status; the connection is kept.
    One(&'static str, u16),
    /// The same, but the connection closes.
    Last(&'static str, u16),
}

use Fate::{Last, One, Refused};

/// A request that must never be one: in a body, or behind one.
const HIDDEN: &str = "GET /things/hidden HTTP/1.1\r\nhost: x\r\n\r\n";

/// What follows every pattern. Without it, a kept connection would stay open.
const NEXT: &str = "GET /things/next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// Sends each pattern, with `HIDDEN` in place of `{hidden}`.
async fn check(patterns: &[(&str, Fate)]) {
    for (pattern, fate) in patterns {
        let gateway = TestGateway::new(&[], echo, echo).await;
        let sent = pattern.replace("{hidden}", HIDDEN);
        let reply = gateway.raw(&format!("{sent}{NEXT}")).await;
        let whole = &reply.whole;
        let responses = whole.matches("HTTP/1.1 ").count() + whole.matches("HTTP/1.0 ").count();
        let context = format!("{pattern:?}: {whole}");
        assert!(
            !whole.contains(r#""rawPath":"/things/hidden""#),
            "{context}"
        );
        let is_next_served = whole.contains(r#""rawPath":"/things/next""#);
        let path = |path: &str| whole.contains(&format!(r#""rawPath":"{path}""#));
        let (status, count, calls) = match *fate {
            Refused(status) => {
                assert!(!is_next_served, "{context}");
                (status, 1, 0)
            }
            One(own, status) => {
                assert!(is_next_served && (status == 404 || path(own)), "{context}");
                (status, 2, 1 + usize::from(status == 200))
            }
            Last(own, status) => {
                assert!(!is_next_served && (status == 404 || path(own)), "{context}");
                (status, 1, usize::from(status == 200))
            }
        };
        assert_eq!(reply.status, status, "{context}");
        assert_eq!(
            (responses, gateway.calls("echo")),
            (count, calls),
            "{context}"
        );
    }
}

#[tokio::test]
async fn a_line_that_does_not_end_in_crlf_is_refused() {
    check(&[
        ("GET /things/one HTTP/1.1\nhost: x\n\n", Refused(400)),
        ("GET /things/one HTTP/1.1\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.1\r\nhost: x\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.1\r\nhost: x\r\n\n", Refused(400)),
        (
            "GET /things/one HTTP/1.1\r\nhost: x\n\n{hidden}",
            Refused(400),
        ),
        (
            "GET /things/one HTTP/1.1\r\nhost: x\r\na: 1\nb: 2\r\n\r\n",
            Refused(400),
        ),
        (
            "\nGET /things/one HTTP/1.1\r\nhost: x\r\n\r\n",
            Refused(400),
        ),
        (
            "\r\n\nGET /things/one HTTP/1.1\r\nhost: x\r\n\r\n",
            Refused(400),
        ),
        (
            "GET /things/one HTTP/1.1\r\nhost: x\r\na: 1\rb: 2\r\n\r\n",
            Refused(400),
        ),
        (
            "GET /things/one HTTP/1.1\r\nhost: x\r\r\n\r\n",
            Refused(400),
        ),
        ("GET /things/one HTTP/1.1\rhost: x\r\r", Refused(400)),
        // An empty line before a request is allowed (RFC 9112 section 2.2).
        (
            "\r\nGET /things/one HTTP/1.1\r\nhost: x\r\n\r\n",
            One("/things/one", 200),
        ),
        // A bare LF is nothing special in a body.
        (
            "POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\na\n\n\n",
            One("/open", 200),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_length_is_one_number() {
    for (value, fate) in [
        ("0\r\ncontent-length: 40", Refused(400)),
        ("40\r\ncontent-length: 0", Refused(400)),
        ("40\r\nContent-Length: 40", One("/open", 200)),
        ("40, 40", Refused(400)),
        ("40,0", Refused(400)),
        ("+40", Refused(400)),
        ("-40", Refused(400)),
        ("0x28", Refused(400)),
        ("4 0", Refused(400)),
        ("40;", Refused(400)),
        ("4.0e1", Refused(400)),
        ("", Refused(400)),
        ("40\0", Refused(400)),
        ("\u{b}40", Refused(400)),
        ("18446744073709551656", Refused(400)),
        ("99999999999999999999999999999999", Refused(400)),
        (" \t40\t ", One("/open", 200)),
        (
            "0000000000000000000000000000000000000040",
            One("/open", 200),
        ),
    ] {
        assert_eq!(HIDDEN.len(), 40);
        let request =
            format!("POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: {value}\r\n\r\n{{hidden}}");
        check(&[(request.as_str(), fate)]).await;
    }
    check(&[
        // A GET may have a body, and its body is not the next request.
        (
            "GET /things/one HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\n\r\n{hidden}",
            One("/things/one", 200),
        ),
        (
            "POST /open HTTP/1.1\r\nhost: x\r\nContent_Length: 0\r\ncontent-length: 40\r\n\r\n{hidden}",
            One("/open", 200),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_length_and_chunks_together_are_one_request_and_the_last() {
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
        "content-length: 45\r\nTransfer-Encoding: Chunked",
        "content-length: 5\r\ntransfer-encoding: identity\r\ntransfer-encoding: chunked",
        "transfer-encoding: \tchunked \r\ncontent-length: 45",
    ] {
        let request =
            format!("POST /open HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n0\r\n\r\n{{hidden}}");
        check(&[(request.as_str(), Last("/open", 200))]).await;
    }
}

#[tokio::test]
async fn an_encoding_that_is_not_exactly_chunked_is_refused() {
    for header in [
        "transfer-encoding: xchunked",
        "transfer-encoding: chunkedx",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: chunked;q=1",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding: gzip",
        "transfer-encoding:",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding : chunked",
        "transfer-encoding\t: chunked",
        "transfer-encoding\0: chunked",
        "transfer-encoding: \u{b}chunked",
        "transfer-encoding: chunked\0",
        "transfer-encoding:\r\n chunked",
        " transfer-encoding: chunked",
        "a: 1\r\n transfer-encoding: chunked",
        "transfer-encoding",
        ": chunked",
    ] {
        for length in ["", "content-length: 45\r\n"] {
            let request = format!(
                "POST /open HTTP/1.1\r\nhost: x\r\n{length}{header}\r\n\r\n0\r\n\r\n{{hidden}}"
            );
            check(&[(request.as_str(), Refused(400))]).await;
        }
    }
    check(&[
        (
            "POST /open HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
            Refused(400),
        ),
        // Other headers with similar names are not this one.
        (
            "POST /open HTTP/1.1\r\nhost: x\r\ntransfer_encoding: chunked\r\ncontent-length: 45\r\n\r\n0\r\n\r\n{hidden}",
            One("/open", 200),
        ),
    ])
    .await;
}

#[tokio::test]
async fn malformed_chunks_are_refused_and_valid_ones_are_one_body() {
    for (chunks, fate) in [
        ("5\r\nhello\r\n0\r\n\r\n{hidden}", Last("/open", 200)),
        (
            "5;name=value;other\r\nhello\r\n0\r\n\r\n{hidden}",
            Last("/open", 200),
        ),
        ("05 \r\nhello\r\n0\r\n\r\n{hidden}", Last("/open", 200)),
        (
            "5\r\nhello\r\n0\r\ntrailer: 1\r\n\r\n{hidden}",
            Last("/open", 200),
        ),
        ("5\nhello\n0\n\n{hidden}", Refused(400)),
        ("5;a\nb\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("5\r\nhello\n0\r\n\r\n{hidden}", Refused(400)),
        ("5\r\nhello0\r\n\r\n{hidden}", Refused(400)),
        ("5\r\nhello, world\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("+5\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("-5\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("0x5\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("5h\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("5 5\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        ("\r\nhello\r\n0\r\n\r\n{hidden}", Refused(400)),
        (
            "10000000000000005\r\nhello\r\n0\r\n\r\n{hidden}",
            Refused(400),
        ),
    ] {
        let head = "POST /open HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        check(&[(format!("{head}{chunks}").as_str(), fate)]).await;
    }
    let extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(100_000));
    let head = "POST /open HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    check(&[(format!("{head}{extension}").as_str(), Refused(400))]).await;
}

#[tokio::test]
async fn other_request_lines_and_versions_are_refused_or_one_request() {
    check(&[
        // Absolute form, which a proxy sends: the path counts.
        ("GET http://other.example/things/one HTTP/1.1\r\nhost: x\r\n\r\n", One("/things/one", 200)),
        ("CONNECT other.example:80 HTTP/1.1\r\nhost: x\r\n\r\n", One("", 404)),
        ("CONNECT /things/one HTTP/1.1\r\nhost: x\r\n\r\n", One("", 404)),
        ("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", One("", 404)),
        ("GET other.example:80 HTTP/1.1\r\nhost: x\r\n\r\n", One("", 404)),
        ("GET things/one HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET  /things/one HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET\t/things/one HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        (" GET /things/one HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("G\0T /things/one HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/\0 HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.1 \r\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.1 HTTP/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/one http/1.1\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.2\r\nhost: x\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/2.0\r\nhost: x\r\n\r\n", Refused(400)),
        // HTTP/0.9, which has no version and no headers.
        ("GET /things/one\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.0\r\nhost: x\r\n\r\n", Last("/things/one", 200)),
        ("GET /things/one HTTP/1.0\r\n\r\n", Last("/things/one", 200)),
        (
            "GET /things/one HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n\r\n",
            One("/things/one", 200),
        ),
        (
            "POST /open HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\ncontent-length: 40\r\n\r\n{hidden}",
            One("/open", 200),
        ),
        (
            "GET /things/one HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAA\r\n\r\n",
            One("/things/one", 200),
        ),
        (
            "GET /things/one HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
            One("/things/one", 200),
        ),
        ("GET /things/one HTTP/1.1\r\n\r\n", Refused(400)),
        ("GET http://x/things/one HTTP/1.1\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", Refused(400)),
        ("GET /things/one HTTP/1.1\r\nhost: x\r\nHOST: x\r\n\r\n", Refused(400)),
    ])
    .await;
}

/// hyper recognises the first bytes of HTTP/2, and closes without a response.
#[tokio::test]
async fn http_2_gets_no_response_and_reaches_no_function() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let reply = gateway.raw(&format!("{preface}{HIDDEN}{NEXT}")).await;
    assert_eq!((reply.whole.as_str(), gateway.calls("echo")), ("", 0));
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let requests: String = (0..20)
        .map(|number| match number % 2 {
            0 => format!("GET /things/{number} HTTP/1.1\r\nhost: x\r\n\r\n"),
            _ => format!(
                "PUT /things/{number} HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\n\r\n{HIDDEN}"
            ),
        })
        .collect();
    let reply = gateway.raw(&format!("{requests}{NEXT}")).await;
    let mut rest = reply.whole.as_str();
    for number in 0..20 {
        let path = format!(r#""rawPath":"/things/{number}""#);
        rest = rest.split_once(&path).unwrap().1;
    }
    assert!(rest.contains(r#""rawPath":"/things/next""#));
    assert_eq!(gateway.calls("echo"), 21);
    assert!(!reply.whole.contains(r#""rawPath":"/things/hidden""#));
}
