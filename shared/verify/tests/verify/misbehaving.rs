//! An issuer that is down, slow, impersonated or sends nonsense.

use std::time::Duration;

use gatehouse_auth::failure::Failure as _;
use gatehouse_testing::{NOW, Reply};
use gatehouse_verify::{
    HttpError, JwkSetError, RemoteKeysError, RemoteVerifier, Settings, TokenError, VerifyError,
};
use serde_json::{Value, json};

use crate::issuer::{Issuer, after, key, published};

/// Every invalid response, with the text of its error.
fn invalid_responses() -> Vec<(&'static str, Reply, &'static str)> {
    let mut responses = invalid_transfers();
    responses.extend(invalid_bodies());
    responses
}

fn invalid_transfers() -> Vec<(&'static str, Reply, &'static str)> {
    let status = |status| Reply::new(status, "{\"keys\":[]}");
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
    let text = |status| match status {
        500 => "the response has the status 500",
        404 => "the response has the status 404",
        _ => "the response has the status 204",
    };
    let slow = "the response was not complete in time";
    vec![
        ("500", status(500), text(500)),
        ("404", status(404), text(404)),
        ("204", Reply::new(204, ""), text(204)),
        (
            "no HTTP",
            Reply::raw("SSH-2.0-OpenSSH_9.6\r\n"),
            NO_RESPONSE,
        ),
        ("a closed connection", Reply::raw(""), NO_RESPONSE),
        ("half a body", Reply::raw(half), NO_RESPONSE),
        ("silence", Reply::Silence, slow),
        ("an endless body", Reply::Endless, TOO_LONG),
    ]
}

