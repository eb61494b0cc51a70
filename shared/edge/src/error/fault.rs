//! What both formats of an error share: the status, the text for the caller, and the
//! failure behind it, which only the log sees.

use std::borrow::Cow;
use std::error::Error;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::scope::Scopes;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::{Response, response, telemetry};

/// An error before it has a format.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(super) status: StatusCode,
    /// What the caller reads.
    pub(super) detail: Cow<'static, str>,
    retry_after: Option<Duration>,
    challenge: Option<Cow<'static, str>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// RFC 6750 section 3: no `error` if no token was presented.
pub(super) const BEARER: &str = r#"Bearer realm="gatehouse""#;
const INSUFFICIENT_SCOPE: &str = r#"Bearer realm="gatehouse", error="insufficient_scope""#;

impl Fault {
    pub(super) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            retry_after: None,
            challenge: None,
            source: None,
        }
    }

    pub(super) fn body_too_large() -> Self {
        let detail = "the body is larger than 16 KiB";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub(super) fn too_many_requests(retry_after: Duration) -> Self {
        let detail = "too many attempts: wait, then try again";
        let fault = Self::new(StatusCode::TOO_MANY_REQUESTS, detail);
        Self {
            retry_after: Some(retry_after),
            ..fault
        }
    }

    /// 401 without an access token.
    pub(super) fn unauthorized() -> Self {
        let detail = "a valid access token is required";
        Self::new(StatusCode::UNAUTHORIZED, detail).with_challenge(BEARER)
    }

    /// 401 with an access token that is invalid.
    pub(super) fn invalid_token() -> Self {
        let challenge = format!(r#"{BEARER}, error="invalid_token""#);
        Self::unauthorized().with_challenge(challenge)
    }

    /// 403; the challenge names the scope that is required (RFC 6750 section 3).
    pub(super) fn missing_scope(scope: &str) -> Self {
        let fault = Self::insufficient_scope(format!("the scope `{scope}` is required"));
        // A scope token holds no quote and no backslash; anything else stays out.
        match Scopes::parse(scope) {
            Ok(scopes) if scopes.contains(scope) => {
                let challenge = format!(r#"{INSUFFICIENT_SCOPE}, scope="{scope}""#);
                fault.with_challenge(challenge)
            }
            Ok(_) | Err(_) => fault,
        }
    }

    /// 403 for something that is not a scope.
    pub(super) fn insufficient_scope(detail: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail).with_challenge(INSUFFICIENT_SCOPE)
    }

    /// 500, for an error that a retry cannot fix.
    pub(super) fn broken(error: impl Error + Send + Sync + 'static) -> Self {
        let detail = "an internal error occurred; quote the request id when reporting it";
        Self {
            source: Some(Box::new(error)),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
        }
    }

    pub(super) fn with_challenge(self, challenge: impl Into<Cow<'static, str>>) -> Self {
        Self {
            challenge: Some(challenge.into()),
            ..self
        }
    }

    pub(super) fn is_transient(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// Creates the response with this body, and logs the failure behind it.
    pub(super) fn respond<T: Serialize>(&self, content_type: &'static str, body: &T) -> Response {
        if let Some(source) = &self.source {
            telemetry::log_failure(source.as_ref(), self.is_transient());
        }
        let mut response = response::with_content_type(self.status, content_type, body);
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, response::retry_after(wait));
        }
        if let Some(challenge) = &self.challenge
            && let Ok(challenge) = HeaderValue::try_from(challenge.as_ref())
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The longest wait that a response asks for while the service is unavailable: a throttled
/// table recovers in it, and a person waits for it. The refresh window counts on it: with
/// more, an outage makes honest clients replay.
pub(crate) const LONGEST_RETRY: Duration = Duration::from_secs(2);

/// Returns one or two seconds at random, so that clients that failed together do not come
/// back together.
fn retry_soon() -> Duration {
    // The standard library's own source of randomness: nobody gains from predicting this.
    let bits = RandomState::new().build_hasher().finish();
    if bits & 1 == 0 {
        LONGEST_RETRY
    } else {
        LONGEST_RETRY / 2
    }
}

/// 503 if the same request may succeed a moment later, 500 if an operator must act.
impl<F: Failure> From<F> for Fault {
    fn from(failure: F) -> Self {
        if !failure.is_transient() {
            return Self::broken(failure);
        }
        let detail = "the service is unavailable: try again";
        Self {
            retry_after: Some(failure.retry_after().unwrap_or_else(retry_soon)),
            source: Some(Box::new(failure)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }
}

/// A failure whose text must not reach a caller.
#[cfg(test)]
#[derive(Debug, thiserror::Error)]
#[error("arn:aws:dynamodb:table/canary is gone")]
pub(crate) struct Failing {
    pub(crate) transient: bool,
}

#[cfg(test)]
impl Failure for Failing {
    fn is_transient(&self) -> bool {
        self.transient
    }
}
