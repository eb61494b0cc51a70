//! The check against a server that imitates the range API.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use gatehouse_auth::password::Password;
use gatehouse_breaches::{Breaches, BreachesError};
use gatehouse_testing::{Reply, StubServer};

/// Its SHA-1 is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8 (FIPS 180-4; the example in
/// the API's own documentation).
const STOLEN: &str = "password";

async fn list(reply: Reply) -> StubServer {
    StubServer::start([reply]).await
}

fn password(typed: &str) -> Password {
    Password::parse(typed).unwrap()
}

const RANGE: &str = "003D68EB55068C33ACE09247EE4C639306B:3\r\n\
    1E4C9B93F3F0682250B6CF8331B7EE68FD8:52256179\r\n\
    FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:0\r\n";

#[tokio::test]
async fn a_stolen_password_is_found_by_sending_five_digits_only() {
    let list = list(Reply::new(200, RANGE)).await;
    let breaches = Breaches::new(Some(list.url()), false).unwrap();
    assert!(breaches.contains(&password(STOLEN)).await.unwrap());
    let requests = list.requests();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(request.method(), "GET");
    assert_eq!(request.uri(), "/range/5BAA6");
    assert_eq!(request.headers()["add-padding"], "true");
    assert!(!format!("{request:?}").contains("1E4C9"), "{request:?}");
}

#[tokio::test]
async fn another_password_of_the_same_range_is_not_found_and_padding_is_ignored() {
    let padded =
        "1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD9:7\r\n";
    let list = list(Reply::new(200, padded)).await;
    let breaches = Breaches::new(Some(list.url()), false).unwrap();
    assert!(!breaches.contains(&password(STOLEN)).await.unwrap());
}

#[tokio::test]
async fn an_unavailable_list_allows_or_refuses_as_configured() {
    let failing = [
        Reply::Silence,
        Reply::new(503, ""),
        Reply::new(302, "").header("location", "/"),
        Reply::raw("nonsense"),
    ];
    for reply in failing {
        for (fails_open, expected) in [(true, Some(false)), (false, None)] {
            let list = list(reply.clone()).await;
            let breaches = Breaches::new(Some(list.url()), fails_open).unwrap();
            let found = breaches.contains(&password(STOLEN)).await.ok();
            assert_eq!(found, expected, "{reply:?} {fails_open}");
        }
    }
}

#[tokio::test]
async fn a_check_that_is_off_sends_nothing() {
    let off = Breaches::new(None, false).unwrap();
    assert!(!off.contains(&password(STOLEN)).await.unwrap());
}

#[test]
fn an_address_that_could_be_impersonated_is_refused() {
    for address in [
        "http://pwned.example",
        "pwned.example",
        "https://a.example?x",
        "",
    ] {
        let refused = Breaches::new(Some(address), true);
        assert!(matches!(refused, Err(BreachesError::Address)), "{address}");
    }
}
