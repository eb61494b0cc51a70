//! What a mail says: one letter for each kind of message, and one more that the mailer
//! itself decides on.

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::mail::{ADDRESS_IN_USE, MessageKind};

/// A mail's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    /// About a message, to the person whom it is about.
    About(MessageKind),
    /// Someone entered an address that its owner has verified: to its owner, in place of the
    /// code. It has nothing from whoever entered it.
    AddressInUse,
}

impl Letter {
    /// Every letter.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let about = MessageKind::ALL.into_iter().map(Self::About);
        about.chain([Self::AddressInUse])
    }

    /// Returns the name, as in logs, and in the name of a stored template.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::About(kind) => kind.as_str(),
            Self::AddressInUse => ADDRESS_IN_USE,
        }
    }

    /// Returns the kind of the code that the mail carries, if it carries one.
    pub(crate) const fn code(self) -> Option<CodeKind> {
        match self {
            Self::About(kind) => kind.code(),
            Self::AddressInUse => None,
        }
    }
}
