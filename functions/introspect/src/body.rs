//! The body of an introspection request (RFC 7662 section 2.1).

use gatehouse_edge::{OauthError, Request};
use secrecy::SecretString;

/// What the body says. `token_type_hint` is not read: a token shows what it is.
pub(crate) struct Body {
    /// The token in question, if there is one.
    pub(crate) token: Option<SecretString>,
    /// The client that the body names; not a credential by itself.
    pub(crate) client_id: Option<String>,
    /// Whether the body holds a credential of the caller.
    pub(crate) has_credential: bool,
}

/// RFC 6749 section 2.3.1, RFC 7521 section 4.2, RFC 6750 section 2.2.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "access_token"];

impl Body {
    /// Reads a form or JSON.
    ///
    /// # Errors
    /// 415, 413 and 400, all `invalid_request`.
    pub(crate) fn read(request: &Request) -> Result<Self, OauthError> {
        request.form_or_json(|fields| Self {
            token: fields
                .optional_text("token")
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
            client_id: fields.optional_text("client_id"),
            // Every field is read, so that each invalid one is named.
            has_credential: CREDENTIALS
                .map(|name| fields.optional_text(name).is_some())
                .contains(&true),
        })
    }
}
