//! The request of a registration, all of it checked before anything else happens.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::password::{Password, WeakPassword};
use gatehouse_auth::username::Username;
use gatehouse_breaches::{NewPassword, PasswordRules};
use gatehouse_edge::{FieldError, Problem, Request};
use secrecy::{ExposeSecret, SecretString};

/// A user who may be stored once the password is hashed.
pub(crate) struct Newcomer<'a> {
    pub(crate) username: Username,
    pub(crate) password: NewPassword<'a>,
    pub(crate) email: Option<EmailAddress>,
}

impl<'a> Newcomer<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// 422, which names every invalid field; the password's strength is only checked if they
    /// are all valid.
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

/// Explains why a password was refused.
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
