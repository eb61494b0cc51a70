//! What can go wrong with a table.
//!
//! The texts of these errors reach logs, so they contain the operation and the response of
//! AWS, but never an item. The SDK's own errors contain items.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use gatehouse_auth::failure::{ExpiredCredentials, Failure};

/// A call to a table or to the secret that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out or unreachable: the same call may succeed later.
    #[error("{operation} is unavailable")]
    Unavailable {
        /// The call, as AWS names it.
        operation: &'static str,
        /// The error of AWS or of the connection.
        #[source]
        source: Cause,
    },
    /// Refused for good: no permission, no such table, an invalid request.
    #[error("{operation} was rejected")]
    Rejected {
        /// The call, as AWS names it.
        operation: &'static str,
        /// The error of AWS.
        #[source]
        source: Cause,
    },
    /// An item exists, but is invalid.
    #[error("item `{key}` of table `{table}` is corrupt at `{attribute}`")]
    Corrupt {
        /// The table's name.
        table: String,
        /// The item's key.
        key: String,
        /// The attribute that is missing or has the wrong type.
        attribute: String,
        /// What is wrong with the attribute.
        #[source]
        source: Cause,
    },
    /// Some of the keys were still unprocessed after every retry.
    #[error("{operation} left some of its keys unprocessed")]
    Incomplete {
        /// The call, as AWS names it.
        operation: &'static str,
    },
}

/// The reason behind a [`StoreError`].
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The error response of AWS.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
struct ErrorResponse {
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
    /// Classifies an error of the SDK as transient or permanent.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let code = error.as_service_error().and_then(|error| error.code());
        if code.is_some_and(|code| ExpiredCredentials::CODES.contains(&code)) {
            return Self::unavailable(operation, ExpiredCredentials);
        }
        let transient = is_transient(&error);
        let source = match error.as_service_error() {
            Some(response) => Box::new(ErrorResponse {
                code: response.code().unwrap_or("no code").to_owned(),
                message: response.message().unwrap_or("no message").to_owned(),
            }),
            None => error.into_source().unwrap_or_else(|whole| Box::new(whole)),
        };
        if transient {
            Self::Unavailable { operation, source }
        } else {
            Self::Rejected { operation, source }
        }
    }

    /// Builds the error for a call that was throttled or in contention until the last attempt.
    pub(crate) fn unavailable(operation: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::Unavailable { operation, source }
    }

    /// Builds the error for a failure that no retry will change.
    pub(crate) fn rejected(operation: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::Rejected { operation, source }
    }
}

/// Transient errors with a status below 500.
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
        // The request could not be built.
        SdkError::ConstructionFailure(_) | _ => false,
    }
}
