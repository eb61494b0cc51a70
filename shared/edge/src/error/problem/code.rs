//! The closed list of problem codes, with their titles.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidRequest,
    InvalidJson,
    UnsupportedMediaType,
    BodyTooLarge,
    ValidationFailed,
    WeakPassword,
    InvalidScope,
    InvalidCredentials,
    Unauthorized,
    InsufficientScope,
    RoleNotGrantable,
    EmailNotVerified,
    RegistrationClosed,
    NotFound,
    UsernameTaken,
    EmailTaken,
    LastAdmin,
    InvalidRecovery,
    TooManyRequests,
    Unavailable,
    Internal,
}

impl Code {
    /// The word that clients compare. Once published, it never changes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidJson => "invalid_json",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::BodyTooLarge => "body_too_large",
            Self::ValidationFailed => "validation_failed",
            Self::WeakPassword => "weak_password",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Unauthorized => "unauthorized",
            Self::InsufficientScope => "insufficient_scope",
            Self::RoleNotGrantable => "role_not_grantable",
            Self::EmailNotVerified => "email_not_verified",
            Self::RegistrationClosed => "registration_closed",
            Self::NotFound => "not_found",
            Self::UsernameTaken => "username_taken",
            Self::EmailTaken => "email_taken",
            Self::LastAdmin => "last_admin",
            Self::InvalidRecovery => "invalid_code",
            Self::TooManyRequests => "too_many_requests",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "Malformed request",
            Self::InvalidJson => "Malformed body",
            Self::UnsupportedMediaType => "Unsupported content type",
            Self::BodyTooLarge => "Body too large",
            Self::ValidationFailed => "Validation failed",
            Self::WeakPassword => "Weak password",
            Self::InvalidScope => "Scope not granted",
            Self::InvalidCredentials => "Wrong username or password",
            Self::Unauthorized => "Not authenticated",
            Self::InsufficientScope => "Not allowed",
            Self::RoleNotGrantable => "Role not granted",
            Self::EmailNotVerified => "E-mail address not verified",
            Self::RegistrationClosed => "Registration is closed",
            Self::NotFound => "Not found",
            Self::UsernameTaken => "Username taken",
            Self::EmailTaken => "E-mail address taken",
            Self::LastAdmin => "Last administrator",
            Self::InvalidRecovery => "Code not accepted",
            Self::TooManyRequests => "Too many requests",
            Self::Unavailable => "Temporarily unavailable",
            Self::Internal => "Internal error",
        }
    }
}
