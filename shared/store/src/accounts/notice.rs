//! What a user is told of a change, in the change's own transaction.

use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;

use super::{Accounts, Part};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::transaction::Transaction;

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
}
