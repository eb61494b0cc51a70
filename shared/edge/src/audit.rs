//! Audit events: who did what, from where, and with which outcome.

use gatehouse_auth::id::{Jti, SessionId, SubjectId};

use crate::metric;

/// What happened. The names never change: alarms and people search for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditEvent {
    /// An account was created.
    UserRegistered,
    /// A registration was refused without being processed: too many from its address.
    RegistrationThrottled,
    /// A user logged in.
    LoginSucceeded,
    /// A login was refused.
    LoginFailed,
    /// A login was refused without checking the password: too many attempts.
    LoginThrottled,
    /// A refresh token was rotated.
    TokenRefreshed,
    /// A refresh token was replayed whose successor had been used: its session is revoked.
    RefreshReuseDetected,
    /// The previous refresh token came back after the window: its session is revoked.
    RefreshRepeatedLate,
    /// A user logged out.
    LoggedOut,
    /// A session ended for any reason other than its own logout.
    SessionRevoked,
    /// A mail with a code that sets a new password was asked for.
    PasswordResetRequested,
    /// A password was changed.
    PasswordChanged,
    /// An address was verified.
    EmailVerified,
    /// An address left an account, because another one has verified it.
    EmailReleased,
    /// A user's roles were changed.
    RoleChanged,
    /// A username was changed.
    UserRenamed,
    /// An e-mail address was changed.
    EmailChanged,
    /// A user asked for another address, which waits for its code.
    EmailChangeRequested,
    /// A change of address was cancelled, and every session of the user ended.
    EmailChangeCancelled,
    /// A user was disabled.
    UserDisabled,
    /// A disabled user was enabled again.
    UserEnabled,
    /// A user was deleted.
    UserDeleted,
    /// The signing keys were rotated.
    KeyRotated,
    /// The authorizer or a permission check refused a request.
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
            Self::RefreshRepeatedLate => "refresh_repeated_late",
            Self::LoggedOut => "logged_out",
            Self::SessionRevoked => "session_revoked",
            Self::PasswordResetRequested => "password_reset_requested",
            Self::PasswordChanged => "password_changed",
            Self::EmailVerified => "email_verified",
            Self::EmailReleased => "email_released",
            Self::RoleChanged => "role_changed",
            Self::UserRenamed => "user_renamed",
            Self::EmailChanged => "email_changed",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChangeCancelled => "email_change_cancelled",
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
            | Self::RefreshRepeatedLate
            | Self::AuthorizationDenied
            | Self::ClientRefused => "failure",
            Self::UserRegistered
            | Self::LoginSucceeded
            | Self::TokenRefreshed
            | Self::LoggedOut
            | Self::SessionRevoked
            | Self::PasswordResetRequested
            | Self::PasswordChanged
            | Self::EmailVerified
            | Self::EmailReleased
            | Self::RoleChanged
            | Self::UserRenamed
            | Self::EmailChanged
            | Self::EmailChangeRequested
            | Self::EmailChangeCancelled
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::UserDeleted
            | Self::KeyRotated => "success",
        }
    }
}

/// What is known about an event. It has no field for a password, a token, a hash or an
/// e-mail address; a login identifier appears as its digest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit<'a> {
    /// Why, as a stable word such as `wrong_password`.
    pub reason: Option<&'a str>,
    /// The user it is about, if any.
    pub sub: Option<&'a SubjectId>,
    /// Who did it, if not that user: an administrator.
    pub actor: Option<&'a SubjectId>,
    /// The session, if any.
    pub sid: Option<&'a SessionId>,
    /// The access token, if one whose signature is valid was refused.
    pub jti: Option<&'a Jti>,
    /// The digest of the login identifier, as typed.
    pub identifier_digest: Option<&'a str>,
    /// The client's address.
    pub ip: Option<&'a str>,
    /// The `User-Agent` header, as sent by the client.
    pub user_agent: Option<&'a str>,
    /// The gateway's id of the request.
    pub request_id: Option<&'a str>,
}

/// The target of audit lines, which no log level silences.
pub(crate) const TARGET: &str = "gatehouse::audit";

impl Audit<'_> {
    /// Logs the event as one JSON line, and counts it in a metric.
    pub fn record(self, event: AuditEvent) {
        tracing::info!(
            target: TARGET,
            event = event.name(),
            outcome = event.outcome(),
            reason = self.reason,
            sub = self.sub.map(SubjectId::as_str),
            actor = self.actor.map(SubjectId::as_str),
            sid = self.sid.map(SessionId::as_str),
            jti = self.jti.map(Jti::as_str),
            identifier_digest = self.identifier_digest,
            ip = self.ip,
            user_agent = self.user_agent,
            request_id = self.request_id,
        );
        metric::count(event.name());
    }
}
