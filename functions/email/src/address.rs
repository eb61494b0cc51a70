//! `PUT /me/email` and `POST /email/cancel`: asks for another address, which waits for its
//! code, and cancels that with the code from the mail to the old address.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::NewAddress;
use gatehouse_authenticate::refuse_code;
use gatehouse_edge::{AuditEvent, FieldError, Principal, Problem, Request, Response, response};
use secrecy::ExposeSecret as _;

use crate::app::App;

/// Responds to `PUT /me/email`. The response does not depend on who else has the address.
pub(crate) async fn change(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let principal = Principal::of(request, now)?;
    let (email, password) = request.json(|fields| {
        let email = fields.text("email");
        (email, fields.secret("password"))
    })?;
    let email = EmailAddress::parse(&email).map_err(|error| {
        let error = FieldError::new("email", error.code(), error.to_string());
        Problem::validation_failed(vec![error])
    })?;
    let authenticator = &app.authenticator;
    let user = authenticator
        .confirm(request, &principal, &password)
        .await?;
    let new = NewAddress::from(&email);
    let asked = app.accounts.request_address(user, &new, now).await?;
    // The tokens were revoked in the meantime: this one may not change anything.
    let user = asked.ok_or_else(Problem::invalid_token)?;
    let (event, reason) = (AuditEvent::EmailChangeRequested, "by_its_owner");
    record(request, Some(&user.sub), event, reason);
    Ok(response::accepted())
}

/// Responds to `POST /email/cancel`.
pub(crate) async fn cancel(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let code = request.json(|fields| fields.secret("code"))?;
    let Ok(code) = MailCode::parse(CodeKind::Cancellation, code.expose_secret()) else {
        return Err(refuse_code(request, None));
    };
    app.authenticator.count_code(request, now).await?;
    match app.accounts.cancel_address(&code, now).await? {
        Some(user) => {
            let (event, reason) = (AuditEvent::EmailChangeCancelled, "cancellation_code");
            record(request, Some(&user.sub), event, reason);
            Ok(response::no_content())
        }
        None => Err(refuse_code(request, Some(code.sub()))),
    }
}

fn record(request: &Request, sub: Option<&SubjectId>, event: AuditEvent, reason: &str) {
    let mut audit = request.audit();
    audit.sub = sub;
    audit.reason = Some(reason);
    audit.record(event);
}
