//! The token that a request holds: in its body, or in the cookie of a browser.
//!
//! A browser adds the cookie to every request to this host, whoever caused it. So a cookie
//! counts only with what a foreign page cannot send: a JSON body, for which a browser first
//! asks whether the page may, and the `Origin` of one of our own pages.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_edge::config::CookieSettings;
use gatehouse_edge::{Fields, OauthError, RefreshDelivery, Request};
use secrecy::SecretString;

use crate::app::App;
use crate::error::RefreshError;

/// A token as sent, not yet authenticated.
pub(crate) struct SentToken {
    pub(crate) text: SecretString,
    /// Where it was, and where its successor goes.
    pub(crate) place: RefreshDelivery,
    /// The user that the page expects the cookie to belong to.
    expected: Option<SubjectId>,
}

impl SentToken {
    /// Reads the token in the field `name` or in the cookie, and what `more` declares.
    ///
    /// # Errors
    /// If there is no token or more than one, or the cookie does not count.
    pub(crate) fn read<T>(
        app: &App,
        request: &Request,
        name: &'static str,
        more: impl FnOnce(&mut Fields) -> T,
    ) -> Result<(Self, T), RefreshError> {
        let Some(settings) = &app.cookies else {
            return Self::read_body(request, name, more);
        };
        match request.refresh_cookie() {
            Ok(None) => Self::read_body(request, name, more),
            Ok(Some(cookie)) => Self::read_cookie(settings, request, (name, cookie), more),
            Err(error) => Err(invalid(format!("{error}: delete the cookies of this host"))),
        }
    }

    fn read_body<T>(
        request: &Request,
        name: &'static str,
        more: impl FnOnce(&mut Fields) -> T,
    ) -> Result<(Self, T), RefreshError> {
        let body = request.form_or_json(|fields| {
            // It has no effect without the cookie, but its type is checked all the same.
            fields.optional_text("sub");
            (more(fields), fields.secret(name))
        });
        let (more, text) = body.map_err(RefreshError::Other)?;
        let sent = Self {
            text,
            place: RefreshDelivery::Body,
            expected: None,
        };
        Ok((sent, more))
    }

    fn read_cookie<T>(
        settings: &CookieSettings,
        request: &Request,
        (name, cookie): (&'static str, SecretString),
        more: impl FnOnce(&mut Fields) -> T,
    ) -> Result<(Self, T), RefreshError> {
        let body = request.form_or_json(|fields| {
            let in_body = fields.optional_text(name).is_some();
            let expected = fields.optional_text("sub");
            (more(fields), fields.is_form(), in_body, expected)
        });
        let (more, is_form, in_body, expected) = body.map_err(RefreshError::Other)?;
        if in_body {
            let both = "is in the body and in the cookie: send one of them";
            return Err(invalid(format!("{name} {both}")));
        }
        if is_form {
            let json = "the refresh cookie is only accepted with the content type application/json";
            return Err(invalid(json.to_owned()));
        }
        if !settings.allows(request.header("origin")) {
            tracing::info!(reason = "origin", "a refresh cookie was refused");
            let origin =
                "the refresh cookie is only accepted with an Origin that CorsOrigins lists";
            return Err(invalid(origin.to_owned()));
        }
        let expected = expected.map(|sub| SubjectId::parse(&sub)).transpose();
        let expected = expected.map_err(|error| invalid(format!("sub is invalid: {error}")))?;
        let sent = Self {
            text: cookie,
            place: RefreshDelivery::Cookie,
            expected,
        };
        Ok((sent, more))
    }

    /// Checks that the authenticated token belongs to the user that the page expects.
    ///
    /// # Errors
    /// [`RefreshError::AnotherAccount`] if it belongs to someone else.
    pub(crate) fn check_account(&self, token: &RefreshToken) -> Result<(), RefreshError> {
        match &self.expected {
            Some(expected) if expected != token.sub() => Err(RefreshError::AnotherAccount),
            Some(_) | None => Ok(()),
        }
    }
}

fn invalid(description: String) -> RefreshError {
    RefreshError::Other(OauthError::invalid_request(description))
}
