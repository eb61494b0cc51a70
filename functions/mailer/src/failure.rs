//! Why SES did not accept a mail, and what follows from it.

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use gatehouse_auth::failure::ExpiredCredentials;
use gatehouse_edge::end_if_expired;

/// A mail that was not, or perhaps not, accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SendFailure {
    /// What it concerns.
    pub(crate) class: FailureClass,
    /// The code of the error. SES's message is never kept, because it may contain addresses.
    pub(crate) code: String,
}

/// What a failure concerns, and so what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// Only this message: sending it again would fail again.
    Message,
    /// Too many at a time: wait.
    Throttling,
    /// Every mail of the account, until an operator acts or a day has passed: stop sending.
    Account,
    /// This mail, until an operator has set something up: wait. Others are sent, since a
    /// stranger may be able to cause this one.
    Setup,
    /// Nobody knows whether it was sent: wait, and send it again.
    Unknown,
}

impl SendFailure {
    /// Classifies an error of `SendEmail` from that address.
    pub(crate) fn of<R>(error: &SdkError<SendEmailError, R>, from: &str) -> Self {
        let (class, code) = match error {
            SdkError::ServiceError(refusal) => {
                let refusal = refusal.err();
                (service(refusal, from), refusal.code().unwrap_or("no code"))
            }
            SdkError::ConstructionFailure(_) => (FailureClass::Message, "construction failure"),
            SdkError::TimeoutError(_) => (FailureClass::Unknown, "timeout"),
            SdkError::DispatchFailure(_) => (FailureClass::Unknown, "connection failure"),
            SdkError::ResponseError(_) | _ => (FailureClass::Unknown, "invalid response"),
        };
        let code = code.to_owned();
        Self { class, code }
    }
}

/// Classifies a response of SES.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every documented error is listed, and the variant for others is deprecated"
)]
fn service(error: &SendEmailError, from: &str) -> FailureClass {
    let says = |words: &str| {
        let message = error.message().unwrap_or_default();
        message
            .to_ascii_lowercase()
            .contains(&words.to_ascii_lowercase())
    };
    match error {
        // SES says this of the sender, and, while the account is in the sandbox, of a
        // recipient. It names whom it means.
        SendEmailError::MessageRejected(_) if says("not verified") && says(from) => {
            FailureClass::Account
        }
        SendEmailError::MessageRejected(_) if says("not verified") => FailureClass::Setup,
        SendEmailError::BadRequestException(_) | SendEmailError::MessageRejected(_) => {
            FailureClass::Message
        }
        SendEmailError::TooManyRequestsException(_) if says("quota") => FailureClass::Account,
        SendEmailError::TooManyRequestsException(_) => FailureClass::Throttling,
        SendEmailError::AccountSuspendedException(_)
        | SendEmailError::SendingPausedException(_)
        | SendEmailError::MailFromDomainNotVerifiedException(_)
        | SendEmailError::LimitExceededException(_) => FailureClass::Account,
        // The configuration set, or a team's template for this letter.
        SendEmailError::NotFoundException(_) => FailureClass::Setup,
        other => by_code(other.code().unwrap_or_default()),
    }
}

/// Classifies an error that the operation does not document, by its code.
fn by_code(code: &str) -> FailureClass {
    if ExpiredCredentials::CODES.contains(&code) {
        // The next process gets new ones.
        end_if_expired(&ExpiredCredentials);
        return FailureClass::Unknown;
    }
    if ACCESS_CODES.contains(&code) {
        FailureClass::Account
    } else if code.contains("Throttl") {
        FailureClass::Throttling
    } else {
        FailureClass::Unknown
    }
}

/// The role or the account may not send.
const ACCESS_CODES: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "OptInRequired",
    "UnauthorizedOperation",
];
