//! The body of an export. Every member is listed by hand, so that a new secret in a table
//! is not exported by accident.

use std::collections::BTreeMap;

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::{AttemptId, SessionId, SubjectId};
use gatehouse_auth::mail::{CodeSlot, Message, Origin};
use gatehouse_auth::password::describe;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::user::{Status, StoredHash, User};
use gatehouse_store::Revocation;
use serde::Serialize;
use serde_json::Value;

/// Everything that is stored about a user.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub(crate) struct Export<'a> {
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    pub(super) exported_at: String,
    pub(super) user: Owner<'a>,
    /// How the password is hashed; `null` if the account has none.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub(super) password: Option<Hash>,
    /// A recovery code that has not been used; `null` if there is none.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub(super) recovery: Option<Granted>,
    /// Every session that is stored, also ended ones.
    pub(super) sessions: Vec<Login<'a>>,
    /// Revocations of the user's tokens and sessions.
    pub(super) revocations: Vec<Ended<'a>>,
    /// Counters of attempts to log in, as they are stored.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Object>))]
    pub(super) login_attempts: Vec<Value>,
    /// What is yet to be mailed.
    pub(super) messages: Vec<Waiting<'a>>,
    /// The codes that were mailed and are still stored, also ended ones.
    pub(super) mailed_codes: Vec<Mailed>,
    /// Counters of the mails to `email` that anyone can cause, as they are stored.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Object>))]
    pub(super) mail_counters: Vec<Value>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedUser))]
pub(super) struct Owner<'a> {
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$"))]
    id: &'a SubjectId,
    username: &'a str,
    /// The form by which the username is unique.
    username_canonical: &'a str,
    #[cfg_attr(feature = "schema", schema(required = true))]
    email: Option<&'a str>,
    #[cfg_attr(feature = "schema", schema(required = true))]
    email_canonical: Option<&'a str>,
    /// When the user verified `email`.
    #[cfg_attr(feature = "schema", schema(required = true, format = DateTime, example = "2026-11-27T08:30:00Z"))]
    email_verified_at: Option<String>,
    /// An address that waits for its verification.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pending_email: Option<&'a str>,
    #[cfg_attr(feature = "schema", schema(required = true))]
    pending_email_canonical: Option<&'a str>,
    #[cfg_attr(feature = "schema", schema(required = true, format = DateTime, example = "2026-11-27T08:30:00Z"))]
    pending_email_at: Option<String>,
    /// Whether an address must be verified before the first login.
    verification_required: bool,
    /// The id in the system that the user was imported from.
    #[cfg_attr(feature = "schema", schema(required = true, value_type = Option<String>))]
    external_id: Option<&'a ExternalId>,
    /// The import that created the user.
    #[cfg_attr(feature = "schema", schema(required = true))]
    imported: Option<&'a str>,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    roles: &'a Roles,
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^(active|disabled)$"))]
    status: Status,
    /// Earlier usernames, and until when they are reserved.
    reserved_names: BTreeMap<&'a str, String>,
    token_version: u64,
    session_version: u64,
    /// How often the account was written.
    revision: u64,
    /// The lowest revision whose mailed codes are valid.
    codes_since: u64,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    updated_at: String,
}

impl<'a> Owner<'a> {
    pub(super) fn of(user: &'a User) -> Self {
        Self {
            id: &user.sub,
            username: &user.username,
            username_canonical: &user.username_canonical,
            email: user.email.as_deref(),
            email_canonical: user.email_canonical.as_deref(),
            email_verified_at: user.email_verified_at.map(|at| at.to_string()),
            pending_email: user.pending_email.as_deref(),
            pending_email_canonical: user.pending_email_canonical.as_deref(),
            pending_email_at: user.pending_email_at.map(|at| at.to_string()),
            verification_required: user.verification_required,
            external_id: user.external_id.as_ref(),
            imported: user.imported.as_deref(),
            roles: &user.roles,
            status: user.status,
            reserved_names: (user.reserved_names.iter())
                .map(|(name, until)| (name.as_str(), until.to_string()))
                .collect(),
            token_version: user.token_version,
            session_version: user.session_version,
            revision: user.revision,
            codes_since: user.codes_since,
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedPassword))]
pub(super) struct Hash {
    /// Such as `argon2id`.
    algorithm: String,
    /// Such as `m=19456, t=2, p=1`.
    parameters: String,
    #[cfg_attr(feature = "schema", schema(required = true, format = DateTime, example = "2026-11-27T08:30:00Z"))]
    changed_at: Option<String>,
}

