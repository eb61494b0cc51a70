//! The request of a login.

use gatehouse_auth::scope::Scopes;
use gatehouse_authenticate::Credentials;
use gatehouse_edge::{FieldError, Problem, RefreshDelivery, Request};

use crate::app::App;
use crate::error::LoginError;

/// An attempt to log in: as whom, and from where.
pub(crate) struct LoginAttempt {
    /// The name, the password, and the client's address.
    pub(crate) credentials: Credentials,
    /// The client's user agent, at most 256 bytes.
    pub(crate) user_agent: String,
    /// Where the refresh token goes.
    pub(crate) delivery: RefreshDelivery,
    scope: Option<Scopes>,
}

impl LoginAttempt {
    /// Reads the body. A malformed identifier is treated as an unknown one.
    ///
    /// # Errors
    /// If a field is missing or invalid.
    pub(crate) fn read(app: &App, request: &Request) -> Result<Self, LoginError> {
        let body = request.json(|fields| {
            (
                fields.text("username"),
                fields.secret("password"),
                fields.optional_text("scope"),
                fields.optional_text("refresh"),
            )
        });
        let (username, password, scope, refresh) = body.map_err(LoginError::Other)?;
        Ok(Self {
            credentials: Credentials::new(&username, password, request.client_address()),
            user_agent: request.user_agent().to_owned(),
            delivery: delivery(app, refresh.as_deref())?,
            scope: scope
                .map(|scope| Scopes::parse(&scope))
                .transpose()
                .map_err(|_| LoginError::InvalidScope)?,
        })
    }

    /// Returns the scope to grant: the requested one, or everything that is available.
    ///
    /// # Errors
    /// [`LoginError::InvalidScope`] if the request exceeds what is available.
    pub(crate) fn scope_of(&self, available: &Scopes) -> Result<Scopes, LoginError> {
        match &self.scope {
            None => Ok(available.clone()),
            Some(wanted) if wanted.is_subset(available) => Ok(wanted.clone()),
            Some(_) => Err(LoginError::InvalidScope),
        }
    }
}

fn delivery(app: &App, refresh: Option<&str>) -> Result<RefreshDelivery, LoginError> {
    let (code, detail) = match refresh {
        None => return Ok(RefreshDelivery::Body),
        Some("cookie") if app.has_cookie => return Ok(RefreshDelivery::Cookie),
        Some("cookie") => (
            "unavailable",
            "cannot be cookie, because the service's setting RefreshCookie is off: leave the \
             field out, and the body has the refresh token",
        ),
        Some(_) => (
            "unknown",
            "must be cookie, or left out to get the refresh token in the body",
        ),
    };
    let errors = vec![FieldError::new("refresh", code, detail)];
    Err(LoginError::Other(Problem::validation_failed(errors)))
}
