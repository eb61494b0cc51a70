//! What every route that takes a code does: it counts the attempt, and refuses an invalid
//! code like any other.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{AuditEvent, Problem, Request};
use gatehouse_store::Reservation;

use crate::Authenticator;

impl Authenticator {
    /// Counts an attempt to use a code by the client's address. A code has too many bits to
    /// be guessed, but each attempt costs reads.
    ///
    /// # Errors
    /// 429 after too many.
    pub async fn count_code(&self, request: &Request, now: Timestamp) -> Result<(), Problem> {
        let reserved = self.attempts.reserve_address(request.client_address(), now);
        match reserved.await? {
            Reservation::Granted => Ok(()),
            Reservation::Refused { retry_after, .. } => {
                deny(request, None, "too_many_attempts");
                Err(Problem::too_many_requests(retry_after))
            }
        }
    }
}

/// Records that a code was refused, and returns what the client gets. `sub` is whose code it
/// would be, if it could be read.
#[must_use]
pub fn refuse_code(request: &Request, sub: Option<&SubjectId>) -> Problem {
    deny(request, sub, "invalid_code");
    Problem::invalid_code()
}

fn deny(request: &Request, sub: Option<&SubjectId>, reason: &str) {
    let mut audit = request.audit();
    audit.sub = sub;
    audit.reason = Some(reason);
    audit.record(AuditEvent::AuthorizationDenied);
}
