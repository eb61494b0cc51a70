//! Client credentials in HTTP Basic (RFC 7617, RFC 6749 section 2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

/// What a caller sent as its id and secret; neither is verified.
pub(crate) struct PresentedClient {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
}

impl PresentedClient {
    /// Reads the text after `Basic`; `None` if it is not base64 of an id, a colon
    /// and a secret in UTF-8.
    ///
    /// Both are form-encoded before they are joined (RFC 6749 section 2.3.1). Many
    /// libraries leave that out; our ids and secrets read the same either way.
    pub(crate) fn parse(credentials: &str) -> Option<Self> {
        let joined = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (id, secret) = joined.split_once(':')?;
        Some(Self {
            id: form_decode(id),
            secret: form_decode(secret).into(),
        })
    }
}

/// Decodes one name of a form.
fn form_decode(text: &str) -> String {
    // A pair ends at `&` and its name at `=`, which must stay a part of the text here.
    let text = text.replace('&', "%26").replace('=', "%3D");
    let pair = form_urlencoded::parse(text.as_bytes()).next();
    pair.map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(joined: &str) -> Option<(String, String)> {
        let read = PresentedClient::parse(&STANDARD.encode(joined))?;
        Some((read.id, read.secret.expose_secret().to_owned()))
    }

    #[test]
    fn an_id_and_a_secret_are_read_plain_and_form_encoded() {
        for joined in [
            "reports-eu:gh_cs_a-b",
            "reports%2Deu:gh%5Fcs%5Fa%2Db",
            "%72eports-eu:gh%5fcs_a%2db",
        ] {
            let expected = ("reports-eu".to_owned(), "gh_cs_a-b".to_owned());
            assert_eq!(read(joined), Some(expected), "{joined}");
        }
        let spaces = ("a b".to_owned(), "c d&e=f:g".to_owned());
        assert_eq!(read("a+b:c%20d&e=f:g"), Some(spaces));
        assert_eq!(read(":"), Some(Default::default()));
    }

    #[test]
    fn malformed_credentials_are_not_read() {
        assert!(read("without a colon").is_none());
        for malformed in ["", "%", "YTpi=", "YTpi\n", "_-8="] {
            assert!(PresentedClient::parse(malformed).is_none(), "{malformed:?}");
        }
        let latin1 = STANDARD.encode(b"caf\xe9:secret");
        assert!(PresentedClient::parse(&latin1).is_none());
    }
}
