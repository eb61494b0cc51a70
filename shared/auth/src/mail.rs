//! What the outbox holds: messages, each of which causes a mail. None contains a secret.
//!
//! A message names a subject. Who gets the mail, and whether anybody does, is decided when
//! it is sent, from the account as it is then.

mod key;
mod notices;
#[cfg(feature = "tokens")]
mod slots;

pub use key::{MessageKey, MessageKeyError};
pub use notices::{Notices, NoticesError};
#[cfg(feature = "tokens")]
pub use slots::{CodeSlot, CodeSlots, NewCode, RESENT_AFTER, address_digest, recipient_digest};

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(feature = "tokens")]
use crate::code::CodeKind;
use crate::id::SubjectId;
use crate::time::Timestamp;
use crate::user::User;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A code that sets a new password, to the address that the account holds.
    PasswordReset,
    /// A code that verifies an address, to the one that waits for it.
    EmailVerification,
    /// A change of address was requested: a code that cancels it, to the old address.
    AddressChangeRequested,
    /// The address was changed: to the old address.
    AddressChanged,
    /// The password was changed.
    PasswordChanged,
    /// The account was disabled.
    AccountDisabled,
    /// The account was deleted: to the address that it had.
    AccountDeleted,
    /// A refresh token was used twice.
    RefreshReplayed,
    /// Somebody logged in from a network that the account was not known from.
    NewNetwork,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::PasswordReset,
        Self::EmailVerification,
        Self::AddressChangeRequested,
        Self::AddressChanged,
        Self::PasswordChanged,
        Self::AccountDisabled,
        Self::AccountDeleted,
        Self::RefreshReplayed,
        Self::NewNetwork,
    ];

    /// Returns the name of the kind, as in the table, in `MAIL_NOTICES` and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::AddressChangeRequested => "address_change_requested",
            Self::AddressChanged => "address_changed",
            Self::PasswordChanged => "password_changed",
            Self::AccountDisabled => "account_disabled",
            Self::AccountDeleted => "account_deleted",
            Self::RefreshReplayed => "refresh_replayed",
            Self::NewNetwork => "new_network",
        }
    }

    /// True for a notice, which a deployment can switch off. The others carry a code, and
    /// are part of a procedure.
    #[must_use]
    pub const fn is_notice(self) -> bool {
        match self {
            Self::PasswordReset | Self::EmailVerification | Self::AddressChangeRequested => false,
            Self::AddressChanged
            | Self::PasswordChanged
            | Self::AccountDisabled
            | Self::AccountDeleted
            | Self::RefreshReplayed
            | Self::NewNetwork => true,
        }
    }

    /// Returns how long a message of this kind may wait until it is sent. After a longer
    /// time a mail surprises its reader; after a shorter one, a failure of an hour loses it.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::PasswordReset => Duration::from_hours(1),
            Self::EmailVerification | Self::AddressChangeRequested => Duration::from_hours(24),
            Self::AddressChanged
            | Self::PasswordChanged
            | Self::AccountDisabled
            | Self::AccountDeleted
            | Self::RefreshReplayed
            | Self::NewNetwork => Duration::from_hours(7 * 24),
        }
    }

    /// Returns the kind of the code that the mail carries, if it carries one.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub const fn code(self) -> Option<CodeKind> {
        match self {
            Self::PasswordReset => Some(CodeKind::Recovery),
            Self::EmailVerification => Some(CodeKind::Verification),
            Self::AddressChangeRequested => Some(CodeKind::Cancellation),
            Self::AddressChanged
            | Self::PasswordChanged
            | Self::AccountDisabled
            | Self::AccountDeleted
            | Self::RefreshReplayed
            | Self::NewNetwork => None,
        }
    }
}

/// The name of the letter to the owner of a verified address that someone else entered. No
/// message is of this kind: the mailer decides on it. Like those of the kinds, it is part of
/// the name of a stored template.
pub const ADDRESS_IN_USE: &str = "address_in_use";