fn invalid_bodies() -> Vec<(&'static str, Reply, &'static str)> {
    let body = |body: &str| Reply::new(200, body.to_owned());
    let set = |keys: Value| body(&json!({ "keys": keys }).to_string());
    let public = key().public().to_json();
    let mut private = public.clone();
    private["d"] = "AAAA".into();
    let symmetric = json!({"kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "a"});
    let long = format!("{}{}", json!({"keys": [public]}), " ".repeat(64 * 1024));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    vec![
        ("a long body", body(&long), TOO_LONG),
        ("a page", body("<html>"), NOT_JSON),
        (
            "a member twice",
            body("{\"keys\":[],\"keys\":[]}"),
            NOT_JSON,
        ),
        ("deep nesting", body(&deep), NOT_JSON),
        ("no set", body("{}"), NOT_A_SET),
        ("a private key", set(json!([private])), NOT_A_SET),
        ("a key twice", set(json!([public, public])), NOT_A_SET),
        ("an HS256 key", set(json!([symmetric])), NOT_A_SET),
    ]
}

const NO_RESPONSE: &str = "no response came";
const TOO_LONG: &str = "the response is too long";
const NOT_JSON: &str = "the response is not strict JSON";
const NOT_A_SET: &str = "the response is not a JWK set";

#[tokio::test]
async fn without_keys_every_invalid_response_is_an_error() {
    let key = key();
    for (name, reply, text) in invalid_responses() {
        let issuer = Issuer::start(&[&key]).await;
        issuer.reply_with(reply);
        let verifier = impatient(&issuer);
        let error = verifier
            .verify(&issuer.token(&key, NOW), NOW)
            .await
            .unwrap_err();
        let VerifyError::Keys(RemoteKeysError::Fetch(error)) = error else {
            panic!("{name}: {error}");
        };
        assert_eq!(error.to_string(), text, "{name}");
        assert_eq!(issuer.received(), 1, "{name}");
    }
}

#[tokio::test]
async fn cached_keys_outlast_an_invalid_response_for_an_hour() {
    let key = key();
    for (name, reply, _) in invalid_responses() {
        let issuer = Issuer::start(&[&key]).await;
        let verifier = impatient(&issuer);
        verifier.preload(NOW).await.unwrap();
        issuer.reply_with(reply);
        let last = after(3600);
        let served = verifier.verify(&issuer.token(&key, last), last).await;
        assert!(served.is_ok(), "{name}");
        let over = after(3611);
        let refused = verifier.verify(&issuer.token(&key, over), over).await;
        assert!(matches!(refused, Err(VerifyError::Keys(_))), "{name}");
        issuer.reply_with(published(&[&key]));
        let again = after(3621);
        let served = verifier.verify(&issuer.token(&key, again), again).await;
        assert!(served.is_ok(), "{name}: {served:?}");
    }
}

#[tokio::test]
async fn without_keys_each_request_asks_an_issuer_that_is_down() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    issuer.reply_with(Reply::new(503, ""));
    let verifier = issuer.verifier();
    let token = issuer.token(&key, NOW);
    for asked in 1..=3 {
        let failed = verifier.verify(&token, NOW).await.unwrap_err();
        let VerifyError::Keys(failure) = failed else {
            panic!("{failed}");
        };
        assert!(failure.is_transient());
        assert_eq!(issuer.received(), asked);
    }
    issuer.reply_with(published(&[&key]));
    assert!(verifier.verify(&token, NOW).await.is_ok());
}

#[tokio::test]
async fn an_unreachable_issuer_is_a_connection_error() {
    let verifier = RemoteVerifier::new(Settings::new("http://127.0.0.1:1", "api")).unwrap();
    let failed = verifier.preload(NOW).await.unwrap_err();
    assert!(
        matches!(
            failed,
            RemoteKeysError::Fetch(JwkSetError::Http(HttpError::Connection(_)))
        ),
        "{failed}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_even_to_valid_keys() {
    let key = key();
    let elsewhere = Issuer::start(&[&key]).await;
    let issuer = Issuer::start(&[&key]).await;
    for status in [301, 302, 307] {
        let location = format!("{}/.well-known/jwks.json", elsewhere.url());
        issuer.reply_with(Reply::new(status, "").header("location", &location));
        let failed = issuer.verifier().preload(NOW).await.unwrap_err();
        assert!(
            matches!(
                failed,
                RemoteKeysError::Fetch(JwkSetError::Http(HttpError::Status(300..400)))
            ),
            "{failed}"
        );
    }
    assert_eq!(elsewhere.received(), 0);
}

#[tokio::test]
async fn an_https_address_is_never_fetched_over_plain_http() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let address = issuer.url().replace("http:", "https:");
    let verifier = RemoteVerifier::new(issuer.settings().jwks_uri(address)).unwrap();
    let failed = verifier.preload(NOW).await.unwrap_err();
    assert!(
        matches!(
            failed,
            RemoteKeysError::Fetch(JwkSetError::Http(HttpError::Connection(_)))
        ),
        "{failed}"
    );
    assert_eq!(issuer.received(), 0);
}

#[tokio::test]
async fn a_key_that_could_not_be_looked_up_is_an_error_and_not_a_refusal() {
    let (known, new) = (key(), key());
    let issuer = Issuer::start(&[&known]).await;
    let verifier = issuer.verifier();
    verifier.preload(NOW).await.unwrap();
    issuer.reply_with(Reply::new(503, ""));
    for second in [10, 11] {
        let unknown = verifier
            .verify(&issuer.token(&new, NOW), after(second))
            .await;
        assert!(
            matches!(unknown, Err(VerifyError::Keys(_))),
            "after {second} s"
        );
        let valid = verifier
            .verify(&issuer.token(&known, NOW), after(second))
            .await;
        assert!(valid.is_ok(), "after {second} s");
    }
    assert_eq!(issuer.received(), 2);
}

#[tokio::test]
async fn keys_from_the_future_are_not_trusted_after_the_clock_steps_back() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    verifier.preload(after(3600)).await.unwrap();
    issuer.reply_with(Reply::new(503, ""));
    let refused = verifier.verify(&issuer.token(&key, NOW), NOW).await;
    assert!(matches!(
        refused,
        Err(VerifyError::Keys(RemoteKeysError::Fetch(_)))
    ));
}

#[tokio::test]
async fn a_forged_signature_under_a_known_key_id_fetches_nothing() {
    let key = key();
    let issuer = Issuer::start(&[&key]).await;
    let verifier = issuer.verifier();
    verifier.preload(NOW).await.unwrap();
    let token = issuer.token(&key, NOW);
    let (message, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", "A".repeat(86));
    let refused = verifier.verify(&forged, after(20)).await;
    assert!(matches!(
        refused,
        Err(VerifyError::Token(TokenError::Signature))
    ));
    assert_eq!(issuer.received(), 1);
}

/// A verifier that waits half a second.
fn impatient(issuer: &Issuer) -> RemoteVerifier {
    let settings = issuer.settings().timeout(Duration::from_millis(500));
    RemoteVerifier::new(settings).unwrap()
}
