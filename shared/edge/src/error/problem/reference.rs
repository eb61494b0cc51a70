//! When each problem occurs and what a client does about it, for the API reference.

use super::code::Code;

impl Code {
    /// Every code, in the order of the reference.
    pub(crate) const ALL: [Self; 21] = [
        Self::InvalidRequest,
        Self::InvalidJson,
        Self::UnsupportedMediaType,
        Self::BodyTooLarge,
        Self::ValidationFailed,
        Self::WeakPassword,
        Self::InvalidScope,
        Self::InvalidCredentials,
        Self::Unauthorized,
        Self::InsufficientScope,
        Self::RoleNotGrantable,
        Self::EmailNotVerified,
        Self::RegistrationClosed,
        Self::NotFound,
        Self::UsernameTaken,
        Self::EmailTaken,
        Self::LastAdmin,
        Self::InvalidRecovery,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Internal,
    ];

    #[expect(clippy::too_many_lines, reason = "a row for each code")]
    /// Returns the status, when the problem occurs, and what a client does.
    pub(crate) fn reference(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => (
                400,
                "The request could not be parsed.",
                "Correct the client.",
            ),
            Self::InvalidJson => (
                400,
                "The body is not JSON, repeats a member, is nested too deeply or is not an object.",
                "Correct the client.",
            ),
            Self::UnsupportedMediaType => (
                415,
                "The content type of the body is not `application/json` in UTF-8, or is missing.",
                "Send `Content-Type: application/json`.",
            ),
            Self::BodyTooLarge => (413, "The body is larger than 16 KiB.", "Send less."),
            Self::ValidationFailed => (
                422,
                "Some fields or parameters are missing, unknown or invalid.",
                "Show `errors` beside the fields that it names.",
            ),
            Self::WeakPassword => (
                422,
                "The new password is too easy to guess, or is on a list of stolen passwords.",
                "Show `errors` and `suggestions`, and ask for another password.",
            ),
            Self::InvalidScope => (
                422,
                "The requested scope is malformed, or exceeds what the user has.",
                "Request a scope that the user has, or leave `scope` out.",
            ),
            Self::InvalidCredentials => (
                401,
                "The username or the password is wrong, or the account is disabled.",
                "Ask for both again. The response never says which one was wrong.",
            ),
            Self::Unauthorized => (
                401,
                "The access token is missing, or stopped being valid after API Gateway checked it.",
                "Refresh once and retry. If that fails too, log in again.",
            ),
            Self::InsufficientScope => (
                403,
                "The access token is valid, but its scope or its user's role is not enough; `detail` names what is missing.",
                "Do not retry: show that the user may not do this.",
            ),
            Self::RoleNotGrantable => (
                403,
                "The caller may not grant this role.",
                "Leave the role out, or ask an operator to grant it.",
            ),
            Self::EmailNotVerified => (
                403,
                "The password is right, but the account needs a verified e-mail address first (`EmailVerification=required`).",
                "Say that a mail with a code is on its way, and ask for the code. Every login with the right password causes another mail, at most one in five minutes.",
            ),
            Self::RegistrationClosed => (
                403,
                "The operator has closed registration.",
                "Hide the registration form.",
            ),
            Self::NotFound => (
                404,
                "There is no such user or session, or it belongs to somebody else.",
                "Reload the list that it came from.",
            ),
            Self::UsernameTaken => (
                409,
                "Another account has this username.",
                "Ask for another username.",
            ),
            Self::EmailTaken => (
                409,
                "Another account has this e-mail address; at `POST /email/verify`, it has verified it.",
                "Ask for another address, or offer to log in to the other account.",
            ),
            Self::LastAdmin => (
                409,
                "No active administrator would be left.",
                "Grant the role `admin` to another user first.",
            ),
            Self::InvalidRecovery => (
                400,
                "The code is malformed, unknown, used or expired, or belongs to another account.",
                "Ask for a new code.",
            ),
            Self::TooManyRequests => (
                429,
                "The user, the client's network or the route has reached a limit.",
                "Wait for the number of seconds in `Retry-After`, then retry.",
            ),
            Self::Unavailable => (
                503,
                "A store or the hasher is overloaded or does not respond.",
                "Wait for the number of seconds in `Retry-After`, then repeat the same request.",
            ),
            Self::Internal => (
                500,
                "Something is broken that a retry cannot fix.",
                "Report the request id to the operator.",
            ),
        }
    }
}

/// The codes of [`FieldError`](super::FieldError)s.
pub(crate) const FIELD_CODES: [(&str, &str); 24] = [
    ("missing", "A required field is missing or null."),
    ("wrong_type", "The field has the wrong JSON type."),
    ("unknown_field", "The request has no such field."),
    (
        "unknown_parameter",
        "The request has no such query parameter.",
    ),
    ("repeated", "The query parameter is given more than once."),
    (
        "conflict",
        "The parameter cannot be combined with another one.",
    ),
    ("out_of_range", "The number is too small or too large."),
    ("invalid", "The value is not valid for this field."),
    ("unknown", "The value is not one of the allowed ones."),
    (
        "unavailable",
        "The value requires a setting of the service that is off.",
    ),
    ("empty", "The password is empty."),
    ("too_short", "The value is too short."),
    ("too_long", "The value is too long."),
    (
        "invalid_character",
        "The value contains a character that is not allowed.",
    ),
    (
        "invalid_direction",
        "The username mixes writing directions.",
    ),
    (
        "mixed_scripts",
        "The username mixes scripts that can be confused.",
    ),
    ("invalid_email", "The value is not an e-mail address."),
    ("invalid_local_part", "The part before the @ is not valid."),
    (
        "invalid_domain",
        "The part after the @ is not a valid domain.",
    ),
    ("common", "The password is on a list of common passwords."),
    (
        "holds_username",
        "The password contains the username, and the rest of it is weak.",
    ),
    (
        "holds_email",
        "The password contains the e-mail address, and the rest of it is weak.",
    ),
    (
        "guessable",
        "The password follows a pattern that is easy to guess.",
    ),
    (
        "stolen",
        "The password is on a public list of stolen passwords.",
    ),
];