/// The variables of a stored template, which every mail sets.
pub const TEMPLATE_VARIABLES: [&str; 5] = ["service", "time", "code", "link", "valid_for"];

/// Who caused a message: whether a stranger can, and so whether mails are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Anyone: a request without a proof of the account.
    Anyone,
    /// The same, from a network that the account is known from.
    KnownNetwork,
    /// Somebody who is logged in, or who has just entered the right password.
    Session,
    /// An administrator or an operator.
    Operator,
}

impl Origin {
    /// Returns who causes a mail to an address that a user has typed and not verified. Anyone
    /// can register an account; whoever has verified an address is not just anyone.
    #[must_use]
    pub const fn of_typed_address(user: &User) -> Self {
        if user.email_verified_at.is_some() {
            Self::Session
        } else {
            Self::Anyone
        }
    }

    /// True if a stranger can cause any number of such messages.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Anyone | Self::KnownNetwork => true,
            Self::Session | Self::Operator => false,
        }
    }
}

/// One item of the outbox.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What the mail is about.
    pub kind: MessageKind,
    /// Whom the mail is about. A request for an unknown name has a subject that nobody has, so that
    /// its item is like any other.
    pub sub: SubjectId,
    /// The user's revision that the message is about, after the write it belongs to.
    pub revision: u64,
    /// Who caused it.
    pub origin: Origin,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is no longer worth sending.
    pub ends_at: Timestamp,
    /// The address to send to, only if the account no longer holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When the mailer last began to send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempted_at: Option<Timestamp>,
    /// The [digest](recipient_digest) of the address that it then went to: an attempt at
    /// another one is counted again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempted_for: Option<String>,
}

impl Message {
    /// Creates a message that waits from now on, for as long as its kind may.
    #[must_use]
    pub fn new(
        kind: MessageKind,
        sub: &SubjectId,
        revision: u64,
        origin: Origin,
        now: Timestamp,
    ) -> Self {
        Self {
            kind,
            sub: sub.clone(),
            revision,
            origin,
            created_at: now,
            ends_at: now.plus(kind.lifetime()),
            address: None,
            attempted_at: None,
            attempted_for: None,
        }
    }

    /// Sets the address to send to, which the account no longer holds.
    #[must_use]
    pub fn to_address(self, address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
            ..self
        }
    }

    /// Returns the key of the message's item, from 16 random bytes.
    #[must_use]
    pub fn key(&self, random: [u8; 16]) -> MessageKey {
        MessageKey::new(&self.sub, self.created_at, random)
    }
}

/// Shows no address, since messages reach logs.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("sub", &self.sub)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    #[test]
    fn a_kind_has_the_same_name_everywhere() {
        for kind in MessageKind::ALL {
            let stored = serde_json::to_value(kind).unwrap();
            assert_eq!(stored, kind.as_str());
        }
    }

    #[test]
    fn a_message_has_no_address_unless_it_is_given_one() {
        let sub = SubjectId::from_bytes([1; 16]);
        let message = Message::new(MessageKind::AccountDeleted, &sub, 4, Origin::Session, NOW);
        assert_eq!(
            serde_json::to_string(&message).unwrap(),
            r#"{"kind":"account_deleted","sub":"AQEBAQEBAQEBAQEBAQEBAQ","revision":4,"origin":"session","created_at":1800000000,"ends_at":1800604800}"#
        );
        let message = message.to_address("ada@example.org");
        let stored = serde_json::to_string(&message).unwrap();
        assert!(
            stored.contains(r#""address":"ada@example.org""#),
            "{stored}"
        );
        assert_eq!(
            serde_json::from_str::<Message>(&stored).unwrap(),
            message,
            "it can be read"
        );
        let printed = format!("{message:?}");
        assert!(!printed.contains("ada"), "{printed}");
    }

    #[test]
    fn only_what_is_no_notice_carries_a_code() {
        for kind in MessageKind::ALL {
            assert_eq!(kind.code().is_none(), kind.is_notice(), "{kind:?}");
        }
    }
}
