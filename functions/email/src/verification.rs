//! `POST /email/verify` and `POST /email/verification`: verifies an address with the code that
//! was mailed to it, and has the code mailed again.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_authenticate::refuse_code;
use gatehouse_edge::{AuditEvent, Problem, Request, Response, response};
use gatehouse_store::Verified;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::forgot;
use crate::proof::{self, Proof};

/// Responds to `POST /email/verify`.
pub(crate) async fn verify(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let (code, password) = request.json(|fields| {
        let code = fields.secret("code");
        (
            code,
            fields.optional_text("password").map(SecretString::from),
        )
    })?;
    let proof = Proof::read(request, password)?;
    let reason = proof.name();
    let Ok(code) = MailCode::parse(CodeKind::Verification, code.expose_secret()) else {
        return Err(refuse_code(request, None));
    };
    app.authenticator.count_code(request, now).await?;
    // Before any hash: without a code, nobody makes us compute one.
    let Some(owner) = app.accounts.find_by_verification(&code, now).await? else {
        return Err(refuse_code(request, Some(code.sub())));
    };
    let user = proof.user(app, request, &owner.username, now).await?;
    if user.sub != *code.sub() {
        // Somebody else's link: it must not verify anything in the account of its owner.
        return Err(refuse_code(request, Some(code.sub())));
    }
    match app
        .accounts
        .verify_email(&code, user.token_version, now)
        .await?
    {
        Verified::Done { user, taken_from } => {
            let mut audit = request.audit();
            audit.sub = Some(&user.sub);
            audit.reason = Some(reason);
            audit.record(AuditEvent::EmailVerified);
            if let Some(other) = &taken_from {
                let mut audit = request.audit();
                audit.sub = Some(other);
                audit.actor = Some(&user.sub);
                audit.reason = Some("proven_by_another_account");
                audit.record(AuditEvent::EmailReleased);
            }
            Ok(response::no_content())
        }
        Verified::Refused => Err(refuse_code(request, Some(code.sub()))),
        // The proof of a moment ago is no longer valid: the password is new, or the session
        // has ended.
        Verified::Changed if reason == "password" => Err(Problem::invalid_credentials()),
        Verified::Changed => Err(Problem::invalid_token()),
        Verified::Taken => {
            let mut audit = request.audit();
            audit.sub = Some(code.sub());
            audit.reason = Some("email_taken");
            audit.record(AuditEvent::AuthorizationDenied);
            Err(Problem::email_taken())
        }
    }
}

/// Responds to `POST /email/verification`.
pub(crate) async fn send_again(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let (username, password) = request.json_or_empty(|fields| {
        let username = fields.optional_text("username");
        (
            username,
            fields.optional_text("password").map(SecretString::from),
        )
    })?;
    let proof = Proof::read(request, password)?;
    let username = match (&proof, username) {
        (Proof::Token(_), Some(_)) => return Err(proof::conflict("username")),
        (Proof::Password(_), None) => return Err(proof::missing("username")),
        (_, username) => username.unwrap_or_default(),
    };
    forgot::count(app, request, None, now).await?;
    let user = proof.user(app, request, &username, now).await?;
    if user.unproven_addresses().next().is_some() {
        let (kind, origin) = (
            MessageKind::EmailVerification,
            Origin::of_typed_address(&user),
        );
        let message = Message::new(kind, &user.sub, user.revision, origin, now);
        app.outbox.put(&message).await?;
    }
    Ok(response::accepted())
}
