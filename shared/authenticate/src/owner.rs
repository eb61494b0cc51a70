//! The user behind a principal: read again, and authenticated by the password if a token
//! is not enough.

use gatehouse_auth::password::{TypedPassword, Verified};
use gatehouse_auth::user::{Status, User};
use gatehouse_edge::{AuditEvent, Principal, Problem, Request};
use gatehouse_store::{Reservation, Waiting};
use secrecy::{ExposeSecret, SecretString};

use crate::Authenticator;

impl Authenticator {
    /// Reads the user that the access token belongs to.
    ///
    /// # Errors
    /// 401 if the account has been deleted, disabled or changed since the token was issued.
    /// The authorizer checked a moment earlier, and may have missed it.
    pub async fn owner(&self, principal: &Principal) -> Result<User, Problem> {
        let user = self.users.get(&principal.sub).await?;
        user.filter(|user| user.token_version == principal.ver && user.status == Status::Active)
            .ok_or_else(Problem::invalid_token)
    }

    /// Reads the user that both the access token and the password belong to.
    ///
    /// # Errors
    /// As [`owner`](Self::owner); 401 `invalid_credentials` for a wrong password; 429 after
    /// too many.
    pub async fn confirm(
        &self,
        request: &Request,
        principal: &Principal,
        typed: &SecretString,
    ) -> Result<User, Problem> {
        let user = self.owner(principal).await?;
        let typed = TypedPassword::new(typed.expose_secret());
        self.hasher.ready_to_verify(&typed)?;
        self.count(request, principal).await?;
        let verified = self.hasher.verify(typed, user.password_hash.clone());
        let verified = verified.await?;
        if verified.is_right() {
            self.give_back(&user).await;
            return Ok(user);
        }
        let reason = match verified {
            Verified::Unusable => "unusable_hash",
            Verified::Wrong | Verified::Right | Verified::Outdated => "wrong_password",
        };
        deny(request, principal, reason);
        Err(Problem::invalid_credentials())
    }

    /// Counts an attempt at the password of a user who is logged in, before it is hashed, so
    /// that a stolen token cannot be used to guess the password. It waits for others that are
    /// under way, so that right passwords do not refuse each other.
    async fn count(&self, request: &Request, principal: &Principal) -> Result<(), Problem> {
        let waiting = Waiting::begin();
        loop {
            let now = self.clock.now();
            let reserved = self.attempts.reserve_subject(&principal.sub, now).await?;
            let Reservation::Refused {
                retry_after,
                is_busy,
            } = reserved
            else {
                return Ok(());
            };
            if !(is_busy && waiting.turn().await) {
                deny(request, principal, "too_many_attempts");
                return Err(Problem::too_many_requests(retry_after));
            }
        }
    }

    /// Undoes the counting of a right password. If that fails, the request succeeds all the
    /// same, and stays counted.
    async fn give_back(&self, user: &User) {
        if let Err(error) = self.attempts.give_back_subject(&user.sub).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a right password stays counted as an attempt");
        }
    }
}

/// Records that the holder of this token was refused.
fn deny(request: &Request, principal: &Principal, reason: &str) {
    let mut audit = request.audit();
    audit.reason = Some(reason);
    audit.sub = Some(&principal.sub);
    audit.sid = Some(&principal.sid);
    audit.jti = Some(&principal.jti);
    audit.record(AuditEvent::AuthorizationDenied);
}
