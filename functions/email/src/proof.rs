//! The proof of an account: its access token, or its password, which is counted and compared
//! as at a login. A mailed code does not replace it, because whoever opens a link need not
//! be whose account it is.

use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use gatehouse_authenticate::Credentials;
use gatehouse_edge::{FieldError, Problem, Request};
use secrecy::SecretString;
use tokio::time::Instant;

use crate::access_token;
use crate::app::App;

/// What a request presents; nothing about it is verified.
pub(crate) enum Proof<'a> {
    /// The access token.
    Token(&'a str),
    /// The password.
    Password(SecretString),
}

impl<'a> Proof<'a> {
    /// Reads the access token, unless the body has a password.
    ///
    /// # Errors
    /// 422 if there are both, or neither; 401 for a malformed token.
    pub(crate) fn read(
        request: &'a Request,
        password: Option<SecretString>,
    ) -> Result<Self, Problem> {
        match (access_token::presented(request)?, password) {
            (Some(token), None) => Ok(Self::Token(token)),
            (None, Some(password)) => Ok(Self::Password(password)),
            (Some(_), Some(_)) => Err(conflict("password")),
            (None, None) => Err(missing("password")),
        }
    }

    /// Returns the word for it in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "access_token",
            Self::Password(_) => "password",
        }
    }

    /// Returns the user whose account it proves, as read after the token was verified, or
    /// before the password was compared. `username` says whose password it is to be.
    ///
    /// # Errors
    /// 401 unless the token is valid or the password right, 403 for a token without the
    /// scope `profile`, 429 after too many passwords.
    pub(crate) async fn user(
        self,
        app: &App,
        request: &Request,
        username: &str,
        now: Timestamp,
    ) -> Result<User, Problem> {
        let began = Instant::now();
        match self {
            Self::Token(token) => {
                let claims = access_token::verify(app, request, token, now).await?;
                let user = app.accounts.users.get(&claims.sub).await?;
                let is_current =
                    |user: &User| user.token_version == claims.ver && user.status == Status::Active;
                user.filter(is_current).ok_or_else(Problem::invalid_token)
            }
            Self::Password(password) => {
                let credentials = Credentials::new(username, password, request.client_address());
                match app.authenticator.authenticate(&credentials, now).await {
                    Ok(authenticated) => {
                        authenticated.give_back().await;
                        Ok(authenticated.user)
                    }
                    Err(error) => {
                        if let Some((event, reason)) = error.audit_event() {
                            let mut audit = request.audit();
                            audit.reason = Some(reason);
                            audit.identifier_digest = Some(&credentials.digest);
                            audit.record(event);
                        }
                        app.authenticator.step.wait(began).await;
                        Err(error.into())
                    }
                }
            }
        }
    }
}

/// 422: the field is beside an access token.
pub(crate) fn conflict(field: &'static str) -> Problem {
    let detail = "cannot be combined with an access token: send one of them";
    Problem::validation_failed(vec![FieldError::new(field, "conflict", detail)])
}

/// 422: neither the field nor an access token is there.
pub(crate) fn missing(field: &'static str) -> Problem {
    let detail = "is missing: send it, or an access token in the header Authorization";
    Problem::validation_failed(vec![FieldError::new(field, "missing", detail)])
}
