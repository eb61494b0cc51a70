//! `POST /email/verify` and `POST /email/verification`: proves an address with the code that
//! was mailed to it, and has the code mailed again.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{AuditEvent, Problem, Request, Response, response};
use gatehouse_store::{Reservation, Verified};
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
        return Err(refuse(request, None));
    };
    count(app, request, now).await?;
    // Before any hash: without a code, nobody makes us compute one.
    let Some(owner) = app.accounts.find_by_verification(&code, now).await? else {
        return Err(refuse(request, Some(&code)));
    };
    let user = proof.user(app, request, &owner.username, now).await?;
    if user.sub != *code.sub() {
        // Somebody else's link: it must not verify anything in the account of its owner.
        return Err(refuse(request, Some(&code)));
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
        Verified::Refused => Err(refuse(request, Some(&code))),
        // What was proven a moment ago no longer is: the password is new, or the session
        // has ended.
        Verified::Changed if reason == "password" => Err(Problem::invalid_credentials()),
        Verified::Changed => Err(Problem::invalid_token()),
        Verified::Taken => {
            proof::deny(request, "email_taken", Some(code.sub()));
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
        // The address may be anyone's: its owner counts as a recipient for strangers.
        let (kind, origin) = (MessageKind::EmailVerification, Origin::Anyone);
        let message = Message::new(kind, &user.sub, user.revision, origin, now);
        app.outbox.put(&message).await?;
    }
    Ok(response::accepted())
}

/// Counts the attempt by its address. A code has too many bits to be guessed, but each
/// attempt costs reads.
async fn count(app: &App, request: &Request, now: Timestamp) -> Result<(), Problem> {
    let attempts = &app.authenticator.attempts;
    match attempts
        .reserve_address(request.client_address(), now)
        .await?
    {
        Reservation::Granted => Ok(()),
        Reservation::Refused { retry_after, .. } => {
            proof::deny(request, "too_many_attempts", None);
            Err(Problem::too_many_requests(retry_after))
        }
    }
}

fn refuse(request: &Request, code: Option<&MailCode>) -> Problem {
    proof::deny(request, "invalid_code", code.map(MailCode::sub));
    Problem::invalid_code()
}
