//! New names, given by an administrator, and the usernames that stay reserved after them.

use std::time::Duration;

#[cfg(feature = "people")]
use super::ChangeRefused;
use super::User;
#[cfg(feature = "people")]
use crate::email::EmailAddress;
#[cfg(feature = "tokens")]
use crate::mail::RESENT_AFTER;
use crate::time::Timestamp;
#[cfg(feature = "people")]
use crate::username::Username;

/// How long a username stays reserved after its user was renamed. With a shorter time,
/// someone else can appear under a name that others still trust.
pub const NAME_RESERVATION: Duration = Duration::from_hours(30 * 24);

/// How long a user keeps a new username at least. With a shorter time, one account can
/// reserve many names.
pub const RENAME_INTERVAL: Duration = Duration::from_hours(24);

/// An address that a user wants instead of the one that the account holds.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAddress {
    display: String,
    canonical: String,
}

#[cfg(feature = "people")]
impl From<&EmailAddress> for NewAddress {
    fn from(email: &EmailAddress) -> Self {
        Self {
            display: email.display().to_owned(),
            canonical: email.canonical().to_owned(),
        }
    }
}

impl User {
    /// Returns the user after asking for another address, which waits for its code in the
    /// place of one that waited before. The address that the user has already verified takes
    /// back what was asked.
    #[must_use]
    pub fn with_waiting(&self, new: &NewAddress, now: Timestamp) -> Self {
        let is_proven = self.email_verified_at.is_some();
        let is_same = self.email_canonical.as_deref() == Some(&new.canonical);
        let waiting = Some(new).filter(|_| !(is_proven && is_same));
        Self {
            pending_email: waiting.map(|new| new.display.clone()),
            pending_email_canonical: waiting.map(|new| new.canonical.clone()),
            pending_email_at: waiting.map(|_| now),
            revision: self.revision.saturating_add(1),
            updated_at: now,
            ..self.clone()
        }
    }

