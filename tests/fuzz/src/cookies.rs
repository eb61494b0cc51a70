//! Cookies: the refresh token of a browser.

use gatehouse_edge::{REFRESH_COOKIE, RepeatedCookie, Request};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::functions::{Functions, Handled};
use crate::keys::refresh_token;

/// The only origin whose pages may use the cookie.
pub(crate) const ORIGIN: &str = "https://app.example";

/// Reads the bytes as a header `Origin`, and a cookie on each further line. There is a refresh
/// token only in exactly one cookie of that name, and it is used only for our own pages.
pub fn cookies(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (origin, cookies) = text.split_once('\n').unwrap_or((text, ""));
    let cookies: Vec<&str> = cookies.lines().collect();
    let event = json!({
        "version": "2.0",
        "routeKey": "POST /refresh",
        "rawPath": "/refresh",
        "headers": {"content-type": "application/json", "origin": origin},
        "cookies": cookies,
        "requestContext": {"http": {"method": "POST"}},
        "body": "{}",
    });
    let event = event.to_string();
    let request = Request::from_json(&event).expect("the event is one");
    let ours: Vec<&str> = cookies
        .iter()
        .flat_map(|cookie| cookie.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.trim() == REFRESH_COOKIE)
        .map(|(_, value)| value.trim())
        .collect();
    match (request.refresh_cookie(), ours.as_slice()) {
        (Ok(Some(value)), [one]) => assert_eq!(value.expose_secret(), *one),
        (Ok(None), []) | (Err(RepeatedCookie), [_, _, ..]) => {}
        (read, _) => panic!("{read:?} of {ours:?}"),
    }
    let is_used = match Functions::get().handle(&event).expect("the route exists") {
        Handled::Called => true,
        Handled::Responded(response) => {
            assert!(response.status().is_client_error(), "{response:?}");
            false
        }
    };
    let may_be_used = origin == ORIGIN && ours.as_slice() == [refresh_token()];
    assert!(!is_used || may_be_used, "a refresh cookie was used");
    assert!(is_used || !may_be_used, "a refresh cookie was not used");
}