impl Hash {
    pub(super) fn of(user: &User, hash: &StoredHash) -> Self {
        let described = describe(hash).unwrap_or_else(|_| "unknown".to_owned());
        let (algorithm, parameters) = described.split_once(", ").unwrap_or((&described, ""));
        Self {
            algorithm: algorithm.to_owned(),
            parameters: parameters.to_owned(),
            changed_at: user.password_changed_at.map(|at| at.to_string()),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedRecovery))]
pub(super) struct Granted {
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    expires_at: String,
}

impl Granted {
    pub(super) fn of(recovery: &Recovery) -> Self {
        let expires_at = recovery.expires_at.to_string();
        Self { expires_at }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedSession))]
pub(super) struct Login<'a> {
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$"))]
    id: &'a SessionId,
    /// Empty if the session has no scope.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    scope: &'a Scopes,
    ip: &'a str,
    user_agent: &'a str,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    auth_time: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    last_used_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    rotated_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    idle_expires_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    expires_at: String,
    #[cfg_attr(feature = "schema", schema(required = true, format = DateTime, example = "2026-11-27T08:30:00Z"))]
    revoked_at: Option<String>,
    /// How many refreshes the session has had.
    #[cfg_attr(feature = "schema", schema(value_type = u64))]
    generation: u32,
    session_version: u64,
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$"))]
    attempt_id: &'a AttemptId,
    mac_kid: &'a str,
}

impl<'a> Login<'a> {
    pub(super) fn of(session: &'a Session) -> Self {
        Self {
            id: &session.sid,
            scope: &session.scope,
            ip: &session.ip,
            user_agent: &session.user_agent,
            auth_time: session.auth_time.to_string(),
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            rotated_at: session.rotated_at.to_string(),
            idle_expires_at: session.idle_expires_at.to_string(),
            expires_at: session.expires_at.to_string(),
            revoked_at: session.revoked_at.map(|at| at.to_string()),
            generation: session.generation,
            session_version: session.session_version,
            attempt_id: &session.attempt_id,
            mac_kid: &session.mac_kid,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedRevocation))]
pub(super) struct Ended<'a> {
    /// What is revoked: a session, a token or all tokens of the user.
    key: &'a str,
    reason: &'a str,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    revoked_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    expires_at: String,
    /// Tokens with a lower version are revoked.
    #[cfg_attr(feature = "schema", schema(required = true))]
    min_ver: Option<u64>,
}

impl<'a> Ended<'a> {
    pub(super) fn of(revocation: &'a Revocation) -> Self {
        Self {
            key: &revocation.key,
            reason: &revocation.reason,
            revoked_at: revocation.revoked_at.to_string(),
            expires_at: revocation.expires_at.to_string(),
            min_ver: revocation.min_ver,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedMessage))]
pub(super) struct Waiting<'a> {
    /// Such as `password_changed`.
    kind: &'static str,
    /// Who caused it: `anyone`, `known_network`, `session` or `operator`.
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^(anyone|known_network|session|operator)$"))]
    origin: Origin,
    /// The address that it goes to, if the account no longer holds it.
    #[cfg_attr(feature = "schema", schema(required = true))]
    address: Option<&'a str>,
    /// The account's revision at that time.
    revision: u64,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
    /// When it is no longer mailed.
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    ends_at: String,
    /// The last attempt to mail it.
    #[cfg_attr(feature = "schema", schema(required = true, format = DateTime, example = "2026-11-27T08:30:00Z"))]
    attempted_at: Option<String>,
}

impl<'a> Waiting<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        Self {
            kind: message.kind.as_str(),
            origin: message.origin,
            address: message.address.as_deref(),
            revision: message.revision,
            created_at: message.created_at.to_string(),
            ends_at: message.ends_at.to_string(),
            attempted_at: message.attempted_at.map(|at| at.to_string()),
        }
    }
}

/// A mailed code, without its digest and that of the address.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ExportedMailedCode))]
pub(super) struct Mailed {
    /// What it is for: `recovery`, `verification` or `cancellation`.
    kind: &'static str,
    /// The account's revision at that time.
    revision: u64,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    ends_at: String,
}

impl Mailed {
    pub(super) fn of(kind: CodeKind, code: &CodeSlot) -> Self {
        Self {
            kind: kind.as_str(),
            revision: code.revision,
            created_at: code.created_at.to_string(),
            ends_at: code.ends_at.to_string(),
        }
    }
}
