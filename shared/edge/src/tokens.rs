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

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    refresh_expires_in: u64,
    // RFC 6749 section 3.3: a list of scopes is never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scopes>,
}
