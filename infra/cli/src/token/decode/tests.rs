//! Tokens as they arrive, valid and invalid.

use gatehouse_auth::id::{SessionId, SubjectId};
use gatehouse_auth::key::MacKey;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn decode(text: &str) -> anyhow::Result<Output> {
    token(&text.to_owned().into(), NOW)
}

fn jwt(header: &str, payload: &str) -> String {
    let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{payload}.c2lnbmF0dXJl")
}

#[test]
fn each_time_is_shown_as_a_number_and_readable() {
    let payload =
        r#"{"iat":1799999400,"exp":1800000300,"sub":"ada","roles":["user"],"n":1800000000}"#;
    let output = decode(&jwt(r#"{"alg":"ES256"}"#, payload)).unwrap();
    for line in [
        "Not verified: anyone could have written this.",
        "  alg         ES256\n",
        "  exp         1800000300  2027-01-15T08:05:00Z, in 5m\n",
        "  iat         1799999400  2027-01-15T07:50:00Z, 10m ago\n",
        "  n           1800000000\n",
        "  roles       [\"user\"]\n",
    ] {
        assert!(output.text.contains(line), "{line}: {}", output.text);
    }
    assert_eq!(output.json["verified"], false);
    assert_eq!(output.json["payload"]["exp"], 1_800_000_300);
    assert_eq!(output.json["times"]["exp"], "2027-01-15T08:05:00Z");
    // With its signature, the output would be a usable token.
    assert!(!output.json.to_string().contains("c2lnbmF0dXJl"));
}

#[test]
fn a_token_that_gatehouse_would_not_read_is_shown_with_a_remark() {
    let output = decode(&jwt(r#"{"alg":"none"}"#, r#"{"sub":"a","sub":"b"}"#)).unwrap();
    assert!(
        output.text.contains("member \"sub\" occurs twice"),
        "{}",
        output.text
    );
    assert_eq!(output.json["remarks"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_refresh_token_is_shown_in_parts_without_its_mac() {
    let key = MacKey::generate().unwrap();
    let (sub, sid) = (
        SubjectId::from_bytes([1; 16]),
        SessionId::from_bytes([2; 16]),
    );
    let minted = RefreshToken::mint(&key, &sub, &sid, 7).unwrap();
    let output = token(&minted, NOW).unwrap();
    let expected = json!({
        "version": 1, "mac_key_id": key.id().to_string(), "sub": sub, "sid": sid, "generation": 7,
    });
    assert_eq!(output.json["refresh_token"], expected);
    assert_eq!(output.json["verified"], false);
    let mac = &minted.expose_secret()[70..];
    assert!(!output.text.contains(mac) && output.text.contains("generation  7"));
}

#[test]
fn text_that_is_not_a_token_is_an_error_that_does_not_repeat_it() {
    for text in [
        "canary",
        "canary.b",
        "c.a.n.a.ry",
        "e30.canary!.x",
        "e30.W10.canary",
        "gh_rt_canary",
    ] {
        let error = format!("{:#}", decode(text).unwrap_err());
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn the_text_of_a_token_does_not_control_the_terminal() {
    let output = decode(&jwt("{}", r#"{"\u001b[2J":"\u001b]0;x\u0007"}"#)).unwrap();
    assert!(!output.text.contains('\u{1b}'), "{}", output.text);
}
