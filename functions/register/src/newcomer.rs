//! What a newcomer sends, checked whole before anything is decided.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::password::{Password, WeakPassword};
use gatehouse_auth::username::Username;
use gatehouse_breaches::{NewPassword, PasswordRules};
use gatehouse_edge::{FieldError, Problem, Request};
use secrecy::{ExposeSecret, SecretString};

/// A username, a password and perhaps an address that may be stored.
pub(crate) struct Newcomer<'a> {
    pub(crate) username: Username,
    pub(crate) password: NewPassword<'a>,
    pub(crate) email: Option<EmailAddress>,
}

impl<'a> Newcomer<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// A [`Problem`] that names every bad member; the password's strength is
    /// judged once all of them can be read.
    pub(crate) fn read(request: &Request, rules: &'a PasswordRules) -> Result<Self, Problem> {
        let body = request.json(|fields| Body {
            username: fields.text("username"),
            password: fields.secret("password"),
            email: fields.optional_text("email"),
        })?;
        let (username, password, email) = body.parse()?;
        let password = rules.check(password, &username, email.as_ref());
        Ok(Self {
            password: password.map_err(weak)?,
            username,
            email,
        })
    }
}

/// Tells a person why a password may not be chosen.
pub(crate) fn weak(weak: WeakPassword) -> Problem {
    let reasons = weak.reasons.iter();
    let reasons = reasons.map(|reason| (reason.code(), reason.detail()));
    Problem::weak_password("password", reasons, weak.suggestions)
}

struct Body {
    username: String,
    password: SecretString,
    email: Option<String>,
}

impl Body {
    fn parse(&self) -> Result<(Username, Password, Option<EmailAddress>), Problem> {
        let username = Username::parse(&self.username)
            .map_err(|error| FieldError::new("username", error.code(), error.to_string()));
        let password = Password::parse(self.password.expose_secret())
            .map_err(|error| FieldError::new("password", error.code(), error.to_string()));
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        let email =
            email.map_err(|error| FieldError::new("email", error.code(), error.to_string()));
        match (username, password, email) {
            (Ok(username), Ok(password), Ok(email)) => Ok((username, password, email)),
            (username, password, email) => {
                let errors = [username.err(), password.err(), email.err()];
                Err(Problem::validation_failed(
                    errors.into_iter().flatten().collect(),
                ))
            }
        }
    }
}
