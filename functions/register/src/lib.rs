//! `POST /register`: creates an account, or names every field that is invalid.

use gatehouse_auth::guessing::Counted;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::password::Hasher;
use gatehouse_auth::random;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::User;
use gatehouse_breaches::NewPasswordError;
use gatehouse_edge::{AuditEvent, Problem, Request, Response, response};
use gatehouse_store::{RegisterError, Reservation};
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use serde::Serialize;

mod app;
#[cfg(feature = "schema")]
pub mod contract;
mod newcomer;

pub use app::App;
use newcomer::{Fields, Newcomer};

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] unless an account is created.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let user = register(app, request).await?;
    Ok(created(&user))
}

async fn register(app: &App, request: &Request) -> Result<User, Problem> {
    if !app.open {
        return Err(Problem::registration_closed());
    }
    let fields = Fields::read(request, app.requires_verified_email)?;
    let hasher = &app.hasher;
    hasher.ready()?;
    count(app, request).await?;
    let newcomer = fields.judge(&app.rules)?;
    let user = account(app, hasher, newcomer).await?;
    let message = message(&user);
    let message = app.outbox.as_ref().zip(message.as_ref());
    let registered = app.users.register_with(&user, message).await;
    registered.map_err(|error| match error {
        RegisterError::UsernameTaken => Problem::username_taken(),
        RegisterError::EmailTaken => Problem::email_taken(),
        RegisterError::Store(error) => error.into(),
    })?;
    record(request, &user);
    Ok(user)
}

/// Counts the attempt for its address: a registration costs an estimate of its password's
/// strength and a hash, and its refusals reveal which names are taken.
async fn count(app: &App, request: &Request) -> Result<(), Problem> {
    let reserved = app
        .attempts
        .reserve_address(request.client_address(), app.clock.now())
        .await?;
    match reserved {
        Reservation::Granted => Ok(()),
        Reservation::Refused { retry_after, .. } => {
            let mut audit = request.audit();
            audit.reason = Some(Counted::Address.name());
            audit.record(AuditEvent::RegistrationThrottled);
            Err(Problem::too_many_requests(retry_after))
        }
    }
}

/// Returns what is to be mailed: a code to the address that waits, if one does. Whoever
/// registers can type any address, so the mail counts as a stranger's.
fn message(user: &User) -> Option<Message> {
    user.pending_email_at.map(|now| {
        let (kind, origin) = (MessageKind::EmailVerification, Origin::Anyone);
        Message::new(kind, &user.sub, user.revision, origin, now)
    })
}

/// Hashes the password and creates the account, without storing it. With mail, the address
/// waits for a proof: it reserves nothing, so nothing shows whether anyone has it.
async fn account(app: &App, hasher: &Hasher, newcomer: Newcomer<'_>) -> Result<User, Problem> {
    let stored = newcomer.password.hash(hasher).await;
    let hash = stored.map_err(|error| match error {
        NewPasswordError::Weak(reasons) => newcomer::weak(reasons),
        NewPasswordError::Unavailable(error) => error.into(),
        NewPasswordError::Hash(error) => error.into(),
        NewPasswordError::Random(error) => error.into(),
    })?;
    let now = app.clock.now();
    let (held, waiting) = match (&app.outbox, newcomer.email) {
        (Some(_), waiting) => (None, waiting),
        (None, held) => (held, None),
    };
    let mut user = User::new(
        SubjectId::from_bytes(random::bytes()?),
        &newcomer.username,
        held.as_ref(),
        Roles::of_new_user(),
        Some(hash),
        now,
    );
    user.verification_required = app.requires_verified_email;
    Ok(match waiting {
        Some(waiting) => user.awaiting(&waiting, now),
        None => user,
    })
}

fn record(request: &Request, user: &User) {
    let mut audit = request.audit();
    audit.sub = Some(&user.sub);
    audit.record(AuditEvent::UserRegistered);
}

fn created(user: &User) -> Response {
    let body = Account {
        id: &user.sub,
        username: &user.username,
        email: user.email.as_deref(),
        pending_email: user.pending_email.as_deref(),
        roles: &user.roles,
        created_at: user.created_at.to_string(),
    };
    let mut response = response::json(StatusCode::CREATED, &body);
    response
        .headers_mut()
        .insert(LOCATION, HeaderValue::from_static("/me"));
    response
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = NewAccount))]
struct Account<'a> {
    /// The user's id: the claim `sub`. It never changes.
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$", example = "Sz3WlVYAS0q0X6mUjPqkTA"))]
    id: &'a SubjectId,
    /// The username as typed, without white space around it.
    username: &'a str,
    /// Missing if the request had none, or if the service sends mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    email: Option<&'a str>,
    /// The address that waits for its verification; only if the service sends mail. It says
    /// nothing about whether another account has the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    pending_email: Option<&'a str>,
    /// The roles of a new user.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    roles: &'a Roles,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
}
