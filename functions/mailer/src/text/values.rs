//! What is filled into a text, and into a stored template of a team's own.

use std::collections::BTreeMap;
use std::time::Duration;

use gatehouse_auth::code::MailCode;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::config::MailLink;
use secrecy::{ExposeSecret, SecretString};

/// The values of one mail. A stored template gets all of them; those that the mail does not
/// have are empty.
pub(crate) struct Values {
    /// `MAIL_FROM_NAME`, or the domain of `MAIL_FROM`.
    pub(crate) service: String,
    /// When what the mail is about happened, such as `2027-01-15 08:00 UTC`.
    pub(crate) time: String,
    /// The code and what goes with it.
    pub(crate) code: Option<CodeValues>,
}

/// The values of a mail with a code.
pub(crate) struct CodeValues {
    /// The code itself.
    pub(crate) code: SecretString,
    /// `MAIL_LINK` with the code in it, if there is such a page.
    pub(crate) link: Option<SecretString>,
    /// How long the code is valid, such as `30 minutes`.
    pub(crate) valid_for: String,
}

impl Values {
    /// Returns the values by their names in a stored template.
    pub(crate) fn by_name(&self) -> BTreeMap<&'static str, &str> {
        let code = self.code.as_ref();
        let link = code.and_then(|code| code.link.as_ref());
        BTreeMap::from([
            ("service", self.service.as_str()),
            ("time", self.time.as_str()),
            ("code", code.map_or("", |code| code.code.expose_secret())),
            ("link", link.map_or("", |link| link.expose_secret())),
            ("valid_for", code.map_or("", |code| code.valid_for.as_str())),
        ])
    }
}

impl CodeValues {
    /// Returns the values of a code, and of the page that mails link to.
    pub(crate) fn new(code: &MailCode, page: Option<&MailLink>) -> Self {
        let link = page.map(|page| page.with(code.expose()).into());
        Self {
            code: code.expose().into(),
            link,
            valid_for: spoken(code.kind().lifetime()),
        }
    }
}

/// Returns a time as a mail shows it: to the minute, in UTC.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let minutes = text
        .split_once('T')
        .and_then(|(day, rest)| Some((day, rest.get(..5)?)));
    match minutes {
        Some((day, minute)) => format!("{day} {minute} UTC"),
        None => text,
    }
}

/// Returns a lifetime in whole hours, or in minutes if it is not that long.
fn spoken(lifetime: Duration) -> String {
    let minutes = lifetime.as_secs() / 60;
    if minutes >= 120 {
        format!("{} hours", minutes / 60)
    } else {
        format!("{minutes} minutes")
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_auth::mail::TEMPLATE_VARIABLES;

    use super::*;

    #[test]
    fn every_mail_sets_every_variable() {
        let values = Values {
            service: String::new(),
            time: String::new(),
            code: None,
        };
        let mut variables = TEMPLATE_VARIABLES;
        variables.sort_unstable();
        assert!(values.by_name().into_keys().eq(variables));
    }

    #[test]
    fn times_and_lifetimes_are_what_a_person_would_write() {
        let at = Timestamp::from_unix(1_800_000_059);
        assert_eq!(minute(at), "2027-01-15 08:00 UTC");
        assert_eq!(
            minute(Timestamp::from_unix(i64::MAX)),
            format!("@{}", i64::MAX)
        );
        assert_eq!(spoken(Duration::from_mins(30)), "30 minutes");
        assert_eq!(spoken(Duration::from_hours(24)), "24 hours");
    }
}
