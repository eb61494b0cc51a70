//! Who gets a message, if anybody does, from the account as it is when it is sent.

use gatehouse_auth::mail::{Message, MessageKind};
use gatehouse_auth::user::{Status, User};

/// Where a mail goes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Addressee {
    /// The address as typed by its owner.
    pub(crate) address: String,
    /// Its canonical spelling, by which mails are counted and codes bound.
    pub(crate) canonical: String,
}

/// Why a message is no longer, or never was, of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unneeded {
    /// There is no such user: a deleted one, or a request for an unknown name.
    NoUser,
    /// The user is disabled.
    Disabled,
    /// The user has no address, or no longer the one in question.
    NoAddress,
    /// The password was set after the request to reset it.
    Overtaken,
    /// Another code was mailed just now.
    TooSoon,
}

impl Unneeded {
    /// Returns the word in logs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NoUser => "no_user",
            Self::Disabled => "disabled",
            Self::NoAddress => "no_address",
            Self::Overtaken => "overtaken",
            Self::TooSoon => "too_soon",
        }
    }
}

impl Addressee {
    /// Returns who gets a message.
    ///
    /// # Errors
    /// Why nobody does.
    pub(crate) fn of(message: &Message, user: Option<&User>) -> Result<Self, Unneeded> {
        match message.kind {
            MessageKind::PasswordReset => {
                let user = active(user)?;
                if user.password_changed_at > Some(message.created_at) {
                    return Err(Unneeded::Overtaken);
                }
                Self::held(user)
            }
            MessageKind::EmailVerification => Self::to_verify(active(user)?),
            MessageKind::AddressChangeRequested => {
                let user = active(user)?;
                // Without a waiting address there is nothing left to cancel, and `email` may
                // be the new one.
                user.pending_email.as_ref().ok_or(Unneeded::NoAddress)?;
                Self::held(user)
            }
            MessageKind::AddressChanged | MessageKind::AccountDeleted => message
                .address
                .as_deref()
                .map(Self::former)
                .ok_or(Unneeded::NoAddress),
            MessageKind::PasswordChanged
            | MessageKind::AccountDisabled
            | MessageKind::RefreshReplayed
            | MessageKind::NewNetwork => Self::held(user.ok_or(Unneeded::NoUser)?),
        }
    }

    /// Returns the address that a user holds.
    pub(crate) fn held(user: &User) -> Result<Self, Unneeded> {
        Self::new(user.email.as_ref(), user.email_canonical.as_ref())
    }

    /// Returns the address that a user has yet to verify: the waiting one, or else the held
    /// one.
    fn to_verify(user: &User) -> Result<Self, Unneeded> {
        let (pending, canonical) = (&user.pending_email, &user.pending_email_canonical);
        let waiting = Self::new(pending.as_ref(), canonical.as_ref());
        let is_proven = user.email_verified_at.is_some();
        waiting.or_else(|none| {
            if is_proven {
                Err(none)
            } else {
                Self::held(user)
            }
        })
    }

    /// The canonical spelling only counts mails here: no stranger can cause these.
    fn former(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            canonical: address.to_ascii_lowercase(),
        }
    }

    fn new(address: Option<&String>, canonical: Option<&String>) -> Result<Self, Unneeded> {
        let both = address.zip(canonical).ok_or(Unneeded::NoAddress)?;
        let (address, canonical) = (both.0.clone(), both.1.clone());
        Ok(Self { address, canonical })
    }
}

/// Returns the user, if mails with codes may go to them.
fn active(user: Option<&User>) -> Result<&User, Unneeded> {
    let user = user.ok_or(Unneeded::NoUser)?;
    match user.status {
        Status::Active => Ok(user),
        Status::Disabled => Err(Unneeded::Disabled),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_auth::mail::Origin;
    use gatehouse_testing::{at, user};

    use super::*;

    fn message(kind: MessageKind) -> Message {
        Message::new(kind, &user("ada").sub, 0, Origin::Anyone, at(0))
    }

    /// The address, or why there is none.
    fn addressee(message: &Message, user: Option<&User>) -> String {
        match Addressee::of(message, user) {
            Ok(found) => found.address,
            Err(unneeded) => unneeded.as_str().to_owned(),
        }
    }

    const WITH_CODE: [MessageKind; 3] = [
        MessageKind::PasswordReset,
        MessageKind::EmailVerification,
        MessageKind::AddressChangeRequested,
    ];

    #[test]
    fn codes_go_only_to_active_users() {
        let disabled = User {
            status: Status::Disabled,
            ..user("ada")
        };
        for kind in WITH_CODE {
            assert_eq!(addressee(&message(kind), Some(&disabled)), "disabled");
            assert_eq!(addressee(&message(kind), None), "no_user");
        }
        let notice = message(MessageKind::AccountDisabled);
        assert_eq!(addressee(&notice, Some(&disabled)), "ada@example.org");
    }

    #[test]
    fn a_user_without_an_address_gets_nothing() {
        let nobody = User {
            email: None,
            email_canonical: None,
            ..user("ada")
        };
        for kind in MessageKind::ALL {
            assert_eq!(addressee(&message(kind), Some(&nobody)), "no_address");
        }
    }

    #[test]
    fn a_reset_goes_to_the_held_address_unless_the_password_was_set_since() {
        let reset = message(MessageKind::PasswordReset);
        let waiting = User {
            pending_email: Some("New@example.org".into()),
            pending_email_canonical: Some("new@example.org".into()),
            ..user("ada")
        };
        assert_eq!(addressee(&reset, Some(&waiting)), "ada@example.org");
        let changed = |seconds| User {
            password_changed_at: Some(at(seconds)),
            ..user("ada")
        };
        assert_eq!(addressee(&reset, Some(&changed(0))), "ada@example.org");
        assert_eq!(addressee(&reset, Some(&changed(1))), "overtaken");
        let none = User {
            password_changed_at: None,
            ..user("ada")
        };
        assert_eq!(addressee(&reset, Some(&none)), "ada@example.org");
    }

    #[test]
    fn a_verification_goes_to_the_waiting_address_or_to_the_unverified_one() {
        let verification = message(MessageKind::EmailVerification);
        let unproven = user("ada");
        let proven = User {
            email_verified_at: Some(at(0)),
            ..user("ada")
        };
        let waiting = User {
            pending_email: Some("New@example.org".into()),
            pending_email_canonical: Some("new@example.org".into()),
            ..proven.clone()
        };
        assert_eq!(addressee(&verification, Some(&unproven)), "ada@example.org");
        assert_eq!(addressee(&verification, Some(&proven)), "no_address");
        assert_eq!(addressee(&verification, Some(&waiting)), "New@example.org");
    }

    #[test]
    fn a_change_that_is_done_or_cancelled_cannot_be_cancelled() {
        let requested = message(MessageKind::AddressChangeRequested);
        assert_eq!(addressee(&requested, Some(&user("ada"))), "no_address");
        let waiting = User {
            pending_email: Some("New@example.org".into()),
            pending_email_canonical: Some("new@example.org".into()),
            ..user("ada")
        };
        assert_eq!(addressee(&requested, Some(&waiting)), "ada@example.org");
    }

    #[test]
    fn notices_about_a_former_address_go_there_whatever_became_of_the_account() {
        for kind in [MessageKind::AddressChanged, MessageKind::AccountDeleted] {
            let notice = message(kind).to_address("Old@example.org");
            for account in [None, Some(&user("ada"))] {
                assert_eq!(addressee(&notice, account), "Old@example.org");
            }
        }
    }
}
