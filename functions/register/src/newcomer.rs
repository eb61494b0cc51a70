//! The request of a registration: its fields, and then the strength of its password, which
//! takes longer.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::password::{Password, WeakPassword};
use gatehouse_auth::username::Username;
use gatehouse_breaches::{NewPassword, PasswordRules};
use gatehouse_edge::{FieldError, Problem, Request};
use secrecy::{ExposeSecret, SecretString};

/// The fields of a registration, each of them valid.
pub(crate) struct Fields {
    username: Username,
    password: Password,
    email: Option<EmailAddress>,
}

/// A user who may be stored once the password is hashed.
pub(crate) struct Newcomer<'a> {
    pub(crate) username: Username,
    pub(crate) password: NewPassword<'a>,
    pub(crate) email: Option<EmailAddress>,
}

impl Fields {
    /// Reads a body. The address is optional unless the account needs a verified one.
    ///
    /// # Errors
    /// 422, which names every invalid field.
    pub(crate) fn read(request: &Request, needs_email: bool) -> Result<Self, Problem> {
        let body = request.json(|fields| Body {
            username: fields.text("username"),
            password: fields.secret("password"),
            email: if needs_email {
                Some(fields.text("email"))
            } else {
                fields.optional_text("email")
            },
        })?;
        body.parse()
    }

    /// Estimates the strength of the password. Count the attempt before: a long one takes a
    /// while.
    ///
    /// # Errors
    /// 422 if it is weak.
    pub(crate) fn judge(self, rules: &PasswordRules) -> Result<Newcomer<'_>, Problem> {
        let password = rules.check(self.password, &self.username, self.email.as_ref());
        Ok(Newcomer {
            password: password.map_err(weak)?,
            username: self.username,
            email: self.email,
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
    fn parse(&self) -> Result<Fields, Problem> {
        let username = Username::parse(&self.username)
            .map_err(|error| FieldError::new("username", error.code(), error.to_string()));
        let password = Password::parse(self.password.expose_secret())
            .map_err(|error| FieldError::new("password", error.code(), error.to_string()));
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        let email =
            email.map_err(|error| FieldError::new("email", error.code(), error.to_string()));
        match (username, password, email) {
            (Ok(username), Ok(password), Ok(email)) => Ok(Fields {
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
