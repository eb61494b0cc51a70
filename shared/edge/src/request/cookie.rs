//! The refresh token in the request's cookies.

use secrecy::SecretString;

use super::Request;

/// The cookie that holds a browser's refresh token. Browsers accept the prefix only with
/// `Secure` and `Path=/` and without `Domain`, so no other host can set this cookie.
pub const REFRESH_COOKIE: &str = "__Host-refresh_token";

/// The request has more than one refresh cookie, so it is unknown which of them is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cookie {REFRESH_COOKIE} is sent more than once")]
pub struct RepeatedCookie;

impl Request {
    /// Returns the value of the refresh cookie, as sent.
    ///
    /// # Errors
    /// [`RepeatedCookie`] if there is more than one. A browser that enforces the prefix
    /// never sends two; in one that does not, a sibling domain can add its own.
    pub fn refresh_cookie(&self) -> Result<Option<SecretString>, RepeatedCookie> {
        let cookies = self.meta.cookies.iter().flat_map(|text| text.split(';'));
        let mut values = cookies.filter_map(|cookie| {
            let (name, value) = cookie.split_once('=')?;
            (name.trim() == REFRESH_COOKIE).then(|| value.trim())
        });
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(RepeatedCookie),
            (value, _) => Ok(value.map(SecretString::from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::*;

    fn read(cookies: &Value) -> Result<Option<String>, RepeatedCookie> {
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /refresh",
            "rawPath": "/refresh",
            "headers": { "cookie": "__Host-refresh_token=header" },
            "cookies": cookies,
            "requestContext": { "http": { "method": "POST" } },
        });
        let request = Request::from_json(&event.to_string()).unwrap();
        let value = request.refresh_cookie()?;
        Ok(value.map(|value| value.expose_secret().to_owned()))
    }

    #[test]
    fn the_cookie_is_read_from_the_events_cookies_and_never_from_a_header() {
        let ours = "__Host-refresh_token=gh_rt_x";
        for cookies in [
            json!([ours]),
            json!(["a=b", ours, "c"]),
            json!([format!("a=b; {ours}")]),
            json!([format!(" {ours} ")]),
        ] {
            assert_eq!(read(&cookies), Ok(Some("gh_rt_x".to_owned())), "{cookies}");
        }
        for cookies in [
            json!(null),
            json!([]),
            json!(["__host-refresh_token=x"]),
            json!(["refresh_token=x"]),
            json!(["__Host-refresh_token"]),
            json!(["__Host-refresh_token2=x"]),
            json!(["a=__Host-refresh_token=x"]),
        ] {
            assert_eq!(read(&cookies), Ok(None), "{cookies}");
        }
    }

    #[test]
    fn the_value_is_not_interpreted() {
        for value in ["", "\"gh_rt_x\"", "a=b", "%67h_rt_x"] {
            let cookies = json!([format!("__Host-refresh_token={value}")]);
            assert_eq!(read(&cookies), Ok(Some(value.to_owned())));
        }
    }

    #[test]
    fn two_refresh_cookies_are_an_error_even_if_they_are_equal() {
        for cookies in [
            json!(["__Host-refresh_token=a", "__Host-refresh_token=b"]),
            json!(["__Host-refresh_token=a", "x=y", "__Host-refresh_token=a"]),
            json!(["__Host-refresh_token=a; __Host-refresh_token=b"]),
            json!(["__Host-refresh_token=a", " __Host-refresh_token =b"]),
        ] {
            assert_eq!(read(&cookies), Err(RepeatedCookie), "{cookies}");
        }
    }

    #[test]
    fn cookies_that_are_not_a_list_of_strings_are_not_an_event() {
        for invalid in [json!("a=b"), json!([1]), json!({}), json!([null])] {
            let event = json!({
                "version": "2.0",
                "routeKey": "POST /refresh",
                "rawPath": "/refresh",
                "cookies": invalid,
                "requestContext": { "http": { "method": "POST" } },
            });
            assert!(Request::from_json(&event.to_string()).is_err(), "{invalid}");
        }
    }
}
