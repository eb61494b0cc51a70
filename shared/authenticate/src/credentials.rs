//! A name and a password, as sent.

use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_store::Guess;
use secrecy::SecretString;

/// A name and a password, and where they come from.
#[derive(Debug)]
pub struct Credentials {
    /// Key of the name item; nothing if no user can have this identifier.
    pub name_key: Option<ItemKey>,
    /// Digest of the canonical identifier, for counters and logs.
    pub digest: String,
    /// The password, as sent.
    pub password: SecretString,
    /// The client's address; empty if the gateway reported none.
    pub address: String,
}

impl Credentials {
    /// Parses the name. A malformed one is treated as an unknown one.
    #[must_use]
    pub fn new(name: &str, password: SecretString, address: &str) -> Self {
        let identifier = LoginIdentifier::parse(name);
        Self {
            name_key: identifier.name_key(),
            digest: identifier.digest(),
            password,
            address: address.to_owned(),
        }
    }

    /// Returns what the counters of guesses are keyed by.
    #[must_use]
    pub fn guess(&self) -> Guess<'_> {
        Guess {
            digest: &self.digest,
            address: &self.address,
        }
    }
}
