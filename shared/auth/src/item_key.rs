//! The keys of table items. No other code writes a prefix: writers and readers of an item
//! call the same function, and no key is a bare string.

use std::fmt::{self, Display};

#[cfg(feature = "tokens")]
use crate::client::ClientId;
use crate::external_id::ExternalId;
use crate::guessing::network;
use crate::id::{Jti, SessionId, SubjectId};

/// The key of an item: its attribute `pk`. Only sessions use another attribute, `sid`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey(String);

/// The beginning of the keys of one kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Users: accounts.
    User,
    /// Users: canonical usernames.
    Username,
    /// Users: canonical e-mail addresses.
    Email,
    /// Users: ids in another system.
    ExternalId,
    /// Users: counts. Outbox: the state of the account.
    Meta,
    /// Users: no item has it.
    Unused,
    /// Login attempts: by identifier.
    Identifier,
    /// Login attempts: by identifier and address.
    Pair,
    /// Login attempts: by address.
    Address,
    /// Login attempts: requests for mail, by address.
    MailRequests,
    /// Login attempts, revocations: by subject.
    Subject,
    /// Revocations: access tokens.
    Token,
    /// Revocations: sessions.
    Session,
    /// Signing keys: registered clients.
    Client,
    /// Outbox: mailed codes.
    Code,
    /// Outbox: mails to an address.
    Recipient,
}

impl Prefix {
    /// Returns the prefix as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user#",
            Self::Username => "username#",
            Self::Email => "email#",
            Self::ExternalId => "external#",
            Self::Meta => "meta#",
            Self::Unused => "nobody#",
            Self::Identifier => "id#",
            Self::Pair => "pair#",
            Self::Address => "ip#",
            Self::MailRequests => "mail#",
            Self::Subject => "sub#",
            Self::Token => "jti#",
            Self::Session => "sid#",
            Self::Client => "client#",
            Self::Code => "code#",
            Self::Recipient => "recipient#",
        }
    }
}

/// The table of users.
impl ItemKey {
    /// The account of a user.
    #[must_use]
    pub fn user(sub: &SubjectId) -> Self {
        Self::new(Prefix::User, sub)
    }

    /// The item that maps a canonical username to its user.
    #[must_use]
    pub fn username(canonical: &str) -> Self {
        Self::new(Prefix::Username, canonical)
    }

    /// The item that maps a canonical e-mail address to its user.
    #[must_use]
    pub fn email(canonical: &str) -> Self {
        Self::new(Prefix::Email, canonical)
    }

    /// The item that maps an id in another system to its user.
    #[must_use]
    pub fn external_id(id: &ExternalId) -> Self {
        Self::new(Prefix::ExternalId, id)
    }

    /// The number of active administrators.
    #[must_use]
    pub fn admins() -> Self {
        Self::new(Prefix::Meta, "admins")
    }

    /// The deletions that have begun and are not finished.
    #[must_use]
    pub fn deletions() -> Self {
        Self::new(Prefix::Meta, "deletions")
    }

    /// A key that no item has, for an identifier that cannot be a name.
    #[must_use]
    pub fn unused(digest: &str) -> Self {
        Self::new(Prefix::Unused, digest)
    }
}

/// The table of login attempts.
impl ItemKey {
    /// The failed logins of an identifier, by its digest.
    #[must_use]
    pub fn identifier_attempts(digest: &str) -> Self {
        Self::new(Prefix::Identifier, digest)
    }

    /// The failed logins of an identifier from the network of an address.
    #[must_use]
    pub fn pair_attempts(digest: &str, address: &str) -> Self {
        Self::new(Prefix::Pair, format!("{digest}#{}", network(address)))
    }

    /// Every key that the failed logins of an identifier from an address may have: for
    /// the whole address, and for its network.
    #[must_use]
    pub fn every_pair_attempts(digest: &str, address: &str) -> [Self; 2] {
        [
            Self::new(Prefix::Pair, format!("{digest}#{address}")),
            Self::pair_attempts(digest, address),
        ]
    }

    /// The prefix of the keys for failed logins of an identifier from any address.
    #[must_use]
    pub fn pair_attempts_prefix(digest: &str) -> String {
        format!("{}{digest}#", Prefix::Pair.as_str())
    }

    /// The failed logins from the network of an address.
    #[must_use]
    pub fn address_attempts(address: &str) -> Self {
        Self::new(Prefix::Address, network(address))
    }

    /// The forgotten passwords that the network of an address has reported.
    #[must_use]
    pub fn mail_requests(address: &str) -> Self {
        Self::new(Prefix::MailRequests, network(address))
    }

    /// The wrong passwords entered by a logged-in user.
    #[must_use]
    pub fn user_attempts(sub: &SubjectId) -> Self {
        Self::new(Prefix::Subject, sub)
    }
}

/// The table of revocations.
impl ItemKey {
    /// The revocation of an access token.
    #[must_use]
    pub fn token_revocation(jti: &Jti) -> Self {
        Self::new(Prefix::Token, jti)
    }

