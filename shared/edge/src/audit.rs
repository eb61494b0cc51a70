//! Audit events: who did what, from where, and how it ended.

use gatehouse_auth::id::{SessionId, SubjectId};

use crate::metric;

/// What happened; the names are fixed, since alarms and people search for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditEvent {
    /// An account was made.
    UserRegistered,
    /// A registration was refused unread, after too many from its address.
    RegistrationThrottled,
    /// Somebody logged in.
    LoginSucceeded,
    /// A login was refused.
    LoginFailed,
    /// A login was refused unread, after too many attempts.
    LoginThrottled,
    /// A refresh token was rotated.
    TokenRefreshed,
    /// An old refresh token came again; its session was revoked.
    RefreshReuseDetected,
    /// Somebody logged out.
    LoggedOut,
    /// A session was ended by anything but its own logout.
    SessionRevoked,
    /// A password was changed.
    PasswordChanged,
    /// A user's roles were changed.
    RoleChanged,
    /// A user was disabled.
    UserDisabled,
    /// A disabled user was enabled again.
    UserEnabled,
    /// A user was deleted.
    UserDeleted,
    /// The signing keys were rotated.
    KeyRotated,
    /// A request was refused by the authorizer or by a check of rights.
    AuthorizationDenied,
    /// A client's credentials were refused.
    ClientRefused,
}

impl AuditEvent {
    /// Returns the name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserRegistered => "user_registered",
            Self::RegistrationThrottled => "registration_throttled",
            Self::LoginSucceeded => "login_succeeded",
            Self::LoginFailed => "login_failed",
            Self::LoginThrottled => "login_throttled",
            Self::TokenRefreshed => "token_refreshed",
            Self::RefreshReuseDetected => "refresh_reuse_detected",
            Self::LoggedOut => "logged_out",
            Self::SessionRevoked => "session_revoked",
            Self::PasswordChanged => "password_changed",
            Self::RoleChanged => "role_changed",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserDeleted => "user_deleted",
            Self::KeyRotated => "key_rotated",
            Self::AuthorizationDenied => "authorization_denied",
            Self::ClientRefused => "client_refused",
        }
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::RegistrationThrottled
            | Self::LoginFailed
            | Self::LoginThrottled
            | Self::RefreshReuseDetected
            | Self::AuthorizationDenied
            | Self::ClientRefused => "failure",
            Self::UserRegistered
            | Self::LoginSucceeded
            | Self::TokenRefreshed
            | Self::LoggedOut
            | Self::SessionRevoked
            | Self::PasswordChanged
            | Self::RoleChanged
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::UserDeleted
            | Self::KeyRotated => "success",
        }
    }
}

/// What is known about an event. There is no place for a password, a token, a
/// hash or an e-mail address; an identifier appears as its digest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit<'a> {
    /// Why, as a stable word such as `wrong_password`.
    pub reason: Option<&'a str>,
    /// The user whom it concerns, where there is one.
    pub sub: Option<&'a SubjectId>,
    /// Who did it, where that is somebody else: an administrator.
    pub actor: Option<&'a SubjectId>,
    /// The session, where there is one.
    pub sid: Option<&'a SessionId>,
    /// The digest of what was typed as a login identifier.
    pub identifier_digest: Option<&'a str>,
    /// The client's address.
    pub ip: Option<&'a str>,
    /// The client's own word for itself.
    pub user_agent: Option<&'a str>,
    /// The gateway's id of the request.
    pub request_id: Option<&'a str>,
}

impl Audit<'_> {
    /// Writes the event as one JSON line, and one count of it.
    pub fn record(self, event: AuditEvent) {
        tracing::info!(
            target: TARGET,
            event = event.name(),
            outcome = event.outcome(),
            reason = self.reason,
            sub = self.sub.map(SubjectId::as_str),
            actor = self.actor.map(SubjectId::as_str),
            sid = self.sid.map(SessionId::as_str),
            identifier_digest = self.identifier_digest,
            ip = self.ip,
            user_agent = self.user_agent,
            request_id = self.request_id,
        );
        metric::count(event.name());
    }
}

/// The target of audit lines, which no log level silences.
pub(crate) const TARGET: &str = "gatehouse::audit";
