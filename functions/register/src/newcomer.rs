//! What a newcomer sends, checked whole before anything is decided.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::password::{Password, PasswordPolicy, WeakPassword};
use gatehouse_auth::username::Username;
use gatehouse_edge::{FieldError, Problem, Request};
use secrecy::{ExposeSecret, SecretString};

/// A username, a password and perhaps an address that may be stored.
pub(crate) struct Newcomer {
    pub(crate) username: Username,
    pub(crate) password: Password,
    pub(crate) email: Option<EmailAddress>,
}

impl Newcomer {
    /// Reads a body.
    ///
    /// # Errors
    /// A [`Problem`] that names every bad member; the password's strength is
    /// judged once all of them can be read.
    pub(crate) fn read(request: &Request, policy: PasswordPolicy) -> Result<Self, Problem> {
        let body = request.json(|fields| Body {
            username: fields.text("username"),
            password: fields.secret("password"),
            email: fields.optional_text("email"),
        })?;
        let newcomer = Self::parse(&body)?;
        policy
            .check(
                &newcomer.password,
                &newcomer.username,
                newcomer.email.as_ref(),
            )
            .map_err(weak)?;
        Ok(newcomer)
    }

    fn parse(body: &Body) -> Result<Self, Problem> {
        let username = Username::parse(&body.username)
            .map_err(|error| FieldError::new("username", error.code(), error.to_string()));
        let password = Password::parse(body.password.expose_secret())
            .map_err(|error| FieldError::new("password", error.code(), error.to_string()));
        let email = body
            .email
            .as_deref()
            .map(EmailAddress::parse)
            .transpose()
            .map_err(|error| FieldError::new("email", error.code(), error.to_string()));
        match (username, password, email) {
            (Ok(username), Ok(password), Ok(email)) => Ok(Self {
                username,
                password,
                email,
            }),
            (username, password, email) => {
                let errors = [username.err(), password.err(), email.err()];
                Err(Problem::validation_failed(
                    errors.into_iter().flatten().collect(),
                ))
            }
        }
    }
}

/// Tells a person why a password may not be chosen.
pub(crate) fn weak(weak: WeakPassword) -> Problem {
    let reasons = weak.reasons.iter();
    let reasons = reasons.map(|reason| FieldError::new("password", reason.code(), reason.detail()));
    Problem::weak_password(reasons.collect(), weak.suggestions)
}

struct Body {
    username: String,
    password: SecretString,
    email: Option<String>,
}
