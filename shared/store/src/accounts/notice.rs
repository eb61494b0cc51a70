//! The notice of a change, in the change's own transaction.

use std::time::Duration;

use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;

use super::{Accounts, Part};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::transaction::{Outcome, Transaction};

/// The part of a request's time that is left for writing a change without its notice. With
/// less, a slow outbox stops the change; with more, the notice is given up sooner.
const RESERVED: Duration = Duration::from_secs(1);

impl Accounts {
    /// Adds a notice to a transaction, if the service sends such notices and the user has an
    /// address. `user` is who holds the address to send to; if that ends with the transaction,
    /// the notice carries it. Returns whether there is one.
    pub(super) fn add_notice(
        &self,
        parts: &mut Transaction<Part>,
        (kind, origin): (MessageKind, Origin),
        user: &User,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (Some(outbox), Some(address)) = (&self.outbox, &user.email) else {
            return Ok(false);
        };
        if !outbox.wants(kind) {
            return Ok(false);
        }
        let mut message = Message::new(kind, &user.sub, user.revision, origin, now);
        let is_last = [MessageKind::AccountDeleted, MessageKind::AddressChanged].contains(&kind);
        if is_last {
            message = message.to_address(address);
        }
        parts.add(Part::Message, outbox.message_part(&message)?);
        Ok(true)
    }
    /// Writes a transaction with its notice, or without it if that fails: for what must not
    /// wait for the outbox, such as the end of a thief's session.
    pub(super) async fn write_despite_notice(
        &self,
        parts: Transaction<Part>,
    ) -> Result<Outcome<Part>, StoreError> {
        let Some(without) = parts.without(Part::Message) else {
            return self.write(parts).await;
        };
        let left = Deadline::current().map(Deadline::left);
        let writing = self.write(parts);
        let written = match left.filter(|left| *left >= 2 * RESERVED) {
            Some(left) => {
                let sooner = Deadline::after(left.saturating_sub(RESERVED));
                sooner.scope(writing).await
            }
            None => writing.await,
        };
        match written {
            Ok(outcome) => return Ok(outcome),
            Err(error) => log(&error),
        }
        self.write(without).await
    }
}

fn log(error: &StoreError) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "a change could not be written with its notice");
}
