//! A mail that is about to be sent, and what it counts among.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{Message, MessageKey, MessageKind, Origin, recipient_digest};
use gatehouse_auth::user::User;
use gatehouse_store::RecipientBucket;

use crate::addressee::Addressee;
use crate::letter::Letter;

/// A mail that is about to be sent.
pub(crate) struct Mail<'a> {
    pub(crate) key: &'a MessageKey,
    pub(crate) message: &'a Message,
    pub(crate) letter: Letter,
    pub(crate) addressee: Addressee,
    /// Whose code it carries.
    pub(crate) user: Option<&'a User>,
}

impl Mail<'_> {
    /// Returns the bucket that counts it, at the first attempt to send it to its address; none
    /// if neither a stranger nor someone who is a stranger to the address can cause it.
    ///
    /// Whoever is logged in is a stranger to an address that they have not verified, and so is
    /// the network that they come from. If they hold it, they cannot use up the mails that
    /// others cause, nor can others keep notices from being sent.
    pub(crate) fn bucket(&self) -> Option<RecipientBucket> {
        if !self.is_first_attempt() {
            return None;
        }
        match (self.message.kind, self.message.origin) {
            (_, Origin::Operator) => None,
            (MessageKind::EmailVerification, _) | (_, Origin::Anyone) => {
                Some(RecipientBucket::Anyone)
            }
            (_, Origin::KnownNetwork) => Some(RecipientBucket::KnownNetwork),
            (_, Origin::Session) => self
                .is_held_unverified()
                .then_some(RecipientBucket::Unverified),
        }
    }

    /// True unless an attempt to send it to this address began before. While it waits, its
    /// user can let another address take the place of the first.
    fn is_first_attempt(&self) -> bool {
        let digest = recipient_digest(&self.addressee.canonical);
        self.message.attempted_for.as_deref() != Some(&digest)
    }

    /// True if the account holds the address, and nobody has verified it.
    fn is_held_unverified(&self) -> bool {
        // An address that the account no longer holds gets one mail.
        self.message.address.is_none()
            && self
                .user
                .is_some_and(|user| user.email_verified_at.is_none())
    }

    /// Returns who typed the address, at the first attempt to send it there.
    pub(crate) fn typed_by(&self) -> Option<&SubjectId> {
        let message = self.message;
        let is_typed = message.kind == MessageKind::EmailVerification
            && message.origin != Origin::Operator
            && self.is_first_attempt();
        is_typed.then_some(&message.sub)
    }
}
