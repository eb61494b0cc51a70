//! What can go wrong with a table.
//!
//! Texts of this module reach logs, so they hold what the SDK was told to do and
//! what AWS answered, never an item: the SDK's own errors carry items.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use gatehouse_auth::failure::Failure;

/// A call to a table or to the secret that gave no answer to act upon.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, or not reached: the same call may succeed later.
    #[error("{operation} is unavailable")]
    Unavailable {
        /// The call, as AWS names it.
        operation: &'static str,
        /// What AWS or the connection said.
        #[source]
        source: Cause,
    },
    /// Refused for good: no permission, no such table, a request that is wrong.
    #[error("{operation} was rejected")]
    Rejected {
        /// The call, as AWS names it.
        operation: &'static str,
        /// What AWS said.
        #[source]
        source: Cause,
    },
    /// An item is there but does not say what it must.
    #[error("item `{key}` of table `{table}` is corrupt at `{attribute}`")]
    Corrupt {
        /// The table's name.
        table: String,
        /// The item's key.
        key: String,
        /// The attribute that is missing or of another type.
        attribute: String,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// A part of the keys stayed unread after every retry.
    #[error("{operation} left a part of its keys unread")]
    Incomplete {
        /// The call, as AWS names it.
        operation: &'static str,
    },
}

/// The reason behind a [`StoreError`].
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What AWS answered instead of a result.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
struct Answer {
    code: String,
    message: String,
}

impl Failure for StoreError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Incomplete { .. } => true,
            Self::Rejected { .. } | Self::Corrupt { .. } => false,
        }
    }
}

impl StoreError {
    /// Sorts an SDK error into what may pass by itself and what will not.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let transient = is_transient(&error);
        let source = match error.as_service_error() {
            Some(answer) => Box::new(Answer {
                code: answer.code().unwrap_or("no code").to_owned(),
                message: answer.message().unwrap_or("no message").to_owned(),
            }),
            None => error.into_source().unwrap_or_else(|whole| Box::new(whole)),
        };
        if transient {
            Self::Unavailable { operation, source }
        } else {
            Self::Rejected { operation, source }
        }
    }

    /// Makes the error for a call that was throttled or contended to the end.
    pub(crate) fn unavailable(operation: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::Unavailable { operation, source }
    }

    /// Makes the error for an answer that no retry will change.
    pub(crate) fn rejected(operation: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::Rejected { operation, source }
    }
}

fn is_transient<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => !failure.is_user(),
        SdkError::ServiceError(failure) => {
            failure.raw().status().as_u16() >= 500
                || failure
                    .err()
                    .code()
                    .is_some_and(|code| TRANSIENT_CODES.contains(&code))
        }
        // The request could not even be built.
        SdkError::ConstructionFailure(_) | _ => false,
    }
}

/// Answers below 500 that pass by themselves.
const TRANSIENT_CODES: [&str; 8] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ReplicatedWriteConflictException",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];
