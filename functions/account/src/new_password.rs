//! `PUT /me/password` and `POST /password/reset`: sets a new password, given the old one
//! or a recovery code. Every session ends, including this one.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::password::{Password, WeakPassword};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_auth::username::Username;
use gatehouse_authenticate::refuse_code;
use gatehouse_breaches::NewPasswordError;
use gatehouse_edge::{AuditEvent, FieldError, Principal, Problem, Request, Response, response};
use gatehouse_store::Ended;
use secrecy::{ExposeSecret, SecretString};

use crate::app::{App, record};

const FIELD: &str = "new_password";

/// Responds to `PUT /me/password`.
pub(crate) async fn change(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let principal = Principal::of(request, now)?;
    let (current, new) = request.json(|fields| {
        let current = fields.secret("current_password");
        (current, fields.secret("new_password"))
    })?;
    let new = parse(&new)?;
    let confirmed = app.authenticator.confirm(request, &principal, &current);
    let user = confirmed.await?;
    let hash = hash(app, &user, new).await?;
    let caller = (&user, principal.ver);
    match app.accounts.change_password(caller, &hash, now).await? {
        Ended::Done => {
            let event = AuditEvent::PasswordChanged;
            record(request, Some(&user.sub), event, Some("by_its_owner"));
            Ok(response::no_content())
        }
        // This session has ended in the meantime: it may not set a password.
        Ended::Refused => Err(Problem::invalid_token()),
    }
}

/// Responds to `POST /password/reset`.
pub(crate) async fn reset(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let (code, new) = request.json(|fields| {
        let code = fields.secret("code");
        (code, fields.secret("new_password"))
    })?;
    let new = parse(&new)?;
    let Ok(code) = MailCode::parse(CodeKind::Recovery, code.expose_secret()) else {
        return Err(refuse_code(request, None));
    };
    app.authenticator.count_code(request, now).await?;
    // Before any hash: without a code, nobody makes us compute one.
    let Some(found) = app.accounts.find_by_recovery(&code, now).await? else {
        return Err(refuse_code(request, Some(code.sub())));
    };
    let user = found.user;
    let hash = hash(app, &user, new).await?;
    match app.accounts.reset_password(&code, &hash, now).await? {
        Ended::Done => {
            let event = AuditEvent::PasswordChanged;
            record(request, Some(&user.sub), event, Some("recovery_code"));
            Ok(response::no_content())
        }
        Ended::Refused => Err(refuse_code(request, Some(code.sub()))),
    }
}

fn parse(typed: &SecretString) -> Result<Password, Problem> {
    Password::parse(typed.expose_secret()).map_err(|error| {
        let error = FieldError::new(FIELD, error.code(), error.to_string());
        Problem::validation_failed(vec![error])
    })
}

/// Checks a new password against its owner's names, and hashes it.
async fn hash(app: &App, user: &User, new: Password) -> Result<StoredHash, Problem> {
    let username = Username::parse(&user.username).map_err(Problem::broken)?;
    let email = user.email.as_deref().map(EmailAddress::parse);
    let email = email.and_then(Result::ok);
    let new = app.rules.check(new, &username, email.as_ref());
    let stored = new.map_err(weak)?.hash(&app.authenticator.hasher).await;
    stored.map_err(|error| match error {
        NewPasswordError::Weak(reasons) => weak(reasons),
        NewPasswordError::Unavailable(error) => error.into(),
        NewPasswordError::Hash(error) => error.into(),
        NewPasswordError::Random(error) => error.into(),
    })
}

fn weak(weak: WeakPassword) -> Problem {
    let reasons = weak.reasons.iter();
    let reasons = reasons.map(|reason| (reason.code(), reason.detail()));
    Problem::weak_password(FIELD, reasons, weak.suggestions)
}
