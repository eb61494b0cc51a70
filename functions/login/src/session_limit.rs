//! The limit of sessions per user. No decision of a login depends on it: what is late or
//! fails ends nothing.

use std::pin::pin;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_edge::{AuditEvent, Request};
use gatehouse_store::{Accounts, StoreError, SurplusSessions};

/// The limit, and what ends sessions.
pub(crate) struct SessionLimit {
    pub(crate) accounts: Accounts,
    pub(crate) max: u16,
}

impl SessionLimit {
    /// Runs `work`, and looks for surplus sessions beside it. `work` never waits: a late
    /// result is ignored. The look is the same for a user who does not exist.
    pub(crate) async fn look_beside<T>(
        &self,
        sub: &SubjectId,
        work: impl Future<Output = T>,
    ) -> (T, Option<SurplusSessions>) {
        let mut work = pin!(work);
        let look = pin!(self.accounts.surplus_sessions(sub, self.max));
        tokio::select! {
            biased;
            looked = look => (work.await, found(looked)),
            done = &mut work => (done, None),
        }
    }

    /// Ends the surplus sessions of a user who has logged in.
    pub(crate) async fn end(
        &self,
        surplus: Option<SurplusSessions>,
        (request, user): (&Request, &User),
        now: Timestamp,
    ) {
        let Some(surplus) = surplus else { return };
        let ended = found(self.accounts.end_surplus(surplus, now).await);
        for sid in ended.unwrap_or_default() {
            let mut audit = request.audit();
            audit.sub = Some(&user.sub);
            audit.sid = Some(&sid);
            audit.reason = Some("too_many_sessions");
            audit.record(AuditEvent::SessionRevoked);
        }
    }
}

fn found<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| {
            let error: &dyn std::error::Error = error;
            tracing::warn!(error, "no surplus session was ended");
        })
        .ok()
}