    /// The revocation of a session's access tokens.
    #[must_use]
    pub fn session_revocation(sid: &SessionId) -> Self {
        Self::new(Prefix::Session, sid)
    }

    /// The revocation of a subject's access tokens.
    #[must_use]
    pub fn subject_revocation(sub: &SubjectId) -> Self {
        Self::new(Prefix::Subject, sub)
    }
}

/// The outbox. Its items also have a sort key, and the messages of a subject have only the
/// subject as `pk`.
impl ItemKey {
    /// The mailed codes of a subject.
    #[must_use]
    pub fn codes(sub: &SubjectId) -> Self {
        Self::new(Prefix::Code, sub)
    }

    /// The messages of a subject.
    #[must_use]
    pub fn messages(sub: &SubjectId) -> Self {
        Self(sub.to_string())
    }

    /// The mails to an address that strangers caused, by the digest of the canonical address.
    #[must_use]
    pub fn recipient(digest: &str) -> Self {
        Self::new(Prefix::Recipient, digest)
    }

    /// The state of the account that sends mail.
    #[must_use]
    pub fn sending() -> Self {
        Self::new(Prefix::Meta, "sending")
    }
}

/// The table of signing keys.
impl ItemKey {
    /// The published keys.
    #[must_use]
    pub fn published_keys() -> Self {
        Self("jwks".to_owned())
    }

    /// A registered client.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub fn client(id: &ClientId) -> Self {
        Self::new(Prefix::Client, id)
    }
}

impl ItemKey {
    /// A key with nothing after the prefix, which no item has.
    #[must_use]
    pub fn empty(prefix: Prefix) -> Self {
        Self(prefix.as_str().to_owned())
    }

    /// Returns the text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(prefix: Prefix, id: impl Display) -> Self {
        Self(format!("{}{id}", prefix.as_str()))
    }
}

impl Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ItemKey> for String {
    fn from(key: ItemKey) -> String {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_every_key_are_pinned() {
        let sub = SubjectId::from_bytes([1; 16]);
        let sid = SessionId::from_bytes([2; 16]);
        let jti = Jti::from_bytes([3; 16]);
        let external = ExternalId::parse("auth0|7").unwrap();
        let client = ClientId::parse("reports").unwrap();
        for (key, text) in [
            (ItemKey::user(&sub), "user#AQEBAQEBAQEBAQEBAQEBAQ"),
            (ItemKey::username("ada"), "username#ada"),
            (ItemKey::email("ada@example.org"), "email#ada@example.org"),
            (ItemKey::external_id(&external), "external#auth0|7"),
            (ItemKey::admins(), "meta#admins"),
            (ItemKey::unused("digest"), "nobody#digest"),
            (ItemKey::empty(Prefix::User), "user#"),
            (ItemKey::identifier_attempts("digest"), "id#digest"),
            (
                ItemKey::pair_attempts("digest", "192.0.2.1"),
                "pair#digest#192.0.2.1",
            ),
            (
                ItemKey::pair_attempts("digest", "2001:db8:1:2:3::4"),
                "pair#digest#2001:db8:1:2::/64",
            ),
            (ItemKey::address_attempts("192.0.2.1"), "ip#192.0.2.1"),
            (
                ItemKey::address_attempts("2001:db8:1:2:3::4"),
                "ip#2001:db8:1:2::/64",
            ),
            (
                ItemKey::mail_requests("2001:db8:1:2:3::4"),
                "mail#2001:db8:1:2::/64",
            ),
            (ItemKey::user_attempts(&sub), "sub#AQEBAQEBAQEBAQEBAQEBAQ"),
            (
                ItemKey::token_revocation(&jti),
                "jti#AwMDAwMDAwMDAwMDAwMDAw",
            ),
            (
                ItemKey::session_revocation(&sid),
                "sid#AgICAgICAgICAgICAgICAg",
            ),
            (
                ItemKey::subject_revocation(&sub),
                "sub#AQEBAQEBAQEBAQEBAQEBAQ",
            ),
            (ItemKey::codes(&sub), "code#AQEBAQEBAQEBAQEBAQEBAQ"),
            (ItemKey::messages(&sub), "AQEBAQEBAQEBAQEBAQEBAQ"),
            (ItemKey::recipient("digest"), "recipient#digest"),
            (ItemKey::sending(), "meta#sending"),
            (ItemKey::published_keys(), "jwks"),
            (ItemKey::client(&client), "client#reports"),
        ] {
            assert_eq!(key.as_str(), text);
        }
        let prefix = ItemKey::pair_attempts_prefix("digest");
        assert_eq!(prefix, "pair#digest#");
        let both = ItemKey::every_pair_attempts("digest", "2001:db8::1");
        assert_eq!(
            both.map(String::from),
            ["pair#digest#2001:db8::1", "pair#digest#2001:db8::/64"]
        );
    }
}