    /// True if this address already waits, and no mail with another code would go to it yet.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub fn has_just_asked_for(&self, new: &NewAddress, now: Timestamp) -> bool {
        let since = self.pending_email_at.map(|at| now.since(at));
        self.pending_email.as_ref() == Some(&new.display)
            && since.is_some_and(|since| since < RESENT_AFTER)
    }

    /// Returns the usernames that are still reserved because this user had them.
    pub fn reserved_names(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let names = self.reserved_names.iter();
        let names = names.filter(move |(_, until)| now < **until);
        names.map(|(canonical, _)| canonical.as_str())
    }

    /// Returns when the username may change again, if it changed within the last day.
    #[cfg(feature = "people")]
    fn next_rename(&self, now: Timestamp) -> Option<Timestamp> {
        let newest = self.reserved_names.values().max()?;
        let next = newest.minus(NAME_RESERVATION).plus(RENAME_INTERVAL);
        (now < next).then_some(next)
    }

    /// Changes the username; returns false if nothing changes. Another spelling of the same
    /// name reserves nothing.
    #[cfg(feature = "people")]
    pub(super) fn rename(
        &mut self,
        username: &Username,
        now: Timestamp,
    ) -> Result<bool, ChangeRefused> {
        if username.display() == self.username {
            return Ok(false);
        }
        if username.canonical() != self.username_canonical {
            if let Some(until) = self.next_rename(now) {
                return Err(ChangeRefused::RenamedRecently { until });
            }
            self.reserved_names.retain(|_, until| now < *until);
            self.reserved_names.remove(username.canonical());
            let old = std::mem::replace(
                &mut self.username_canonical,
                username.canonical().to_owned(),
            );
            self.reserved_names.insert(old, now.plus(NAME_RESERVATION));
        }
        username.display().clone_into(&mut self.username);
        Ok(true)
    }

    /// Sets the address, which is not verified, and ends a change of address that waits;
    /// returns false if nothing changes. Another spelling of the same address stays verified.
    #[cfg(feature = "people")]
    pub(super) fn set_email(&mut self, email: &EmailAddress) -> bool {
        let is_same = self.email.as_deref() == Some(email.display());
        if is_same && self.pending_email.is_none() {
            return false;
        }
        if self.email_canonical.as_deref() != Some(email.canonical()) {
            self.email_verified_at = None;
        }
        self.email = Some(email.display().to_owned());
        self.email_canonical = Some(email.canonical().to_owned());
        self.pending_email = None;
        self.pending_email_canonical = None;
        self.pending_email_at = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SubjectId;
    use crate::role::Roles;
    use crate::user::UserChange;

    const DAY: i64 = 86_400;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + day * DAY)
    }

    fn ada() -> User {
        let email = EmailAddress::parse("Ada@example.org").unwrap();
        User {
            email_verified_at: Some(at(0)),
            revision: 4,
            codes_since: 2,
            ..User::new(
                SubjectId::from_bytes([1; 16]),
                &Username::parse("Ada").unwrap(),
                Some(&email),
                Roles::of_new_user(),
                None,
                at(0),
            )
        }
    }

    fn renamed(user: &User, name: &str, now: Timestamp) -> Result<Option<User>, ChangeRefused> {
        let change = UserChange {
            username: Some(Username::parse(name).unwrap()),
            ..UserChange::default()
        };
        user.changed(&change, 0, now)
    }

    fn moved(user: &User, email: &str) -> Option<User> {
        let change = UserChange {
            email: Some(EmailAddress::parse(email).unwrap()),
            ..UserChange::default()
        };
        user.changed(&change, 0, at(1)).unwrap()
    }

    fn reserved(user: &User, now: Timestamp) -> Vec<&str> {
        user.reserved_names(now).collect()
    }

    #[test]
    fn a_rename_reserves_the_old_name_for_30_days_and_ends_codes_but_no_token() {
        let after = renamed(&ada(), "Grace", at(1)).unwrap().unwrap();
        assert_eq!(
            (&*after.username, &*after.username_canonical),
            ("Grace", "grace")
        );
        assert_eq!(reserved(&after, at(1)), ["ada"]);
        let end = at(31);
        assert_eq!(reserved(&after, end.minus(Duration::from_secs(1))), ["ada"]);
        assert_eq!(reserved(&after, end), [""; 0]);
        assert_eq!((after.revision, after.codes_since), (5, 5));
        assert_eq!((after.token_version, after.session_version), (0, 0));
        assert_eq!(after.email_verified_at, Some(at(0)));
    }

    #[test]
    fn a_user_is_renamed_once_a_day_and_can_return_to_the_old_name() {
        let grace = renamed(&ada(), "grace", at(1)).unwrap().unwrap();
        let early = at(2).minus(Duration::from_secs(1));
        let refused = renamed(&grace, "ada", early).unwrap_err();
        assert_eq!(refused, ChangeRefused::RenamedRecently { until: at(2) });
        let back = renamed(&grace, "ADA", at(2)).unwrap().unwrap();
        assert_eq!(reserved(&back, at(2)), ["grace"], "its own name is not");
        let refused = renamed(&back, "max", at(2)).unwrap_err();
        assert_eq!(refused, ChangeRefused::RenamedRecently { until: at(3) });
        // What has expired is forgotten.
        let later = renamed(&back, "max", at(40)).unwrap().unwrap();
        assert_eq!(later.reserved_names.len(), 1);
        assert_eq!(reserved(&later, at(40)), ["ada"]);
    }

    #[test]
    fn another_spelling_of_the_username_reserves_nothing_and_may_change_at_any_time() {
        let grace = renamed(&ada(), "grace", at(1)).unwrap().unwrap();
        let after = renamed(&grace, "GRACE", at(1)).unwrap().unwrap();
        assert_eq!(
            (&*after.username, &*after.username_canonical),
            ("GRACE", "grace")
        );
        assert_eq!(reserved(&after, at(1)), ["ada"]);
        assert!(renamed(&after, "GRACE", at(1)).unwrap().is_none());
    }

    #[test]
    fn an_address_set_by_an_administrator_is_not_verified_and_ends_a_waiting_change() {
        let waiting = User {
            pending_email: Some("new@example.org".into()),
            pending_email_canonical: Some("new@example.org".into()),
            pending_email_at: Some(at(0)),
            ..ada()
        };
        let after = moved(&waiting, "Ada@Other.example").unwrap();
        assert_eq!(after.email.as_deref(), Some("Ada@other.example"));
        assert_eq!(after.email_canonical.as_deref(), Some("ada@other.example"));
        assert_eq!(after.email_verified_at, None);
        assert_eq!(
            (after.pending_email, after.pending_email_canonical),
            (None, None)
        );
        assert_eq!((after.revision, after.codes_since), (5, 5));
        assert_eq!((after.token_version, after.session_version), (0, 0));
        // The current address again ends the change as well, and stays verified.
        let after = moved(&waiting, "Ada@example.org").unwrap();
        assert_eq!(
            (after.pending_email_at, after.email_verified_at),
            (None, Some(at(0)))
        );
        assert!(moved(&ada(), "Ada@example.org").is_none());
    }

    #[test]
    fn a_new_address_waits_until_the_verified_one_takes_it_back() {
        let address = |text: &str| NewAddress::from(&EmailAddress::parse(text).unwrap());
        let asked = ada().with_waiting(&address("New@Other.example"), at(1));
        assert_eq!(asked.pending_email.as_deref(), Some("New@other.example"));
        let canonical = asked.pending_email_canonical.as_deref();
        assert_eq!(canonical, Some("new@other.example"));
        assert_eq!(
            (asked.pending_email_at, asked.email_verified_at),
            (Some(at(1)), Some(at(0)))
        );
        assert_eq!(
            (asked.revision, asked.codes_since),
            (5, 2),
            "codes stay valid"
        );
        let back = asked.with_waiting(&address("ADA@example.org"), at(2));
        assert_eq!((back.pending_email, back.pending_email_at), (None, None));
        // An address that is held without a proof can wait for one.
        let unproven = User {
            email_verified_at: None,
            ..ada()
        };
        let asked = unproven.with_waiting(&address("ada@example.org"), at(1));
        assert_eq!(asked.pending_email.as_deref(), Some("ada@example.org"));
    }

    #[test]
    fn another_spelling_of_the_address_stays_verified() {
        let after = moved(&ada(), "ADA@example.org").unwrap();
        assert_eq!(after.email.as_deref(), Some("ADA@example.org"));
        assert_eq!(after.email_verified_at, Some(at(0)));
    }

    #[test]
    fn an_account_without_reserved_names_is_stored_as_before() {
        let stored = serde_json::to_value(ada()).unwrap();
        assert!(stored.get("reserved_names").is_none());
        let grace = renamed(&ada(), "grace", at(1)).unwrap().unwrap();
        let stored = serde_json::to_value(&grace).unwrap();
        assert_eq!(stored["reserved_names"]["ada"], at(31).unix());
        let read: User = serde_json::from_value(stored).unwrap();
        assert_eq!(read.reserved_names, grace.reserved_names);
    }
}
