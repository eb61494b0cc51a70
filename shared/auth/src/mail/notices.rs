//! Which notices a deployment sends.

use std::collections::BTreeSet;

use super::MessageKind;

/// The notices that are switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices(BTreeSet<MessageKind>);

/// A text is not a list of notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of notices")]
pub struct NoticesError;

impl Notices {
    /// The kinds that have a switch.
    pub const SWITCHES: [MessageKind; 6] = [
        MessageKind::PasswordChanged,
        MessageKind::AddressChanged,
        MessageKind::AccountDisabled,
        MessageKind::AccountDeleted,
        MessageKind::RefreshReplayed,
        MessageKind::NewNetwork,
    ];

    /// No notices at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Reads a list such as `password_changed,account_deleted`, or `none`.
    ///
    /// # Errors
    /// [`NoticesError`] if a name is unknown or empty.
    pub fn parse(text: &str) -> Result<Self, NoticesError> {
        if text == "none" {
            return Ok(Self::none());
        }
        let notice = |name: &str| {
            let mut switches = Self::SWITCHES.into_iter();
            switches
                .find(|kind| kind.as_str() == name)
                .ok_or(NoticesError)
        };
        text.split(',')
            .map(notice)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// True if a message of this kind is to be written: a notice that is on, or a message
    /// that is none.
    #[must_use]
    pub fn wants(&self, kind: MessageKind) -> bool {
        !kind.is_notice() || self.0.contains(&kind)
    }
}

/// All but logins from a new network, which travellers cause every day.
impl Default for Notices {
    fn default() -> Self {
        let on = Self::SWITCHES.into_iter();
        Self(on.filter(|kind| *kind != MessageKind::NewNetwork).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_has_a_switch_and_nothing_else_has() {
        let switches = BTreeSet::from(Notices::SWITCHES);
        for kind in MessageKind::ALL {
            assert_eq!(switches.contains(&kind), kind.is_notice(), "{kind:?}");
        }
    }

    #[test]
    fn the_default_is_everything_but_new_networks() {
        let written =
            "password_changed,address_changed,account_disabled,account_deleted,refresh_replayed";
        assert_eq!(Notices::parse(written), Ok(Notices::default()));
        assert!(!Notices::default().wants(MessageKind::NewNetwork));
    }

    #[test]
    fn codes_are_mailed_whatever_is_switched_off() {
        let none = Notices::parse("none").unwrap();
        for kind in MessageKind::ALL {
            assert_eq!(none.wants(kind), kind.code().is_some(), "{kind:?}");
        }
    }

    #[test]
    fn an_unknown_notice_is_refused() {
        for text in [
            "",
            "None",
            "password_reset",
            "password_changed,",
            "a",
            "none,new_network",
        ] {
            assert_eq!(Notices::parse(text), Err(NoticesError), "{text}");
        }
    }
}
