//! A successful response of a token endpoint (RFC 6749 section 5.1).

use std::time::Duration;

use gatehouse_auth::scope::Scopes;
use gatehouse_auth::token::AccessToken;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{Response, response};

/// How the refresh token reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshDelivery {
    /// In the body.
    Body,
    /// In the cookie, where the page's scripts cannot read it.
    Cookie,
}

/// The pair of tokens that a login or a refresh issues.
#[derive(Debug)]
pub struct Tokens<'a> {
    /// The access token.
    pub access: &'a AccessToken,
    /// The refresh token.
    pub refresh: &'a SecretString,
    /// Where the refresh token goes; it is never in both places.
    pub delivery: RefreshDelivery,
    /// How long the refresh token is valid unless it is used.
    pub refresh_expires_in: Duration,
    /// The scope of the access token. If it is empty, the response has no `scope`.
    pub scope: &'a Scopes,
}

impl Tokens<'_> {
    /// Creates the response.
    #[must_use]
    pub fn into_response(&self) -> Response {
        let refresh = self.refresh.expose_secret();
        let in_body = match self.delivery {
            RefreshDelivery::Body => Some(refresh),
            RefreshDelivery::Cookie => None,
        };
        let body = Body {
            access_token: self.access.expose(),
            token_type: "Bearer",
            expires_in: self.access.expires_in().as_secs(),
            refresh_token: in_body,
            refresh_expires_in: self.refresh_expires_in.as_secs(),
            scope: Some(self.scope).filter(|scope| !scope.is_empty()),
        };
        let response = response::json(StatusCode::OK, &body);
        match self.delivery {
            RefreshDelivery::Body => response,
            RefreshDelivery::Cookie => {
                response::with_refresh_cookie(response, refresh, self.refresh_expires_in)
            }
        }
    }
}

/// A pair of tokens (RFC 6749 section 5.1).
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Tokens))]
pub(crate) struct Body<'a> {
    /// A JWT (RFC 9068), for the header `Authorization: Bearer …`.
    access_token: &'a str,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How many seconds the access token is valid.
    expires_in: u64,
    /// Opaque. Each refresh replaces it. Missing if the session's refresh token is in the
    /// cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    refresh_token: Option<&'a str>,
    /// How many seconds the refresh token is valid if it is not used.
    refresh_expires_in: u64,
    /// The scope of the access token, separated by spaces; missing if it has none.
    // RFC 6749 section 3.3: a list of scopes is never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    scope: Option<&'a Scopes>,
}
